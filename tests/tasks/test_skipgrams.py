"""Stage skipgrams on small artifacts of tokenize: the same bytes and pairs whoever runs the jobs, contracts."""

import itertools
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.errors import InputError
from tasks.kernels.reading import read_counts
from tasks.kernels.shards import read_windows
from tasks.kernels.windows import Windows, expand_pairs
from tasks.pipeline.stage import Context, Report
from tasks.skipgrams import STAGE, Forecast, SkipgramsParams, check_disk, finish, forecast, plan, work
from tasks.storage.parquet import write_table
from tasks.storage.schemas import ENCODED, PAIRS, VOCABULARY, WINDOWS


def encode(data: Path, shards: Sequence[Sequence[Sequence[int]]], words: int | None = None) -> None:
    """Writes what tokenize would: a vocabulary that fits, and each shard's documents."""
    flat = [word for shard in shards for document in shard for word in document]
    words = words if words is not None else max(flat)
    counts = np.maximum(np.bincount([max(word, 0) for word in flat], minlength=words + 1)[1 : words + 1], 1)
    columns = [np.arange(1, words + 1), [f"w{number}" for number in range(1, words + 1)], counts]
    write_table(data / "tokenize" / "vocabulary.parquet", pa.table(columns, schema=VOCABULARY))
    for number, shard in enumerate(shards):
        ids = pa.array(shard, ENCODED.field("ids").type)
        none = pa.nulls(len(shard), pa.string())
        table = pa.table([np.arange(len(shard)) + 1000 * number, ids, none, none], schema=ENCODED)
        write_table(data / "tokenize" / "documents" / f"part-{number:05d}.parquet", table)


def run(data: Path, work_folder: Path, backwards: bool = False, **params: Any) -> Report:
    context = Context(data, work_folder, {"skipgrams": SkipgramsParams(**params)})
    jobs = plan(context, ())
    reports = {job.output: work(job) for job in (reversed(jobs) if backwards else jobs)}
    return finish(context, [reports[job.output] for job in jobs])


def corpus(seed: int = 0, shards: int = 3) -> list[list[list[int]]]:
    rng = np.random.default_rng(seed)
    return [
        [(1 + rng.zipf(1.5, size=size) % 40).tolist() for size in rng.integers(0, 60, size=80)] for _ in range(shards)
    ]


def shard_files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def pairs_of(path: Path) -> list[tuple[int, int]]:
    file = pq.ParquetFile(path)
    found: list[tuple[int, int]] = []
    for group in range(file.num_row_groups):
        columns = [column.to_numpy() for column in file.read_row_group(group).columns]
        if len(columns) == 3:
            columns = list(expand_pairs(Windows(*columns), 0, len(columns[0])))
        found += zip(*(column.tolist() for column in columns), strict=True)
    return found


def test_the_same_bytes_for_a_seed_in_any_order_of_jobs_and_others_for_another_seed(tmp_path: Path) -> None:
    encode(tmp_path, corpus())
    first = run(tmp_path, tmp_path / "a", draws=2, subsample=0.05)
    second = run(tmp_path, tmp_path / "b", draws=2, subsample=0.05, backwards=True)
    run(tmp_path, tmp_path / "c", draws=2, subsample=0.05, seed=2)
    assert first == second
    files = shard_files(tmp_path / "a")
    assert list(files) == [f"shards/draw-00{draw}/part-0000{shard}.parquet" for draw in (0, 1) for shard in (0, 1, 2)]
    assert files == shard_files(tmp_path / "b")
    other = shard_files(tmp_path / "c")
    assert all(files[name] != other[name] for name in files)
    assert files["shards/draw-000/part-00000.parquet"] != files["shards/draw-001/part-00000.parquet"]


@pytest.mark.parametrize("dynamic", [True, False])
def test_both_layouts_hold_exactly_the_same_pairs(
    tmp_path: Path, dynamic: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.kernels.shards.GROUP_TOKENS", 500)  # several row groups in a shard
    monkeypatch.setattr("tasks.skipgrams.PAIRS_AT_ONCE", 1000)
    monkeypatch.setattr("tasks.kernels.reading.DOCUMENTS_A_BATCH", 10)
    encode(tmp_path, corpus())
    compact = run(tmp_path, tmp_path / "a", dynamic=dynamic, subsample=0, layout="windows")
    explicit = run(tmp_path, tmp_path / "b", dynamic=dynamic, subsample=0, layout="pairs")
    assert compact.facts["pairs"] == explicit.facts["pairs"] > 9_000
    for shard in range(3):
        name = f"shards/draw-000/part-0000{shard}.parquet"
        windows, pairs = pq.ParquetFile(tmp_path / "a" / name), pq.ParquetFile(tmp_path / "b" / name)
        assert windows.schema_arrow.equals(WINDOWS) and pairs.schema_arrow.equals(PAIRS)
        assert windows.num_row_groups > 1 and pairs.num_row_groups > windows.num_row_groups
        assert pairs_of(tmp_path / "a" / name) == pairs_of(tmp_path / "b" / name)


def test_what_is_not_materialized_is_drawn_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.kernels.shards.GROUP_TOKENS", 500)
    monkeypatch.setattr("tasks.kernels.reading.DOCUMENTS_A_BATCH", 10)
    encode(tmp_path, corpus())
    written = run(tmp_path, tmp_path / "a", draws=2, subsample=0.05)
    drawn = run(tmp_path, tmp_path / "b", draws=2, subsample=0.05, materialize=False)
    assert not shard_files(tmp_path / "b") and drawn.facts["bytes"] < 3_000
    assert all(written.facts[name] == drawn.facts[name] for name in ("tokens", "kept_tokens", "pairs", "shards"))
    counts, documents = read_counts(tmp_path / "tokenize" / "vocabulary.parquet"), tmp_path / "tokenize" / "documents"
    for draw, shard in itertools.product(range(2), range(3)):
        name = f"shards/draw-00{draw}/part-0000{shard}"
        one, other = (
            [windows for _, windows in read_windows(tmp_path / where, documents, counts)]
            for where in (f"a/{name}.parquet", f"b/{name}.json")
        )
        assert len(one) > 1
        for column, same in zip(itertools.chain(*one), itertools.chain(*other), strict=True):
            np.testing.assert_array_equal(column, same)


def test_pairs_that_are_not_written_are_refused() -> None:
    with pytest.raises(ValueError, match="materialize"):
        SkipgramsParams(layout="pairs", materialize=False)


def test_the_report_adds_up_and_the_forecast_is_near(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    shards = [[(1 + rng.zipf(1.3, size=400) % 5000).tolist() for _ in range(300)] for _ in range(2)]
    encode(tmp_path, shards, words=5000)
    report = run(tmp_path, tmp_path / "a", draws=2)
    facts = report.facts
    assert facts["tokens"] == 2 * 300 * 400 and facts["shards"] == 4 and facts["draws"] == 2
    assert facts["bytes"] == sum(map(len, shard_files(tmp_path / "a").values()))
    counts = np.bincount([word for shard in shards for document in shard for word in document], minlength=5001)[1:]
    expected = forecast(np.maximum(counts, 1), SkipgramsParams(draws=2))
    assert facts["kept_tokens"] == pytest.approx(expected.rows, rel=0.02)
    assert facts["pairs"] == pytest.approx(expected.pairs, rel=0.05)
    assert facts["bytes"] == pytest.approx(expected.bytes, rel=0.35)


def test_too_little_room_is_said_with_figures_before_anything_is_written(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    with pytest.raises(InputError, match=r"1\.0 G pairs will take .*B and .*B are free; make room"):
        check_disk(tmp_path / "not" / "yet", Forecast(2e8, 1e9, free * 2.0))
    check_disk(tmp_path / "not" / "yet", Forecast(1, 1, 1))


@pytest.mark.parametrize("wrong", [0, -3, 8])
def test_an_id_outside_the_vocabulary_is_named_with_its_document(tmp_path: Path, wrong: int) -> None:
    encode(tmp_path, [[[1, 2, 3], [], [4, wrong, 5]]], words=7)
    with pytest.raises(InputError, match=rf"part-00000.parquet: document 2 holds id {wrong}, .* 1 \.\. 7"):
        run(tmp_path, tmp_path / "a")
    assert not shard_files(tmp_path / "a")


def test_one_word_documents_have_no_pairs_and_that_is_said(tmp_path: Path) -> None:
    encode(tmp_path, [[[1], [2], [], [3]]])
    with pytest.raises(InputError, match="not one pair"):
        run(tmp_path, tmp_path / "a", subsample=0)


def test_a_missing_stage_and_an_empty_vocabulary_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="tokenize"):
        run(tmp_path, tmp_path / "a")
    encode(tmp_path, [[[]]], words=0)
    with pytest.raises(InputError, match="no words"):
        run(tmp_path, tmp_path / "a")


def test_the_stage_lists_its_inputs_and_sources(tmp_path: Path) -> None:
    encode(tmp_path, corpus())
    context = Context(tmp_path, tmp_path / "work", {"skipgrams": SkipgramsParams()})
    assert [path.name for path in STAGE.inputs(context)] == [
        "vocabulary.parquet",
        *(f"part-0000{n}.parquet" for n in range(3)),
    ]
    root = Path(__file__).parents[2]
    assert all((root / name).is_file() for name in STAGE.code)
