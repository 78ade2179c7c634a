"""Stage skipgrams: encoded documents into the windows that training walks through.

Reads tokenize/vocabulary.parquet and tokenize/documents/part-*.parquet; writes shards/draw-000/part-00000.parquet and
so on, one shard of documents and one draw of subsampling and window sizes a job; with `materialize: false` a small JSON
file in its place, from which training draws the same windows. The bytes depend on the params, the documents and the
seed, not on who runs which job. Memory is bounded by a batch of documents. A row group ends where a document ends, so
windows can be read row group by row group.
"""

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow.parquet import ParquetWriter
from pydantic import Field, model_validator

from tasks.errors import InputError
from tasks.interruption import leave_if_asked
from tasks.pipeline.stage import Context, Job, Report, Round, Stage, StageParams, part_name, parts
from tasks.progress import human
from tasks.storage.atomic import write_json
from tasks.storage.parquet import parquet_writer
from tasks.storage.room import free_disk
from tasks.storage.schemas import PAIRS, WINDOWS

if TYPE_CHECKING:
    from tasks.kernels.windows import Windows

PAIRS_AT_ONCE = 1 << 22
"""Explicit pairs that are expanded and written together."""

BYTES_A_DYNAMIC_ROW, BYTES_A_FIXED_ROW, BYTES_A_PAIR = 2.7, 2.2, 1.7
"""What a row of the compact layout and a pair of the explicit one take on disk, measured on English text."""

WRITTEN: dict[str, dict[str, Any]] = {
    "windows": {
        "use_dictionary": ["left", "right"],
        "column_encoding": {"center": "BYTE_STREAM_SPLIT"},
        "compression": {"center": "lz4", "left": "none", "right": "none"},
        "compression_level": None,
    },
    "pairs": {"use_dictionary": False},
}
"""How each layout is written. Compact rows are read at every epoch: Parquet has uint8 as 32 bits unless in a
dictionary, where `left` and `right` take as many as the largest window needs; and of an id's four bytes, split up, two
are nearly all zero, which is all that lz4 has to find. Beside plain columns in zstd: a tenth less room, read in a
quarter of the time."""


class SkipgramsParams(StageParams):
    """How documents become windows."""

    window: int = Field(5, ge=1, le=255, description="how many tokens a window reaches to each side at most")
    dynamic: bool = Field(True, description="draw each token's reach from 1 .. window, as word2vec does")
    subsample: float = Field(1e-3, ge=0, le=1, description="thin out words above this share of the tokens; 0: off")
    draws: int = Field(
        1, ge=1, description="draws of subsampling and reach; epochs cycle through them, one each is best"
    )
    layout: Literal["windows", "pairs"] = Field("windows", description="compact rows, or one row a pair")
    materialize: bool = Field(True, description="write the windows; false: training draws them itself, the same ones")
    seed: int = Field(1, ge=0, description="of subsampling and reach")

    @model_validator(mode="after")
    def _pairs_are_written(self) -> "SkipgramsParams":
        if self.layout == "pairs" and not self.materialize:
            raise ValueError("layout pairs is for rows that are written; set materialize: true or layout: windows")
        return self


class Forecast(NamedTuple):
    """What is going to be written, expected from the word counts; documents' borders only make it less."""

    rows: float
    pairs: float
    bytes: float


@dataclass(frozen=True)
class SkipgramsJob(Job):
    """One draw of one shard of documents."""

    documents: Path
    vocabulary: Path
    params: SkipgramsParams
    draw: int
    shard: int


def forecast(counts: NDArray[np.int64], params: SkipgramsParams) -> Forecast:
    """Rows, pairs and bytes of all draws together. counts: int64 [words]."""
    from tasks.kernels.windows import keep_probability

    rows = float((counts * keep_probability(counts, params.subsample)).sum()) * params.draws
    pairs = rows * (params.window + 1 if params.dynamic else 2 * params.window)
    if not params.materialize:
        return Forecast(rows, pairs, 0.0)
    if params.layout == "pairs":
        return Forecast(rows, pairs, pairs * BYTES_A_PAIR)
    return Forecast(rows, pairs, rows * (BYTES_A_DYNAMIC_ROW if params.dynamic else BYTES_A_FIXED_ROW))


def check_disk(folder: Path, expected: Forecast) -> None:
    """Compares the forecast with what is free where `folder` lies.

    Raises:
        InputError: there is less.
    """
    free = free_disk(folder)
    if expected.bytes > free:
        raise InputError(
            f"{folder}: about {human(expected.pairs)} pairs will take {human(expected.bytes)}B and {human(free)}B are "
            "free; make room, or lower skipgrams.draws or skipgrams.window, or use skipgrams.layout: windows"
        )


def plan(context: Context, reports: Sequence[Report]) -> list[SkipgramsJob]:
    """One job a draw and a shard, after a look at the disk."""
    from tasks.kernels.reading import count_tokens, read_counts

    params = context.section(SkipgramsParams)
    vocabulary, documents = context.vocabulary, parts(context.encoded)
    if not documents:
        raise InputError(f"{context.encoded}: no shards; run the stage tokenize")
    check_disk(context.work, forecast(read_counts(vocabulary), params))
    tokens = [count_tokens(path) for path in documents]
    return [
        SkipgramsJob(
            output=_output(context.work, params, draw, shard),
            size=tokens[shard],
            documents=path,
            vocabulary=vocabulary,
            params=params,
            draw=draw,
            shard=shard,
        )
        for draw in range(params.draws)
        for shard, path in enumerate(documents)
    ]


def work(job: SkipgramsJob) -> Report:
    """Draws the windows of one shard and writes them, or how they are drawn."""
    from tasks.kernels.reading import read_counts
    from tasks.kernels.shards import Drawing, draw_shard

    params = job.params
    counts = read_counts(job.vocabulary)
    drawing = Drawing(
        documents=job.documents.name,
        window=params.window,
        dynamic=params.dynamic,
        subsample=params.subsample,
        stream=(params.seed, job.draw, job.shard),
    )
    tokens = rows = pairs = 0
    schema = WINDOWS if params.layout == "windows" else PAIRS
    writing = parquet_writer(job.output, schema, **WRITTEN[params.layout]) if params.materialize else nullcontext()
    with writing as writer:
        for drawn_from, windows in draw_shard(job.documents, counts, drawing):
            leave_if_asked()
            tokens += drawn_from
            rows += len(windows.center)
            pairs += int(windows.left.sum(dtype=np.int64) + windows.right.sum(dtype=np.int64))
            if writer is not None:
                _write(writer, windows, params)
    if not params.materialize:
        write_json(job.output, drawing.model_copy(update={"pairs": pairs}).model_dump(mode="json"))
    size = job.output.stat().st_size
    return Report({"tokens": tokens, "kept_tokens": rows, "pairs": pairs, "bytes": size})


def _write(writer: ParquetWriter, windows: "Windows", params: SkipgramsParams) -> None:
    """One row group of windows, or as many of pairs as it takes."""
    from tasks.kernels.windows import expand_pairs

    rows = len(windows.center)
    if params.layout == "windows":
        tables: Iterable[Sequence[NDArray[np.generic]]] = [windows]
    else:
        step = max(1, PAIRS_AT_ONCE // (2 * params.window))
        tables = (expand_pairs(windows, start, min(start + step, rows)) for start in range(0, rows, step))
    for columns in tables:
        if len(columns[0]):
            table = pa.table([pa.array(column) for column in columns], schema=writer.schema)
            writer.write_table(table, row_group_size=len(columns[0]))


def finish(context: Context, reports: Sequence[Report]) -> Report:
    """Adds the shards up.

    Raises:
        InputError: there is not one pair to train on.
    """
    facts = {
        name: sum(report.facts[name] for report in reports) for name in ("tokens", "kept_tokens", "pairs", "bytes")
    }
    if facts["pairs"] == 0:
        raise InputError(
            f"{context.encoded}: not one pair of words; every document has one word at most "
            "after skipgrams.subsample; raise it or set it to 0, or give longer documents"
        )
    draws = context.section(SkipgramsParams).draws
    return Report(
        {
            **facts,
            "shards": len(reports),
            "draws": draws,
            "tokens": facts["tokens"] // draws,
            "bytes_per_pair": round(facts["bytes"] / facts["pairs"], 4),
        }
    )


def _output(work: Path, params: SkipgramsParams, draw: int, shard: int) -> Path:
    path = work / "shards" / f"draw-{draw:03d}" / part_name(shard)
    return path if params.materialize else path.with_suffix(".json")


STAGE = Stage(
    name="skipgrams",
    about="windows of center and context words, subsampled, in Parquet shards",
    sections={"skipgrams": SkipgramsParams},
    folder=lambda context: Path("skipgrams"),
    inputs=lambda context: [context.vocabulary, *parts(context.encoded)],
    writes=("shards",),
    wanted=lambda sections: False,
    rounds=(Round(plan, work),),
    finish=finish,
    code=(
        "tasks/skipgrams.py",
        "tasks/kernels/compiler.py",
        "tasks/kernels/random_streams.py",
        "tasks/kernels/reading.py",
        "tasks/kernels/shards.py",
        "tasks/kernels/windows.py",
        "tasks/storage/atomic.py",
        "tasks/storage/parquet.py",
        "tasks/storage/room.py",
        "tasks/storage/schemas.py",
    ),
    unit="words",
)
