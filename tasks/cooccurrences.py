"""Stage cooccurrences: how often words stand near each other, as the sparse matrix that GloVe learns from.

Reads tokenize/vocabulary.parquet and tokenize/documents/part-*.parquet; writes shards/part-*.parquet: row, column (ids)
and weight, sorted, each part with some whole rows. The first round lays the documents on end, four bytes a token; the
second counts the rows of a part each, and holds an index of where their words stand, four bytes a place. The bytes
depend on the params and the documents, not on who runs which job.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from tasks.errors import InputError
from tasks.interruption import leave_if_asked
from tasks.pipeline.stage import Context, Job, Report, Round, Stage, StageParams, part_name, parts
from tasks.progress import human
from tasks.storage.atomic import atomic_path
from tasks.storage.npy import write_npy
from tasks.storage.parquet import parquet_writer
from tasks.storage.room import free_disk, new_mapped
from tasks.storage.schemas import COOCCURRENCES

FEWEST_PARTS = 32
"""So that all cores have something to do until the end."""

BYTES_A_CELL = 3.5
"""On disk; measured on 20 million words of English: 3.3."""

WRITTEN: dict[str, Any] = {
    "use_dictionary": ["row"],
    "column_encoding": {"column": "DELTA_BINARY_PACKED", "weight": "BYTE_STREAM_SPLIT"},
}
"""Rows repeat, and columns grow within a row."""


class CooccurrencesParams(StageParams):
    """What counts as near."""

    window: int = Field(10, ge=1, le=255, description="how many tokens count to each side")
    weighting: Literal["harmonic", "flat"] = Field(
        "harmonic", description="harmonic: a word at distance d adds 1/d; flat: 1"
    )
    symmetric: bool = Field(True, description="words before and after count; false: those before alone")
    memory_gb: float = Field(0.016, gt=0, description="of the index that each job at work holds")
    wanted_by: tuple[str, ...] = Field(
        (),
        max_length=1,
        description="who reads it, such as [ratios]; []: a run does not make it",
        json_schema_extra={"volatile": True},
    )


@dataclass(frozen=True)
class LayJob(Job):
    """Lays one shard of documents on end."""

    documents: Path
    vocabulary: Path


@dataclass(frozen=True)
class CountJob(Job):
    """Counts some rows."""

    tokens: Path
    vocabulary: Path
    rows: range
    params: CooccurrencesParams


def plan_laying(context: Context, _: Sequence[Report]) -> list[LayJob]:
    """One job a shard, after a look at the disk."""
    from tasks.kernels.cooccurrence import expected_cells
    from tasks.kernels.reading import count_tokens, read_counts

    params, vocabulary, documents = context.section(CooccurrencesParams), context.vocabulary, parts(context.encoded)
    if not documents:
        raise InputError(f"{context.encoded}: no shards; run the stage tokenize")
    counts = read_counts(vocabulary)
    check_disk(context.work, int(counts.sum()), expected_cells(counts, params.window, params.symmetric))
    laid = context.work / "laid"
    return [
        LayJob(laid / f"{path.stem}.npy", count_tokens(path), documents=path, vocabulary=vocabulary)
        for path in documents
    ]


def check_disk(folder: Path, tokens: int, cells: float) -> None:
    """Compares what will be written at the most with what is free where `folder` lies.

    Raises:
        InputError: there is less.
    """
    free = free_disk(folder)
    wanted = cells * BYTES_A_CELL + 8 * tokens  # documents on end, shard by shard and all together
    if wanted > free:
        raise InputError(
            f"{folder}: up to {human(cells)} cells will take up to {human(wanted)}B and {human(free)}B are free; make "
            "room, or lower cooccurrences.window, or raise tokenize.min_count"
        )


def lay_shard(job: LayJob) -> Report:
    """Writes the ids of a shard, int32, a 0 after each document."""
    from tasks.kernels.cooccurrence import lay_out
    from tasks.kernels.reading import read_counts

    laid = lay_out(job.documents, len(read_counts(job.vocabulary)))
    write_npy(job.output, laid)
    return Report({"laid": len(laid)})


def plan_counting(context: Context, reports: Sequence[Report]) -> list[CountJob]:
    """Puts the laid shards together; then one job for some rows."""
    from tasks.kernels.cooccurrence import partitions, place_type
    from tasks.kernels.reading import read_counts

    params, vocabulary = context.section(CooccurrencesParams), context.vocabulary
    tokens = context.work / "tokens.npy"
    length = _join(
        sorted((context.work / "laid").glob("*.npy")), sum(report.facts["laid"] for report in reports), tokens
    )
    counts = read_counts(vocabulary)
    most = int(params.memory_gb * 1e9) // place_type(length).itemsize
    found = partitions(counts, min(most, -(-int(counts.sum()) // FEWEST_PARTS)))
    return [
        CountJob(
            context.work / "shards" / part_name(number),
            int(counts[rows.start : rows.stop].sum()),
            tokens=tokens,
            vocabulary=vocabulary,
            rows=rows,
            params=params,
        )
        for number, rows in enumerate(found)
    ]


def _join(laid: Sequence[Path], length: int, target: Path) -> int:
    """All shards on end, with a 0 before the first; returns how many numbers that is."""
    with atomic_path(target) as temporary:
        whole = new_mapped(temporary, np.int32, (length + 1,))
        whole[0] = end = 0
        for path in laid:
            leave_if_asked()
            some = np.load(path, mmap_mode="r", allow_pickle=False)
            whole[end + 1 : end + 1 + len(some)] = some
            end += len(some)
        whole.flush()
    return length + 1


def count_rows(job: CountJob) -> Report:
    """Counts the rows of one part and writes their cells."""
    from tasks.kernels.cooccurrence import count_cells, distance_weights
    from tasks.kernels.reading import read_counts

    params = job.params
    tokens = np.asarray(np.load(job.tokens, mmap_mode="r", allow_pickle=False))
    weights = distance_weights(params.window, params.weighting == "harmonic")
    cells = rows = 0
    total = 0.0
    with parquet_writer(job.output, COOCCURRENCES, **WRITTEN) as writer:
        for found in count_cells(tokens, read_counts(job.vocabulary), job.rows, weights, params.symmetric):
            leave_if_asked()
            table = pa.table([pa.array(column) for column in found], schema=COOCCURRENCES)
            writer.write_table(table, row_group_size=len(table))
            cells += len(found.row)
            rows += 1 + int(np.count_nonzero(np.diff(found.row)))
            total += float(found.weight.sum(dtype=np.float64))
    return Report({"cells": cells, "rows": rows, "weight": total, "bytes": job.output.stat().st_size})


def finish(context: Context, reports: Sequence[Report]) -> Report:
    """Adds the parts up.

    Raises:
        InputError: no word stands near another.
    """
    facts = {name: sum(report.facts[name] for report in reports) for name in ("cells", "rows", "weight", "bytes")}
    if not facts["cells"]:
        raise InputError(f"{context.encoded}: every document has one word at most")
    return Report(
        facts
        | {"weight": round(facts["weight"], 3), "parts": len(reports)}
        | {"bytes_per_cell": round(facts["bytes"] / facts["cells"], 3)}
    )


def _wanted(sections: Mapping[str, StageParams]) -> bool:
    params = sections["cooccurrences"]
    assert isinstance(params, CooccurrencesParams)
    return bool(params.wanted_by)


STAGE = Stage(
    name="cooccurrences",
    about="how often words stand near each other, as a sparse matrix in Parquet shards",
    sections={"cooccurrences": CooccurrencesParams},
    folder=lambda context: Path("cooccurrences"),
    inputs=lambda context: [context.vocabulary, *parts(context.encoded)],
    writes=("shards",),
    wanted=_wanted,
    rounds=(Round(plan_laying, lay_shard), Round(plan_counting, count_rows)),
    finish=finish,
    code=(
        "tasks/cooccurrences.py",
        "tasks/kernels/compiler.py",
        "tasks/kernels/cooccurrence.py",
        "tasks/kernels/reading.py",
        "tasks/storage/atomic.py",
        "tasks/storage/npy.py",
        "tasks/storage/parquet.py",
        "tasks/storage/room.py",
        "tasks/storage/schemas.py",
    ),
    unit="words",
)
