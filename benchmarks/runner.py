"""Runs a row that is missing or outdated, round by round, and saves every round as soon as it is finished."""

import time

from benchmarks.bench import Bench
from benchmarks.processes import MeasurementError
from benchmarks.result import (
    Result,
    dependencies,
    is_capped,
    machine,
    read_result,
    result_file,
    rounds_wanted,
    standing_result,
    write_result,
)
from benchmarks.row import Contender, Measured, Row


def run_row(bench: Bench, row: Row, force: bool = False) -> None:
    """Brings one row up to date; `force` measures it anew from the first round.

    Raises:
        WordloomError: it was stopped; what was finished is saved.
    """
    took = _took_before(bench, row)
    result = None if force else standing_result(bench, row)
    result = result or Result(dependencies(bench, row))
    if len(result.rounds) >= rounds_wanted(bench, row, result.rounds):
        print(f"{row.name}: nothing to do", flush=True)
        return
    bench.work.mkdir(parents=True, exist_ok=True)
    while (done := len(result.rounds)) < rounds_wanted(bench, row, result.rounds):
        if is_capped(bench, row, result.rounds):
            print(f"{row.name}: the cap of {row.cap_seconds:.0f} s is reached after {done} rounds", flush=True)
            return
        _run_round(bench, row, result, done + 1, took)
        write_result(bench, row, result)


def _run_round(bench: Bench, row: Row, result: Result, seed: int, took: dict[str, float]) -> None:
    started = time.monotonic()
    measured: dict[str, Measured] = {}
    wanted = rounds_wanted(bench, row, result.rounds)
    for contender in row.contenders:
        if contender.name in result.failed:
            continue
        expected = f"about {took[contender.name]:.0f} s" if contender.name in took else "for the first time"
        print(f"{row.name}: round {seed} of {wanted}, {contender.title}, {expected}", flush=True)
        begun = time.monotonic()
        try:
            measured[contender.name] = contender.measure(bench, seed)
        except MeasurementError as failure:
            _leave_out(result, contender, str(failure).replace(f"{bench.root}/", ""))
        took[contender.name] = round(time.monotonic() - begun, 1)
    result.rounds.append(
        {
            "seed": seed,
            "seconds": round(time.monotonic() - started, 1),
            "took": {name: took[name] for name in measured},
            "machine": machine(),
            "measured": measured,
        }
    )


def _leave_out(result: Result, contender: Contender, reason: str) -> None:
    """From here on the row goes without this contender, in the finished rounds too: a ratio needs both sides."""
    result.failed[contender.name] = reason
    for one in result.rounds:
        one["measured"].pop(contender.name, None)
    print(f"  {contender.title}: not measured: {reason}", flush=True)


def _took_before(bench: Bench, row: Row) -> dict[str, float]:
    """The seconds that each contender took last time, in an outdated result too; for what is printed."""
    content = read_result(result_file(bench, row))
    return dict(content["rounds"][-1]["took"]) if content and content["rounds"] else {}
