"""Stage cooccurrences: the same bytes whoever counts what, parts that memory bounds, what is said of bad input."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from support.planted import write_documents

import tasks.cooccurrences
from tasks.cooccurrences import STAGE, CooccurrencesParams
from tasks.errors import InputError
from tasks.pipeline.carry_out import carry_out
from tasks.pipeline.executors import Executor, perform, serial
from tasks.pipeline.stage import Context, Report
from tasks.ratios import ratios
from tasks.storage.schemas import COOCCURRENCES


def run(data: Path, execute: Executor = serial, **params: Any) -> Report:
    context = Context(data, data / ".work", {"cooccurrences": CooccurrencesParams(**params)})
    return carry_out(STAGE, context, execute).report


def cells(data: Path) -> list[tuple[int, int, float]]:
    found: list[tuple[int, int, float]] = []
    for path in sorted((data / "cooccurrences" / "shards").glob("part-*.parquet")):
        table = pq.read_table(path)
        assert table.schema.equals(COOCCURRENCES)
        found += zip(*(column.to_pylist() for column in table.columns), strict=True)
    return found


def some_shards(words: int = 40) -> list[list[list[int]]]:
    """Every word at least once, frequent ones first."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(0, 30, (5, 40))
    drawn = [[np.sort(rng.zipf(1.5, size) % words + 1).tolist() for size in shard] for shard in lengths]
    numbers, counts = np.unique(
        [each for shard in drawn for document in shard for each in document], return_counts=True
    )
    rank = {int(number): place for place, number in enumerate(numbers[np.argsort(-counts, kind="stable")], 1)}
    return [[[rank[each] for each in document] for document in shard] for shard in drawn]


def test_cells_and_facts(tmp_path: Path) -> None:
    write_documents(tmp_path, [[[1, 2, 1], []], [[3], [2, 1]]], 3)
    facts = run(tmp_path, window=2).facts
    assert cells(tmp_path) == [(1, 1, 1.0), (1, 2, 3.0), (2, 1, 3.0)]
    assert facts["cells"] == 3 and facts["rows"] == 2 and facts["weight"] == 7
    assert facts["bytes_per_cell"] == round(facts["bytes"] / 3, 3)


def test_asymmetric_and_flat(tmp_path: Path) -> None:
    write_documents(tmp_path, [[[1, 2, 1]]], 2)
    run(tmp_path, window=2, symmetric=False, weighting="flat")
    assert cells(tmp_path) == [(1, 1, 1.0), (1, 2, 1.0), (2, 1, 1.0)]


def test_who_counts_what_and_when_changes_no_byte(tmp_path: Path) -> None:
    shards = some_shards()
    results = []
    for order in range(3):
        data = tmp_path / f"{order}"
        write_documents(data, shards, max(max(document, default=0) for shard in shards for document in shard))

        def any_order(assignments: Any, order: int = order) -> Any:
            mixed = list(assignments)
            random.Random(order).shuffle(mixed)
            return ((each, perform(each)) for each in mixed)

        run(data, any_order)
        folder = data / "cooccurrences" / "shards"
        results.append({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
    assert len(results[0]) > 2
    assert results[0] == results[1] == results[2]


def test_less_memory_makes_more_parts_of_the_same_cells(tmp_path: Path) -> None:
    """With the least each word is alone, and has no index."""
    shards = some_shards()
    words = max(max(document, default=0) for shard in shards for document in shard)
    found, parts = [], []
    for number, memory in enumerate((1.0, 1e-7, 1e-9)):
        data = tmp_path / f"{number}"
        write_documents(data, shards, words)
        parts.append(run(data, memory_gb=memory).facts["parts"])
        found.append(cells(data))
    assert found[0] == found[1] == found[2] == sorted(found[0])
    assert parts[0] < parts[1] < parts[2] == words


def test_a_disk_that_is_too_small_is_said_before_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_documents(tmp_path, [[[1, 2, 1]]], 2)
    monkeypatch.setattr(tasks.cooccurrences, "BYTES_A_CELL", 1e18)
    with pytest.raises(
        InputError, match=r"cells will take up to .* are free; make room, or lower cooccurrences\.window"
    ):
        run(tmp_path)


def test_bad_input_is_said(tmp_path: Path) -> None:
    write_documents(tmp_path, [], 1)
    with pytest.raises(InputError, match="run the stage tokenize"):
        run(tmp_path)
    write_documents(tmp_path, [[[1], [2]]], 2)
    with pytest.raises(InputError, match="every document has one word at most"):
        run(tmp_path)
    write_documents(tmp_path, [[[1, 2, 3]]], 2)
    with pytest.raises(InputError, match=r"holds id 3, which is not in 1 \.\. 2"):
        run(tmp_path)


def test_ratios_tell_words_apart(tmp_path: Path) -> None:
    """w1 and w2 stand near w3 both; near w4 only the first, near w5 only the second."""
    write_documents(tmp_path, [[[1, 3], [1, 4], [1, 4], [2, 3], [2, 5], [2, 5]]], 6 - 1)
    run(tmp_path, window=1)
    one, other, both = ratios(tmp_path, "w1", "w2", ["w4", "w5", "w3"])
    assert (one.first, one.second, one.ratio) == (pytest.approx(2 / 3), 0, None)
    assert (other.first, other.ratio) == (0, 0)
    assert both.ratio == pytest.approx(1)
    with pytest.raises(InputError, match="'w9' is not among the 5 words"):
        ratios(tmp_path, "w1", "w9", [])


def test_manifest_names_what_made_it(tmp_path: Path) -> None:
    write_documents(tmp_path, [[[1, 2]]], 2)
    run(tmp_path)
    manifest = json.loads((tmp_path / "cooccurrences" / "manifest.json").read_text())
    assert manifest["params"]["cooccurrences"] == {
        "window": 10, "weighting": "harmonic", "symmetric": True, "memory_gb": 0.016,
    }  # fmt: skip
    assert any(name.endswith("documents/part-00000.parquet") for name in manifest["inputs"])
