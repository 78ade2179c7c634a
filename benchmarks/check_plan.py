"""Compares what `wordloom plan` says with what the stages take: `python -m benchmarks.check_plan --corpus FILE`.

Plans, then runs every stage in a process of its own into a temporary folder, while it looks at the memory of the
process and its workers and at the size of the folder. Prints a line a stage, and JSON where `--write` says.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.processes import environment, module
from tasks.errors import WordloomError
from tasks.exits import leaving
from tasks.forecasting.memory import MemoryWatch
from tasks.forecasting.rehearsal import folder_bytes
from tasks.progress import log_to_stderr
from tasks.project import project_root
from tasks.storage.atomic import write_json

LOOK_SECONDS = 0.05
"""Between two looks at the size of the folder."""

WITHIN = {"disk": 0.2, "work": 0.2, "memory": 0.2, "seconds": 0.5}
"""How far a forecast may be off, as a share of what was measured."""


class DiskWatch(threading.Thread):
    """The most bytes that a folder takes while it is watched."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder, self.peak = folder, 0
        self._closed = threading.Event()

    def run(self) -> None:
        while not self._closed.wait(LOOK_SECONDS):
            self.peak = max(self.peak, folder_bytes(self.folder))

    def close(self) -> None:
        self._closed.set()
        self.join()


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code (see `tasks.exits`)."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.check_plan", description="The plan beside the run.")
    parser.add_argument("--corpus", type=Path, help="a text file, a document a line; by default what params.yaml names")
    parser.add_argument("--profile", help="a profile to lay over params.yaml")
    parser.add_argument(
        "--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="a value to lay over it"
    )
    parser.add_argument("--write", type=Path, help="a file for the figures, as JSON")
    options = parser.parse_args(arguments)
    log_to_stderr()
    with leaving() as exit_code, tempfile.TemporaryDirectory(prefix="wordloom-check-") as folder:
        figures = compare(Path(folder) / "data", options.corpus, options.profile, options.set)
        print(f"plan took {figures['plan_seconds']:.1f} s")
        if options.write:
            write_json(options.write, figures)
    return exit_code()


def compare(data: Path, corpus: Path | None, profile: str | None, overrides: Sequence[str]) -> dict[str, Any]:
    """Plans and runs; {"plan_seconds", "stages": [{"stage", "forecast", "real", "ratio"}, ...]}."""
    above = [*overrides]
    if corpus is not None:
        source = {"kind": "files", "path": str(corpus.resolve()), "format": "lines"}
        above.append(f"corpus.sources={json.dumps([source])}")
    options = ["--data", str(data), *(["--profile", profile] if profile else [])]
    for each in above:
        options += ["--set", each]
    started = time.monotonic()
    planned = json.loads(_run(module("wordloom.cli", "plan", "--json", *options)).stdout)
    plan_seconds = time.monotonic() - started
    rows = []
    for forecast in planned["stages"]:
        name = forecast["stage"]
        real = measure(name, data, options)
        said = {key: forecast[key] for key in WITHIN}
        ratio = {key: round(said[key] / real[key], 3) if real[key] else None for key in WITHIN}
        rows.append({"stage": name, "forecast": said | forecast["makes"], "real": real, "ratio": ratio})
        print(_line(rows[-1]), flush=True)
    return {"plan_seconds": round(plan_seconds, 1), "stages": rows}


def measure(name: str, data: Path, options: Sequence[str]) -> dict[str, Any]:
    """Runs one stage: what the WITHIN keys name, and the numbers that it reported."""
    before = folder_bytes(data)
    disk = DiskWatch(data)
    disk.start()
    started = time.monotonic()
    process = subprocess.Popen(
        module("tasks", name, *options), cwd=project_root(), env=environment(), stderr=subprocess.PIPE, text=True
    )
    memory = MemoryWatch(process.pid)
    _, said = process.communicate()
    seconds = time.monotonic() - started
    memory.close()
    disk.close()
    if process.returncode:
        raise WordloomError(f"{name}: {said.strip().splitlines()[-1]}")
    metrics = next((data / name).rglob("metrics.json"))
    facts = {key: value for key, value in json.loads(metrics.read_text()).items() if isinstance(value, int)}
    published = folder_bytes(metrics.parent)
    work = max(published, disk.peak - before)
    return {"disk": published, "work": work, "memory": memory.peak(), "seconds": round(seconds, 2), "facts": facts}


def _run(command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(command, cwd=project_root(), env=environment(), capture_output=True, text=True)
    if done.returncode:
        raise WordloomError((done.stderr or done.stdout).strip().splitlines()[-1])
    return done


def _line(row: dict[str, Any]) -> str:
    cells = []
    for key, within in WITHIN.items():
        said, real, ratio = row["forecast"][key], row["real"][key], row["ratio"][key]
        mark = "" if ratio is not None and abs(ratio - 1) <= within else " !"
        shown = f"{said:.1f} / {real:.1f} s" if key == "seconds" else f"{said / 1e6:.1f} / {real / 1e6:.1f} MB"
        cells.append(f"{key} {shown} = {ratio}{mark}")
    return f"{row['stage']:<10} " + "   ".join(cells)


if __name__ == "__main__":
    sys.exit(main())
