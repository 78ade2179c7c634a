"""`python -m tasks NAME`: one stage, from params.yaml into data/. This is what dvc.yaml calls."""

import argparse
import sys
from pathlib import Path

from tasks.exits import leaving
from tasks.interruption import install
from tasks.pipeline.carry_out import carry_out
from tasks.pipeline.executors import RunnerName, pooled
from tasks.pipeline.locking import exclusive
from tasks.pipeline.workers import cores
from tasks.progress import log_to_stderr
from tasks.request import request
from tasks.stages import NAMES, stage


def main(arguments: list[str] | None = None) -> int:
    """Runs one stage; returns the exit code (see `tasks.exits`)."""
    parser = argparse.ArgumentParser(prog="python -m tasks", description="Run one stage of the pipeline.")
    parser.add_argument("stage", choices=NAMES)
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
        with exclusive(asked.data):
            carry_out(declared, asked.context(declared), pooled(kind, asked.workers, max(1, cores() // asked.workers)))
    return exit_code()


if __name__ == "__main__":
    sys.exit(main())
