"""What a stage takes whose jobs are shared out among worker processes, told from a rehearsal that had none.

A pool is started anew in each round; each of its processes starts and imports as the rehearsal's process did. Where the
rehearsal was the run itself, with its workers, it takes what that took.
"""

from collections.abc import Callable, Sequence

from tasks.forecasting.rehearsal import Rehearsal


def stage_seconds(
    found: Rehearsal,
    small: float,
    workers: int,
    jobs: Sequence[int],
    scale: float,
    scale_of: Callable[[str], float] | None = None,
) -> float:
    """From the start of the stage to its end.

    Args:
        found: the rehearsal.
        small: the work of the first pass as a share of that of the second.
        workers: how many jobs may run side by side.
        jobs: how many jobs each round will have.
        scale: how many times as much there will be to do as in the second pass.
        scale_of: the same for a job, by the name of what it writes; by default `scale`.
    """
    if found.whole:
        return found.start_seconds + found.second.seconds
    imports = max(0.0, found.first.seconds - small * found.second.seconds)
    total = found.start_seconds + found.second.other_seconds * scale
    pools = 0
    for number, one_round in zip(jobs, found.second.rounds, strict=True):
        work = [seconds * (scale_of(name) if scale_of else scale) for name, seconds in one_round]
        at_once = min(workers, number)
        pools += at_once > 1
        longest = max(work) if number == len(work) else sum(work) / number
        total += max(longest, sum(work) / at_once)
    return total + pools * (found.start_seconds + imports) + (0.0 if pools else imports)


def stage_memory(found: Rehearsal, workers: int, jobs: int, parent: float = 0.0, worker: float = 0.0) -> float:
    """The most bytes that all processes of a stage take together.

    Args:
        found: the rehearsal.
        workers: how many jobs may run side by side.
        jobs: how many jobs the largest round will have.
        parent, worker: bytes that the stage's own process and each of its jobs will take beyond the second pass.
    """
    if found.whole:
        return found.second_bytes
    at_once = min(workers, jobs)
    if at_once <= 1:
        return found.second_bytes + max(parent, worker)
    return found.bare_bytes + parent + at_once * (found.second_bytes + worker)
