"""Stage train: it learns what is planted, ends with the same bytes after any stop, and refuses what it must."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError
from scipy.special import log_expit
from support.planted import WORDS, clustered, outputs, purity, write_shards, write_vocabulary

from tasks.errors import InputError, Interrupted, WordloomError
from tasks.kernels.random_streams import shuffled, stream_key
from tasks.kernels.skip_gram_numba import skip_gram_kernel
from tasks.kernels.window_learner import ORDER
from tasks.pipeline.stage import Context, Report
from tasks.storage.parquet import write_table
from tasks.storage.schemas import WINDOWS
from tasks.train import STAGE, finish, plan, work
from tasks.train_params import TrainParams

pytestmark = pytest.mark.usefixtures("command_handlers")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two draws of three shards each."""
    data = tmp_path_factory.mktemp("planted")
    shards = [clustered(seed, 200) for seed in range(3)]
    write_vocabulary(data, [document for shard in shards for document in shard], WORDS)
    write_shards(data, [shards, shards[::-1]])
    return data


def run(data: Path, folder: Path, threads: int = 1, **params: Any) -> Report:
    settings: dict[str, Any] = {"dim": 16, "epochs": 3, "learning_rate": 0.05} | params
    context = Context(data, folder, {"train": TrainParams(**settings)}, threads=threads)
    jobs = plan(context, ())
    return finish(context, [work(job) for job in jobs])


@pytest.mark.parametrize("engine", ["numba", "tensorflow"])
def test_the_planted_clusters_are_found_again(planted: Path, tmp_path: Path, engine: str) -> None:
    report = run(planted, tmp_path, engine=engine, epochs=10)
    vectors, context_vectors = (np.load(tmp_path / name) for name in ("vectors.npy", "context_vectors.npy"))
    assert vectors.shape == context_vectors.shape == (WORDS, 16) and vectors.dtype == np.float32
    assert purity(vectors) > 0.95
    losses = report.facts["loss_per_epoch"]
    assert len(losses) == 10 and losses[-1] < 0.8 * losses[0] and report.facts["loss"] == losses[-1]
    assert report.run["pairs_per_second"] > 0 and len(report.run["speed"]) >= 10


def test_the_loss_is_that_of_the_objective(planted: Path, tmp_path: Path) -> None:
    """At a learning rate of next to nothing the start tables stay, and the loss a pair is (1 + negatives) log 2."""
    report = run(planted, tmp_path, epochs=1, learning_rate=1e-12, min_learning_rate=0, negatives=5)
    assert report.facts["loss"] == pytest.approx(6 * -log_expit(0.0), abs=1e-6)


def test_the_history_ends_with_the_smallest_rate_and_adds_up(planted: Path, tmp_path: Path) -> None:
    report = run(planted, tmp_path, epochs=2, min_learning_rate=0.001)
    rows = list(csv.DictReader((tmp_path / "history.csv").open()))
    assert list(rows[0]) == ["epoch", "pairs", "loss", "learning_rate"]
    assert float(rows[-1]["epoch"]) == 2 and float(rows[-1]["learning_rate"]) == pytest.approx(0.001)
    assert int(rows[-1]["pairs"]) == report.facts["pairs"]
    rates = [float(row["learning_rate"]) for row in rows]
    assert rates == sorted(rates, reverse=True)
    seen = np.diff([0, *(int(row["pairs"]) for row in rows)])
    mean = np.average([float(row["loss"]) for row in rows], weights=seen)
    assert mean == pytest.approx(np.mean(report.facts["loss_per_epoch"]), rel=1e-4)


def test_the_seed_alone_decides_and_threads_do_not(planted: Path, tmp_path: Path) -> None:
    first = run(planted, tmp_path / "a", threads=1)
    second = run(planted, tmp_path / "b", threads=2)
    run(planted, tmp_path / "c", seed=2)
    assert outputs(tmp_path / "a") == outputs(tmp_path / "b") and first.facts == second.facts
    assert outputs(tmp_path / "a")["vectors.npy"] != outputs(tmp_path / "c")["vectors.npy"]


def test_the_kernel_is_compiled_for_one_kind_of_arrays(planted: Path, tmp_path: Path) -> None:
    run(planted, tmp_path, epochs=1, negatives=7)  # as no other test has
    assert len(skip_gram_kernel(7).signatures) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("dim", "corrected", "widest"), [(64, True, 0.04), (64, False, 0.5 / 64), (16, True, 0.5 / 16)]
)
def test_cbow_starts_wider_with_the_corrected_gradient_but_with_few_numbers(
    planted: Path, tmp_path: Path, dim: int, corrected: bool, widest: float
) -> None:
    params = TrainParams(dim=dim, epochs=1, learning_rate=1e-12, min_learning_rate=0, cbow={"corrected": corrected})
    context = Context(planted, tmp_path, {"train": params.for_model("cbow")}, threads=1)
    finish(context, [work(job) for job in plan(context, ())])
    assert np.abs(np.load(tmp_path / "vectors.npy")).max() == pytest.approx(widest, rel=0.05)


def test_shuffled_shards_are_as_if_they_lay_in_that_order(planted: Path, tmp_path: Path) -> None:
    shards = [clustered(seed, 200) for seed in range(3)]
    order = shuffled(stream_key(5, ORDER, 0), 3).tolist()
    assert order != [0, 1, 2]
    data = tmp_path / "data"
    write_vocabulary(data, [document for shard in shards for document in shard], WORDS)
    write_shards(data, [[shards[place] for place in order]])
    for name, folder, shuffle in (("a", planted, True), ("b", data, False), ("c", planted, False)):
        run(folder, tmp_path / name, epochs=1, seed=5, shuffle=shuffle)
    assert outputs(tmp_path / "a") == outputs(tmp_path / "b")
    assert outputs(tmp_path / "a")["vectors.npy"] != outputs(tmp_path / "c")["vectors.npy"]


def test_threads_that_run_free_learn_the_same(planted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.kernels.window_learner.MOST_PAIRS", 2000)
    report = run(planted, tmp_path, threads=2, deterministic=False, epochs=10)
    assert report.run["threads"] == 2 and purity(np.load(tmp_path / "vectors.npy")) > 0.95


def test_both_layouts_give_the_same_bytes(planted: Path, tmp_path: Path) -> None:
    shards = [clustered(seed, 200) for seed in range(3)]
    data = tmp_path / "pairs"
    write_vocabulary(data, [document for shard in shards for document in shard], WORDS)
    write_shards(data, [shards, shards[::-1]], layout="pairs")
    windows, pairs = run(planted, tmp_path / "a"), run(data, tmp_path / "b")
    assert windows.facts == pairs.facts
    assert outputs(tmp_path / "a") == outputs(tmp_path / "b")


@pytest.mark.parametrize("shuffle", [False, True])
def test_a_run_that_is_asked_to_stop_again_and_again_ends_with_the_same_bytes(
    planted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shuffle: bool
) -> None:
    monkeypatch.setattr("tasks.kernels.window_learner.STEPS_AN_EPOCH", 6)
    whole = run(planted, tmp_path / "whole", shuffle=shuffle)
    os.kill(os.getpid(), signal.SIGTERM)  # stays up: every attempt stops after its first batch
    reasons: list[int] = []
    finished_early = False
    for _ in range(500):
        try:
            broken = run(planted, tmp_path / "broken", shuffle=shuffle)
            break
        except Interrupted as error:
            reasons.append(error.signal_number)
            finished_early = finished_early or (tmp_path / "broken" / "vectors.npy").exists()
    stops = len(reasons)
    assert set(reasons) == {signal.SIGTERM} and not finished_early
    assert stops > 15 and broken.run["resumed"] == stops
    assert broken.facts == whole.facts and outputs(tmp_path / "broken") == outputs(tmp_path / "whole")


def test_a_run_that_is_killed_ends_with_the_same_bytes(planted: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from tasks.pipeline.stage import Context; from tasks.train import plan, work\n"
        "from tasks.train_params import TrainParams\n"
        "params = TrainParams(dim=16, epochs=40, learning_rate=0.05, checkpoint_seconds=0.05)\n"
        "work(plan(Context(Path(sys.argv[1]), Path(sys.argv[2]), {'train': params}), ())[0])\n"
    )
    command = [sys.executable, "-c", script, str(planted), str(tmp_path / "broken")]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    checkpoint = tmp_path / "broken" / "checkpoint.npz"
    killed = 0
    for _ in range(3):
        before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
        process = subprocess.Popen(command, env=environment)
        deadline = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < deadline:
            if checkpoint.exists() and checkpoint.stat().st_mtime_ns != before:
                process.kill()
            time.sleep(0.001)
        killed += process.wait() == -signal.SIGKILL
    assert killed >= 1
    broken = run(planted, tmp_path / "broken", epochs=40)
    whole = run(planted, tmp_path / "whole", epochs=40)
    assert broken.run["resumed"] >= 1 and whole.run["resumed"] == 0
    assert outputs(tmp_path / "broken") == outputs(tmp_path / "whole")


def test_a_damaged_checkpoint_is_said(planted: Path, tmp_path: Path) -> None:
    (tmp_path / "checkpoint.npz").write_bytes(b"PK\x03\x04 not whole")
    with pytest.raises(WordloomError, match=r"checkpoint.npz: damaged checkpoint .* delete it"):
        run(planted, tmp_path)


def test_a_loss_that_is_not_finite_ends_the_run_with_its_place(planted: Path, tmp_path: Path) -> None:
    with pytest.raises(WordloomError, match=r"epoch 1, part-0000\d.parquet, row group \d+.*lower train.learning_rate"):
        run(planted, tmp_path, learning_rate=1e30)
    assert not list(tmp_path.glob("*.npy")) and not list(tmp_path.glob("*.npz"))


def test_one_word_is_not_a_vocabulary(tmp_path: Path) -> None:
    write_vocabulary(tmp_path, [[1, 1, 1]], 1)
    write_shards(tmp_path, [[[[1, 1, 1]]]])
    with pytest.raises(InputError, match="one word only"):
        run(tmp_path, tmp_path / "work")


@pytest.mark.parametrize("layout", ["windows", "pairs"])
def test_an_id_outside_the_vocabulary_is_said(tmp_path: Path, layout: str) -> None:
    write_vocabulary(tmp_path, [[1, 2]], 2)
    write_shards(tmp_path, [[[[1, 2], [2, 5, 1]]]], layout)
    with pytest.raises(InputError, match=r"part-00000.parquet: row \d of row group 0 holds id 5, .* 1 \.\. 2"):
        run(tmp_path, tmp_path / "work")


def test_a_window_that_reaches_out_of_its_group_is_said(tmp_path: Path) -> None:
    write_vocabulary(tmp_path, [[1, 2]], 2)
    columns = [np.array([1, 2], np.int32), np.array([0, 2], np.uint8), np.array([1, 0], np.uint8)]
    write_table(
        tmp_path / "skipgrams" / "shards" / "draw-000" / "part-00000.parquet", pa.table(columns, schema=WINDOWS)
    )
    with pytest.raises(InputError, match="the window of row 1 of row group 0 reaches over"):
        run(tmp_path, tmp_path / "work")


def test_shards_without_a_pair_and_no_shards_are_said(tmp_path: Path) -> None:
    write_vocabulary(tmp_path, [[1], [2]], 2)
    with pytest.raises(InputError, match="run the stage skipgrams"):
        run(tmp_path, tmp_path / "work")
    write_shards(tmp_path, [[[[1], [2]]]])
    with pytest.raises(InputError, match="no pairs"):
        run(tmp_path, tmp_path / "work")


def test_a_smallest_rate_above_the_first_is_refused() -> None:
    with pytest.raises(ValueError, match="min_learning_rate"):
        TrainParams(learning_rate=0.01, min_learning_rate=0.02)


def test_the_stage_lists_its_inputs_and_sources(planted: Path, tmp_path: Path) -> None:
    context = Context(planted, tmp_path, {"train": TrainParams()})
    assert len(STAGE.inputs(context)) == 7 and all(path.is_file() for path in STAGE.inputs(context))
    assert STAGE.folder(context) == Path("train/sgns")
    assert all((Path(__file__).parents[2] / name).is_file() for name in STAGE.code)


@pytest.mark.parametrize("model", ["cbow", ["cbow"], {"cbow": "skipgrams"}])
def test_models_are_named_in_three_ways(model: Any) -> None:
    assert TrainParams(model=model).model == {"cbow": "skipgrams"}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"model": "nonsense"}, "there is no model 'nonsense'; the models are sgns, cbow"),
        ({"model": []}, "should name models: sgns, cbow"),
        ({"model": {"cbow": "clean"}}, "cbow reads skipgrams; write cbow: skipgrams"),
        (
            {"model": "cbow", "engine": "tensorflow"},
            "the engine tensorflow has sgns and glove only; train cbow with engine",
        ),
        ({"model": ["sgns", "cbow"], "engine": "tensorflow"}, "cbow: the engine tensorflow has sgns and glove only"),
        ({"cbow": {"dim": 0}, "model": "cbow"}, "cbow.dim: Input should be greater than or equal to 1"),
        ({"cbow": {"dimm": 5}, "model": ["sgns", "cbow"]}, "cbow.dimm: Extra inputs are not permitted"),
        ({"sgns": {"learning_rate": 1e-5}}, "sgns: min_learning_rate should be at most learning_rate"),
    ],
)
def test_wrong_models_and_values_of_theirs_are_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TrainParams(**params)


def test_a_model_has_its_own_values_and_depends_on_no_other() -> None:
    params = TrainParams(model=["sgns", "cbow"], dim=50, cbow={"learning_rate": 0.2, "epochs": 3})  # type: ignore[arg-type]
    sgns, cbow = params.for_model("sgns"), params.for_model("cbow")
    assert (sgns.name, sgns.dim, sgns.learning_rate, sgns.epochs) == ("sgns", 50, 0.025, 5)
    assert (cbow.name, cbow.dim, cbow.learning_rate, cbow.epochs) == ("cbow", 50, 0.2, 3)
    alone = TrainParams(dim=50).for_model("sgns")
    assert sgns.determining() == alone.determining() and sgns.determining()["model"] == "sgns"
    assert "checkpoint_seconds" not in sgns.determining()
    assert "corrected" in cbow.determining() and "corrected" not in sgns.determining()
    with_engine = TrainParams(model=["sgns", "cbow"], sgns={"engine": "tensorflow"})  # type: ignore[arg-type]
    assert with_engine.for_model("sgns").engine == "tensorflow"
