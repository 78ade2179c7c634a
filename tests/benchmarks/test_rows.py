"""The rows as declared, and one of them for real."""

import inspect
import itertools
import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from support.runs import ROOT
from support.toy_row import make_bench

from benchmarks.__main__ import chosen, main
from benchmarks.bench import Bench
from benchmarks.corpus import Corpus
from benchmarks.peers.environment import pinned
from benchmarks.result import read_result, result_file
from benchmarks.row import Row
from benchmarks.rows import ROWS, pairs
from benchmarks.rows.kernels import REGISTERS, TRAFFIC, in_memory
from benchmarks.rows.training import BOTH_MODES, SGNS_300, beside_gensim
from benchmarks.runner import run_row
from tasks.errors import InputError
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


QUICK = ["gensim-modes", "sgns-dim100", "small-corpus", "pairs", "tensorflow-dim100", "cooccurrences"]


def test_what_runs() -> None:
    assert [row.name for row in chosen(None, quick=True)] == QUICK
    assert [row.name for row in ROWS if row not in chosen(None, quick=False)] == [
        "korean", "classifier-cnn", "classifier-lstm", "streams-tenfold",
    ]  # fmt: skip
    assert [row.name for row in chosen(["streams-tenfold", "pairs"], quick=False)] == ["pairs", "streams-tenfold"]


def test_the_peers_have_exact_versions_and_no_address() -> None:
    assert {"bicleaner-ai-glove", "fasttext-wheel", "keras-preprocessing", "numpy"} == set(pinned())
    assert all(version[0].isdigit() for version in pinned().values())
    assert "://" not in (ROOT / "benchmarks" / "peers" / "requirements.txt").read_text()


@pytest.mark.usefixtures("command_handlers")
def test_the_command_lists_the_rows_and_writes_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = make_bench(tmp_path / "project")
    monkeypatch.setenv("WORDLOOM_ROOT", str(bench.root))
    assert main(["--list", "--corpus", str(bench.corpus.file)]) == 0
    listed = {line.split()[0]: line.split()[1] for line in capsys.readouterr().out.splitlines()}
    assert listed == dict.fromkeys([row.name for row in ROWS], "missing")
    assert main(["--page"]) == 0 and (bench.root / "docs" / "benchmarks.md").is_file()
    assert main(["--list", "--corpus", str(tmp_path / "absent.txt")]) == 1
    with pytest.raises(SystemExit, match="2"):
        main(["--only", "no-such-row"])


def test_a_row_needs_the_one_that_tells_which_mode_is_faster(tmp_path: Path) -> None:
    """Its gensim comes first, so nothing is measured in vain; and it is no failure that would be kept."""
    bench = make_bench(tmp_path / "project")
    with pytest.raises(InputError, match=f"{BOTH_MODES} tells which"):
        run_row(bench, SGNS_300)
    assert not bench.results.exists()


def test_a_real_row_beside_gensim(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One epoch on a tiny corpus; what comes out is complete, and a second run has nothing to do."""
    bench = replace(make_bench(tmp_path / "project"), quick=True)
    documents = itertools.islice(Corpus().documents(), 300)
    bench.corpus.file.write_text("".join(" ".join(document.split()[:100]) + "\n" for document in documents))
    row = beside_gensim("tiny", "Tiny", "", 3, 1.0, "train.dim=20", mode="list")
    run_row(bench, row)
    assert "nothing to do" not in capsys.readouterr().out
    run_row(bench, row)
    assert "nothing to do" in capsys.readouterr().out
    found = read_result(result_file(bench, row))
    assert found is not None and not found["failed"], found and found["failed"]
    assert found["corpus"]["tokens"] > 5000 and str(tmp_path) not in json.dumps(found)
    gensim, ours = (found["rounds"][0]["measured"][name] for name in ("gensim", "ours"))
    for each in (gensim, ours):
        assert each["process_seconds"] > each["seconds"] >= each["training_seconds"] > 0
        assert each["words_per_second"] == pytest.approx(found["corpus"]["tokens"] / each["seconds"], rel=0.01)
        assert all(each["scores"][name] is not None for name in ("wordsim353", "simlex999", "google_analogies"))
    ratio = found["summary"]["contenders"]["ours"]["ratios"]["seconds"]["median"]
    assert ratio == pytest.approx(gensim["seconds"] / ours["seconds"], rel=1e-4)
    assert found["summary"]["contenders"]["ours"]["verdict"] is not None


@pytest.fixture(scope="module")
def small_bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Of a corpus of three words; what one test prepares serves the others."""
    bench = make_bench(tmp_path_factory.mktemp("small") / "project")
    bench.corpus.file.write_text("".join("one two three " * times + "\n" for times in range(1, 100)))
    return bench


def test_our_side_of_the_row_pairs(small_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "SECONDS", 0.1)
    for explicit in (False, True):
        assert pairs.in_memory(small_bench, 1, all_cores=False, explicit=explicit)["pairs_per_second"] > 0
    for measured in (pairs.on_disk(small_bench, 1), pairs.in_pairs_layout(small_bench, 1)):
        assert measured["pairs_per_second"] > 0 and measured["bytes_per_pair"] > 0
    assert pairs.textbook(small_bench, 1)["pairs_per_second"] > 0


def test_the_rows_on_kernels_measure_what_they_show(small_bench: Bench) -> None:
    for row, program in ((TRAFFIC, "row_traffic"), (REGISTERS, "plain_loops")):
        found = in_memory(small_bench, 1, program, dim=20, all_cores=True, pairs=1000, rounds=1)
        assert set(found) == {figure.name for figure in row.figures} and min(found.values()) > 0
