"""Training from the shards or from memory. `python -m benchmarks.programs.training_from WHERE DATA OVERRIDE ...`

WHERE is "shards", as the stage trains, or "memory": all that the epochs are going to take is read, checked and cut into
batches before the clock starts. Prints {"seconds", "sha256"}: of training alone, and what vectors.npy holds.
"""

import json
import sys
import tempfile
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.result import PROFILE
from tasks.kernels import training
from tasks.kernels.engines import Step
from tasks.project import project_root
from tasks.request import request
from tasks.storage.hashing import file_sha256
from tasks.train import STAGE, plan, work


def read_beforehand(steps: Iterator[Step]) -> Generator[Step]:
    """In the place of `read_ahead`: all of it, before the first step is trained."""
    held = list(steps)
    return (step for step in held)


def main() -> None:
    """Trains once and prints the seconds."""
    where, data, *overrides = sys.argv[1:]
    if where == "memory":
        training.read_ahead = read_beforehand  # type: ignore[attr-defined, assignment]
    asked = request(PROFILE, tuple(overrides), Path(data), project_root())
    (job,) = plan(asked.context(STAGE), ())
    with tempfile.TemporaryDirectory(dir=data, prefix="train-") as folder:
        report = work(replace(job, output=Path(folder) / job.output.name))
        content = {
            "seconds": report.run["training_seconds"],
            "sha256": file_sha256(Path(folder) / "vectors.npy"),
        }
    print(json.dumps(content))


if __name__ == "__main__":
    main()
