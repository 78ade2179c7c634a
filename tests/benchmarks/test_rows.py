"""The rows as declared, and one of them for real."""

import inspect
import itertools
import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from support.runs import ROOT

from benchmarks.__main__ import chosen
from benchmarks.corpus import Corpus
from benchmarks.peers.environment import pinned
from benchmarks.row import Row
from benchmarks.rows import ROWS
from tasks.stages import NAMES


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_names_what_it_depends_on(row: Row) -> None:
    for contender in row.contenders:
        measure = contender.measure
        while isinstance(measure, partial):
            measure = measure.func
        module = Path(inspect.getsourcefile(measure) or "").relative_to(ROOT).as_posix()
        assert module in row.sources
    assert all((ROOT / name).is_file() for name in row.sources) and len(set(row.sources)) == len(row.sources)
    assert set(row.stages) <= set(NAMES)
    names = [contender.name for contender in row.contenders]
    assert len(set(names)) == len(names) and set(row.baseline) <= set(names)
    assert not row.baseline or any(figure.ratio for figure in row.figures)
    assert row.same is None or row.same in [figure.name for figure in row.figures]


def test_every_row_has_a_name_of_its_own() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_what_runs() -> None:
    assert [row.name for row in chosen(None, quick=True)] == ["sgns-dim100", "small-corpus", "pairs"]
    assert [row.name for row in ROWS if row not in chosen(None, quick=False)] == ["streams-tenfold"]
    assert [row.name for row in chosen(["streams-tenfold", "pairs"], quick=False)] == ["pairs", "streams-tenfold"]


def test_the_peers_have_exact_versions_and_no_address() -> None:
    assert {"fasttext-wheel", "keras-preprocessing", "numpy"} == set(pinned())
    assert all(version[0].isdigit() for version in pinned().values())
    assert "://" not in (ROOT / "benchmarks" / "peers" / "requirements.txt").read_text()


def test_a_real_row_beside_gensim(tmp_path: Path) -> None:
    """One epoch on a tiny corpus; what comes out is complete, and a second run has nothing to do."""
    project = tmp_path / "project"
    for name in ("params.yaml", "dvc.yaml", "profiles/large.yaml"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_bytes((ROOT / name).read_bytes())
    corpus = tmp_path / "tiny.txt"
    documents = itertools.islice(Corpus().documents(), 300)
    corpus.write_text("".join(" ".join(document.split()[:100]) + "\n" for document in documents))
    command = [sys.executable, "-m", "benchmarks", "--quick", "--corpus", str(corpus), "--only", "sgns-dim100"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "WORDLOOM_ROOT": str(project)}
    first, second = (
        subprocess.run(command, env=environment, cwd=project, capture_output=True, text=True, timeout=120)
        for _ in range(2)
    )
    assert first.returncode == 0, first.stderr
    assert "nothing to do" in second.stdout
    found = json.loads((project / "data" / ".runs" / "bench-tiny" / "quick" / "sgns-dim100.json").read_text())
    assert not found["failed"], found["failed"]
    measured = found["rounds"][0]["measured"]
    assert set(measured) == {"gensim-list", "gensim-file", "ours", "ours-free"}
    for each in measured.values():
        assert each["process_seconds"] > each["seconds"] > 0
        assert each["words_per_second"] > 0 and set(each["scores"]) >= {"wordsim353", "google_analogies"}
    ratios = found["summary"]["contenders"]["ours"]["ratios"]
    best = found["summary"]["baseline"]
    assert ratios["seconds"]["median"] == pytest.approx(
        measured[best]["seconds"] / measured["ours"]["seconds"], rel=1e-4
    )
    assert not (project / "docs").exists() and str(tmp_path) not in json.dumps(found)
