"""The programs that are measured measure what they say; and none goes on when its runner is gone."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.runs import ROOT, alive, wait_for
from support.toy_row import make_bench

from benchmarks.bench import Bench
from benchmarks.corpus import BUNDLED_NAME, Corpus, Sample, corpus_at, head_documents
from benchmarks.ours import run_stage
from benchmarks.processes import BLAS_SETTINGS, MeasurementError, environment, module, on_cores, run, run_json
from benchmarks.programs.plain_loops import with_plain_loops
from benchmarks.tenfold import settings_of
from benchmarks.textbook_skipgrams import skipgrams
from benchmarks.training_in_memory import make_engine
from tasks.errors import InputError, WordloomError
from tasks.kernels.batches import Batch
from tasks.kernels.windows import document_pairs

HOARD = "import time; memory = bytearray(b'x') * 200_000_000; time.sleep(0.3)"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return make_bench(tmp_path / "project")


@pytest.mark.parametrize("window", [1, 3, 20])
def test_the_textbook_loop_makes_the_pairs_that_ours_makes(window: int) -> None:
    ids = np.random.default_rng(1).integers(1, 50, 40, dtype=np.int32)
    center, context = document_pairs(ids, window)
    assert skipgrams(ids.tolist(), window) == list(zip(center.tolist(), context.tolist(), strict=True))


@pytest.mark.parametrize("reordered", [True, False])
def test_plain_loops_train_what_the_kernel_with_named_registers_trains(reordered: bool) -> None:
    """So that the row compares two ways of doing the same; only the order of the sums differs."""
    random = np.random.default_rng(1)
    words, places = random.integers(0, 30, 400, dtype=np.int32), np.arange(400)
    left, right = (np.minimum(random.integers(0, 6, 400), most).astype(np.uint8) for most in (places, places[::-1]))
    batch = Batch.of(words, left, right, 0, 400)
    settings = {"dim": 20, "negatives": 5, "negative_power": 0.75, "threads": 1}
    ours, plain = (make_engine(np.arange(30, 0, -1), settings, 10_000) for _ in range(2))
    with_plain_loops(plain, reordered)
    for _ in range(5):
        assert plain.train([batch], [0]) == pytest.approx(ours.train([batch], [0]), rel=1e-5)
    for own, other in zip(ours.tables(), plain.tables(), strict=True):
        assert np.abs(own).max() > 0.02
        np.testing.assert_allclose(other, own, rtol=1e-3, atol=1e-6)


def test_the_memory_of_a_process_and_of_its_children_is_seen(bench: Bench) -> None:
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOARD!r}])"
    for script in (HOARD, parent):
        found, _ = run_json(bench, module("benchmarks.programs.watched", sys.executable, "-c", script))
        assert 200 < found["anonymous_mb"] < 250 and 200 < found["largest_mb"] < 250 and found["seconds"] > 0.3
    found, _ = run_json(bench, module("benchmarks.programs.watched", sys.executable, "-c", ""))
    assert found["anonymous_mb"] < 50 and found["largest_mb"] < 50


def test_a_failure_is_its_last_line_and_a_stop_is_not_a_failure(bench: Bench) -> None:
    with pytest.raises(MeasurementError, match=r"^no such engine$"):
        run(bench, [sys.executable, "-c", "import sys; sys.exit('first line\\nwordloom: no such engine')"])
    with pytest.raises(MeasurementError, match="ended by signal 9"):
        run(bench, [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"])
    with pytest.raises(MeasurementError, match="no JSON object: 'hello"):
        run_json(bench, [sys.executable, "-c", "print('hello')"])
    for code in (3, 130, 143):
        with pytest.raises(WordloomError):
            run(bench, [sys.executable, "-c", f"import sys; sys.exit({code})"])


def test_both_sides_have_the_same_settings(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in BLAS_SETTINGS:
        monkeypatch.setenv(name, "Haswell")
    script = "import json, os; print(json.dumps([dict(os.environ), len(os.sched_getaffinity(0))]))"
    printed, _ = run(bench, [sys.executable, "-c", script], count=1, more={"NUMBA_CACHE_DIR": "here"})
    found, cores = json.loads(printed)
    assert not set(BLAS_SETTINGS) & set(found) and found["NUMBA_CACHE_DIR"] == "here"
    assert cores == 1 and found["OMP_NUM_THREADS"] == "1"
    before = os.sched_getaffinity(0)
    with on_cores(1):
        assert environment()["OPENBLAS_NUM_THREADS"] == "1"
    assert os.sched_getaffinity(0) == before


def test_what_is_measured_ends_with_who_measures(bench: Bench, tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    sleeper = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    watcher = module("benchmarks.programs.watched", sys.executable, "-c", sleeper)
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(watcher, env=environ, cwd=bench.root, stdout=subprocess.DEVNULL)
    wait_for(lambda: mark.is_file() and mark.read_text())
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for(lambda: not alive(int(mark.read_text())), 5.0)


def test_the_head_ends_with_the_document_that_makes_a_million_words(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text(("word " * 400_000 + "\n") * 5)
    corpus = corpus_at(path)
    assert head_documents(corpus) == 3
    assert json.loads(corpus.source("head").partition("=")[2])[0]["limit"] == 3
    assert json.loads(corpus.source("tenfold").partition("=")[2])[0]["weight"] == 10


def test_ten_times_the_corpus_has_ten_times_the_tokens_and_the_same_words(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    path = tmp_path / "small.txt"
    words = [" ".join(f"{'ab'[each % 2]}{'xyz'[each % 3]}{chr(97 + each)}" for each in line)
             for line in random.integers(0, 26, (60, 8))]  # fmt: skip
    path.write_text("\n".join([*words, "once upon a rare time"]) + "\n")
    bench = Bench(ROOT, corpus_at(path))
    found = {}
    samples: tuple[Sample, ...] = ("whole", "tenfold")
    for sample in samples:
        for stage in ("download", "clean", "tokenize"):
            run_stage(bench, stage, tmp_path / sample, bench.corpus.source(sample), *settings_of(bench, sample))
        found[sample] = json.loads((tmp_path / sample / "tokenize" / "metrics.json").read_text())
    assert found["tenfold"]["tokens"] == 10 * found["whole"]["tokens"] == 4800
    assert found["tenfold"]["vocabulary"] == found["whole"]["vocabulary"] == 26


def test_a_corpus_must_be_a_file_with_a_name_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        corpus_at(tmp_path / "absent.txt")
    (tmp_path / f"{BUNDLED_NAME}.txt").touch()
    with pytest.raises(InputError, match="rename the file"):
        corpus_at(tmp_path / f"{BUNDLED_NAME}.txt")
    assert corpus_at(None) == Corpus() and Corpus(tmp_path / "english.txt.zst").name == "english"


def test_the_raw_text_of_the_bundled_corpus_has_a_line_a_document(tmp_path: Path) -> None:
    Corpus().write_lines(tmp_path / "raw.txt")
    lines = (tmp_path / "raw.txt").read_text().split("\n")
    assert len(lines) - 1 == sum(1 for _ in Corpus().documents()) > 10_000
    assert lines[0].split() == next(Corpus().documents()).split()
