"""Stages as real processes: `python -m tasks NAME --data DIR` on a small corpus, killed and run again by the tests."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tasks.params import overlaid
from tasks.stages import NAMES

ROOT = Path(__file__).resolve().parents[2]

CHAIN = """
import sys
from tasks.__main__ import main
if __name__ == "__main__":
    for name in sys.argv[2:]:
        code = main([name, "--data", sys.argv[1]])
        if code:
            sys.exit(code)
"""
"""Several stages in one process, which spares the start of an interpreter for each."""


RAN = tuple(name for name in NAMES if name not in ("cooccurrences", "classify"))
"""The stages that a run carries out with params.yaml as it stands."""

PARAMS: dict[str, Any] = {
    "clean": {"min_token_length": 2, "stopwords": None},
    "skipgrams": {"window": 5, "dynamic": True, "subsample": 0.001},
    "train": {"negatives": 5, "negative_power": 0.75, "learning_rate": 0.025},
    "run": {"workers": 1},
}
"""What the tests' figures rest on, whatever the project's own values are."""


@dataclass(frozen=True)
class Project:
    """A params.yaml of its own, with the code that is tested; every run names its own folder of artifacts."""

    folder: Path

    def change(self, above: Mapping[str, Any]) -> None:
        """Lays `above` over params.yaml."""
        path = self.folder / "params.yaml"
        path.write_text(yaml.safe_dump(overlaid(yaml.safe_load(path.read_text("utf-8")), above)), "utf-8")

    def start(
        self, stages: Sequence[str], data: Path, *, before: Sequence[str] = (), more: Sequence[str] = (), **options: Any
    ) -> Any:
        """Starts the stages, in their own process group.

        `before` is a command that runs the command after it, `more` further arguments where there is one stage only.
        """
        if len(stages) == 1:
            command = [sys.executable, "-m", "tasks", *stages, "--data", str(data), *more]
        else:
            command = [sys.executable, "-c", CHAIN, str(data), *stages]
        kept = {name: value for name, value in os.environ.items() if name not in ("WORDLOOM_ROOT", "DVC_STAGE")}
        return subprocess.Popen(
            [*before, *command], cwd=self.folder, env={**kept, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, **options,
        )  # fmt: skip

    def run(self, stages: Sequence[str], data: Path, **options: Any) -> "Done":
        """Runs the stages to their end."""
        return finished(self.start(stages, data, **options))


@dataclass(frozen=True)
class Done:
    """How a process ended, and what it said on stderr."""

    code: int
    said: str

    def complaint(self) -> str:
        """The one line that an error is; fails if it is not exactly one."""
        assert "Traceback" not in self.said, self.said
        lines = [line for line in self.said.splitlines() if line.startswith("wordloom: ")]
        assert len(lines) == 1, self.said
        assert self.said.rstrip().endswith(lines[0])
        return lines[0]


def make_project(folder: Path, corpus: bytes, above: Mapping[str, Any]) -> Project:
    """A project in `folder` with this corpus, one document a line."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("params.yaml", "dvc.yaml"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    (folder / "corpus.txt").write_bytes(corpus)
    project = Project(folder)
    source = {"kind": "files", "path": "corpus.txt", "format": "lines"}  # relative: the same in a copy of the project
    project.change(overlaid(overlaid(PARAMS, {"corpus": {"folder": ".", "sources": [source]}}), above))
    return project


def finished(process: Any, seconds: float = 120.0) -> Done:
    """Waits for a process."""
    _, said = process.communicate(timeout=seconds)
    return Done(process.returncode, said)


def results(data: Path, stages: Sequence[str]) -> dict[str, Any]:
    """What determines whether two runs ended equal: of each stage the hashes of its outputs, and its metrics."""
    found = {}
    for name in stages:
        folder = published(data, name)
        manifest = json.loads((folder / "manifest.json").read_text())
        for file, sha256 in manifest["outputs"].items():
            assert hashlib.sha256((folder / file).read_bytes()).hexdigest() == sha256
        found[name] = (manifest["outputs"], json.loads((folder / "metrics.json").read_text()))
    return found


def published(data: Path, name: str) -> Path:
    """The folder of a stage's artifacts."""
    return data / name / "sgns" if name in ("train", "export", "evaluate") else data / name


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def descendants(pid: int) -> set[int]:
    """The processes that `pid` started, and those that they started."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:  # it has ended meanwhile
            continue
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended but was not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def kill_alone(process: Any) -> None:
    """SIGKILL to this process only; those that it started must end by themselves, soon."""
    children = descendants(process.pid)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)  # returns when the last holder of its stderr is gone
    wait_for(lambda: not any(map(alive, children)), 5.0)


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Waits until `condition` holds."""
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.005)
