"""`python -m tasks NAME`: one stage, from params.yaml into data/. This is what dvc.yaml calls."""

import argparse
import sys
from pathlib import Path

from tasks.errors import InputError
from tasks.exits import leaving
from tasks.interruption import install
from tasks.pipeline.carry_out import carry_out
from tasks.pipeline.executors import RunnerName, pooled
from tasks.pipeline.locking import exclusive
from tasks.pipeline.stage import Context, Stage
from tasks.pipeline.workers import cores
from tasks.progress import log_to_stderr
from tasks.request import Request, request
from tasks.stages import NAMES, stage


def main(arguments: list[str] | None = None) -> int:
    """Runs one stage; returns the exit code (see `tasks.exits`)."""
    parser = argparse.ArgumentParser(prog="python -m tasks", description="Run one stage of the pipeline.")
    parser.add_argument("stage", choices=NAMES)
    parser.add_argument("--model", help="for stages that run once for each model of train.model: this one only")
    parser.add_argument("--dataset", help="for classify, which runs once for each of classify.datasets: this one only")
    parser.add_argument("--profile", help="a profile to lay over params.yaml")
    parser.add_argument(
        "--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="a value to lay over it"
    )
    parser.add_argument("--data", type=Path, help="the folder of all artifacts")
    options = parser.parse_args(arguments)
    log_to_stderr()
    install()
    with leaving() as exit_code:
        asked = request(options.profile, tuple(options.set), options.data)
        declared = stage(options.stage)
        kind: RunnerName = "threads" if asked.run.runner == "threads" else "processes"
        execute = pooled(kind, asked.workers, max(1, cores() // asked.workers))
        with exclusive(asked.data):
            for context in _contexts(asked, declared, options.model, options.dataset):
                carry_out(declared, context, execute)
    return exit_code()


def _contexts(asked: Request, declared: Stage, model: str | None, dataset: str | None) -> list[Context]:
    contexts = asked.contexts(declared)
    for kind, name, splits in (("model", model, declared.per_model), ("dataset", dataset, declared.per_dataset)):
        if name is None:
            continue
        chosen = [context for context in contexts if declared.variant(context) == name] if splits else []
        if not chosen:
            known = ", ".join(str(declared.variant(context)) for context in contexts)
            having = f"its {kind}s are {known or 'none'}" if splits else f"it is the same for all {kind}s"
            raise InputError(f"{declared.name}: there is none for the {kind} {name!r}; {having}")
        return chosen
    if not contexts:
        raise InputError(f"{declared.name}: classify.datasets in params.yaml names none")
    return contexts


if __name__ == "__main__":
    sys.exit(main())
