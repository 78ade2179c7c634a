"""A project whose chain takes some seconds, and the results of an unbroken run of it."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support.runs import ROOT, Project, make_project, results

from tasks.stages import NAMES

STAGES = NAMES[: NAMES.index("evaluate")]
"""Without evaluate: it is one pass that writes nothing piece by piece, and takes as long as all others together. And
without classify, which has its own kills in tests/tasks/test_classify.py."""

SMALL: dict[str, Any] = {
    "download": {"shard_mb": 0.02},
    "tokenize": {"min_count": 2},
    "skipgrams": {"draws": 4},
    "train": {"dim": 32, "epochs": 24, "checkpoint_seconds": 0.001},
}
"""5 shards, 20 skip-gram jobs, 120 steps of training with a checkpoint after each."""


@dataclass(frozen=True)
class Unbroken:
    """An unbroken run: its artifacts, its results by stage, and how long it took."""

    data: Path
    results: dict[str, Any]
    seconds: float


def lines(number: int) -> bytes:
    """The first posts of the bundled corpus, cut short, one a line."""
    texts = pq.ParquetFile(ROOT / "data" / "bundled" / "20newsgroups.parquet").read_row_group(0, ["text"])["text"]
    return "\n".join(" ".join(text.as_py().split()[:100]) for text in texts[:number]).encode()


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_project(tmp_path_factory.mktemp("project"), lines(200), SMALL)


@pytest.fixture(scope="session")
def side_by_side(tmp_path_factory: pytest.TempPathFactory, project: Project) -> Project:
    """The same with a pool of two processes; how it is run changes no result."""
    folder = tmp_path_factory.mktemp("side-by-side") / "project"
    shutil.copytree(project.folder, folder)
    pooled = Project(folder)
    pooled.change({"run": {"workers": 2}})
    return pooled


@pytest.fixture(scope="session")
def unbroken(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Unbroken:
    data = tmp_path_factory.mktemp("unbroken") / "data"
    started = time.monotonic()
    done = project.run(STAGES, data)
    assert done.code == 0, done.said
    return Unbroken(data, results(data, STAGES), time.monotonic() - started)


@pytest.fixture
def data_before(unbroken: Unbroken, tmp_path: Path) -> Callable[[str], Path]:
    """Makes a folder of artifacts where every stage before the named one has run."""

    def make(name: str) -> Path:
        data = tmp_path / "data"
        data.mkdir()
        for before in STAGES[: STAGES.index(name)]:
            shutil.copytree(unbroken.data / before, data / before)
        return data

    return make
