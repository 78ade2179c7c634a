"""Stage clean: takes every document through the cleaning steps and drops those that are not worth training on.

Reads download/documents/part-*.parquet. Writes clean/documents/part-*.parquet (the same columns, rows in the same
order, one shard for each shard read) and clean/dropped.json (for each reason: how many documents, and samples). Each
dropped document is counted under one reason, the name of the step that dropped it. Exact duplicates are looked for in
the whole corpus, among the cleaned texts that the steps keep; the first in corpus order stays, whoever ran which shard.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from tasks.errors import InputError
from tasks.pipeline.stage import Context, Job, Report, Round, Stage, StageParams, parts
from tasks.storage.atomic import write_json
from tasks.storage.npy import write_npy
from tasks.storage.parquet import SHORT_LIVED, open_checked, parquet_writer
from tasks.storage.schemas import DOCUMENTS
from tasks.text.cleaner import Cleaner
from tasks.text.duplicates import DIGEST_BYTES, digests, first_occurrences
from tasks.text.shards import blocks, read_batches, row_groups, shards_in
from tasks.text.steps import STEPS, Filter, Replacement, Step, UnicodeForm
from tasks.text.stopwords import find_list

SAMPLE_CHARACTERS = 200
"""How much of a dropped document dropped.json shows."""

DUPLICATES = "duplicates"
"""The reason under which exact duplicates are counted."""

UUENCODED_LINE = "(?m)^M[ -`]{59,60}$"
"""A full line of a uuencoded file; the 16,000 of them in 20 Newsgroups make "ax" its second most frequent word."""

CLEANED = pa.schema(
    [
        *DOCUMENTS,
        pa.field("tokens", pa.int64(), nullable=False),
        pa.field("digest", pa.binary(DIGEST_BYTES), nullable=False),
    ]
)
"""Between the two rounds: what the steps kept, with what the search for duplicates needs."""


class CleanParams(StageParams):
    """How documents are cleaned. Each step has a knob of its name, and `steps` is their order."""

    steps: tuple[str, ...] = Field(
        ("unicode", "markup", "replace", "lowercase", "min_token_length", "empty", "stopwords", "min_tokens"),
        description="the order of the steps; a step whose knob is off is passed over",
    )
    unicode: UnicodeForm | None = Field(
        "NFKC", description="Unicode normal form; korean: NFKC that leaves letters such as ㅋㅋ alone; null: off"
    )
    markup: bool = Field(False, description="remove HTML tags, decode entities")
    replace: tuple[Replacement, ...] = Field(
        (Replacement(pattern=UUENCODED_LINE, replacement=" "), Replacement(pattern="[^a-zA-Z]", replacement=" ")),
        description="regular expressions and their replacements, one after the other; []: off",
    )
    lowercase: bool = Field(True, description="lower-case everything")
    min_token_length: int = Field(2, ge=0, description="drop words of fewer characters; 0: off")
    empty: bool = Field(True, description="drop documents without a word")
    stopwords: str | None = Field(
        None, min_length=1, description="drop the words of a list: a language (english, korean) or a file; null: off"
    )
    min_tokens: int = Field(2, ge=0, description="drop documents of fewer words; 0: off")
    duplicates: bool = Field(True, description="of documents that are equal when cleaned, keep the first only")
    samples: int = Field(5, ge=0, description="dropped documents to show for each reason")

    @field_validator("steps")
    @classmethod
    def _known_once(cls, steps: tuple[str, ...]) -> tuple[str, ...]:
        for name in steps:
            if name not in STEPS:
                raise ValueError(f"there is no step {name!r}; the steps are {', '.join(STEPS)}")
        if len(set(steps)) < len(steps):
            raise ValueError("a step stands in it twice")
        return steps

    @model_validator(mode="after")
    def _every_knob_has_its_place(self) -> "CleanParams":
        for name in STEPS:
            if getattr(self, name) and name not in self.steps:
                raise ValueError(f"{name} is on but does not stand in steps; add it there, or turn it off")
        return self


@dataclass(frozen=True)
class CleanJob(Job):
    """One shard through the steps."""

    source: Path
    params: CleanParams


@dataclass(frozen=True)
class KeepJob(Job):
    """One cleaned shard without its duplicates.

    Attributes:
        source: what `clean_shard` wrote.
        first: a NumPy file, bool [n_documents of the corpus]: which documents are the first with their text.
        start: the place of the shard's first document in it.
        params: the knobs.
        before: the facts that `clean_shard` reported of the shard.
    """

    source: Path
    first: Path
    start: int
    params: CleanParams
    before: Mapping[str, Any]


@dataclass
class Dropped:
    """Documents that were dropped: how many for each reason, and the samples with the lowest doc_ids."""

    limit: int
    counts: dict[str, int] = field(default_factory=dict)
    samples: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def add(self, reason: str, documents: pa.RecordBatch) -> None:
        """Counts documents, by ascending doc_id."""
        first = documents.slice(0, self.limit)
        texts = [text[:SAMPLE_CHARACTERS] for text in first["text"].to_pylist()]
        samples = list(zip(first["doc_id"].to_pylist(), texts, strict=True))
        self.merge({reason: {"count": documents.num_rows, "samples": samples}})

    def merge(self, content: Mapping[str, Any]) -> None:
        """Adds what another shard counted (its `content()`)."""
        for reason, each in content.items():
            self.counts[reason] = self.counts.get(reason, 0) + each["count"]
            both = [*self.samples.get(reason, []), *((doc_id, text) for doc_id, text in each["samples"])]
            self.samples[reason] = nsmallest(self.limit, both)

    def content(self) -> dict[str, Any]:
        """{reason: {"count", "samples": [[doc_id, text], ...]}}"""
        return {
            reason: {"count": count, "samples": [list(sample) for sample in self.samples[reason]]}
            for reason, count in self.counts.items()
        }


def build_steps(params: CleanParams) -> list[tuple[str, Step]]:
    """The steps that are on, in order; `params.stopwords` is a path here (see `plan_cleaning`)."""
    built = [(name, STEPS[name](getattr(params, name))) for name in params.steps]
    return [(name, step) for name, step in built if step is not None]


def _inputs(context: Context) -> list[Path]:
    params = context.section(CleanParams)
    shards = parts(context.data / "download" / "documents")
    return shards if params.stopwords is None else [*shards, find_list(params.stopwords)]


def plan_cleaning(context: Context, _: Sequence[Report]) -> list[CleanJob]:
    """One job a shard.

    Raises:
        InputError: there is no shard, or no such stopword list.
    """
    folder = context.data / "download" / "documents"
    shards = shards_in(folder, DOCUMENTS)
    if not shards:
        raise InputError(f"{folder}: no documents to clean; run the download stage")
    params = context.section(CleanParams)
    if params.stopwords is not None:
        params = params.model_copy(update={"stopwords": str(find_list(params.stopwords))})
    return [CleanJob(context.work / "cleaned" / path.name, documents, path, params) for path, documents in shards]


def clean_shard(job: CleanJob) -> Report:
    """Takes the documents of one shard through the steps and writes those that stay, with their hashes."""
    cleaner = Cleaner(build_steps(job.params))
    dropped = Dropped(job.params.samples)
    facts = {"documents_in": 0, "bytes_in": 0}

    def kept() -> Iterator[pa.RecordBatch]:
        for block in blocks(read_batches(job.source, DOCUMENTS), DOCUMENTS):
            facts["documents_in"] += block.num_rows
            facts["bytes_in"] += _bytes(block["text"])
            cleaned = cleaner(block["text"])
            for reason, rows in cleaned.dropped.items():
                dropped.add(reason, block.take(pa.array(rows)))
            stay = pa.array(cleaned.rows)
            doc_ids, labels, splits = (block[name].take(stay) for name in ("doc_id", "label", "split"))
            columns = [doc_ids, cleaned.texts, labels, splits, pa.array(cleaned.tokens), digests(cleaned.texts)]
            yield pa.RecordBatch.from_arrays(columns, schema=CLEANED)

    with parquet_writer(job.output, CLEANED, **SHORT_LIVED) as writer:
        for table in row_groups(kept(), CLEANED):
            writer.write_table(table)
    return Report(facts={**facts, "dropped": dropped.content()})


def plan_keeping(context: Context, reports: Sequence[Report]) -> list[KeepJob]:
    """Finds the duplicates in the whole corpus, in about 22 bytes of memory a document; then one job a shard."""
    cleaned = shards_in(context.work / "cleaned", CLEANED)
    starts = np.concatenate([[0], np.cumsum([shard.documents for shard in cleaned])])
    first = context.work / "first.npy"
    write_npy(first, first_occurrences(read_digests([shard.path for shard in cleaned], int(starts[-1]))))
    return [
        KeepJob(
            context.work / "documents" / path.name,
            documents,
            source=path,
            first=first,
            start=int(start),
            params=context.section(CleanParams),
            before=report.facts,
        )
        for (path, documents), start, report in zip(cleaned, starts, reports, strict=False)
    ]


def read_digests(cleaned: Sequence[Path], count: int) -> NDArray[np.uint8]:
    """uint8 [count, DIGEST_BYTES]: the hashes of all documents in what `clean_shard` wrote, in their order."""
    found = np.empty((count, DIGEST_BYTES), dtype=np.uint8)
    position = 0
    for path in cleaned:
        for batch in open_checked(path, CLEANED).iter_batches(columns=["digest"]):
            column = batch["digest"]
            start, end = column.offset, column.offset + len(column)
            values = np.frombuffer(column.buffers()[1], np.uint8).reshape(-1, DIGEST_BYTES)
            found[position : position + len(column)] = values[start:end]
            position += len(column)
    return found


def keep_shard(job: KeepJob) -> Report:
    """Writes the documents of a cleaned shard, without the duplicates unless they may stay."""
    first = np.load(job.first, mmap_mode="r")
    dropped = Dropped(job.params.samples)
    dropped.merge(job.before["dropped"])
    facts = {"documents_out": 0, "bytes_out": 0, "tokens": 0, "duplicates": 0}

    def kept() -> Iterator[pa.RecordBatch]:
        position = job.start
        for batch in read_batches(job.source, CLEANED):
            is_first = np.asarray(first[position : position + batch.num_rows])
            position += batch.num_rows
            facts["duplicates"] += int((~is_first).sum())
            if job.params.duplicates and not is_first.all():
                dropped.add(DUPLICATES, batch.filter(pa.array(~is_first)))
                batch = batch.filter(pa.array(is_first))
            facts["documents_out"] += batch.num_rows
            facts["bytes_out"] += _bytes(batch["text"])
            facts["tokens"] += pc.sum(batch["tokens"]).as_py() or 0
            yield pa.RecordBatch.from_arrays([batch[name] for name in DOCUMENTS.names], schema=DOCUMENTS)

    with parquet_writer(job.output, DOCUMENTS, use_dictionary=["label", "split"]) as writer:
        for table in row_groups(kept(), DOCUMENTS):
            writer.write_table(table)
    before = {name: job.before[name] for name in ("documents_in", "bytes_in")}
    return Report(facts={**before, **facts, "dropped": dropped.content()})


def finish(context: Context, reports: Sequence[Report]) -> Report:
    """Writes dropped.json and adds the shards up.

    Facts: documents_in, documents_out, bytes_in and bytes_out (UTF-8), tokens (pieces between white space), duplicates
    (found, whether dropped or not), dropped {reason: documents}, documents_after {reason: documents still there}.

    Raises:
        InputError: no document is left.
    """
    params = context.section(CleanParams)
    dropped = Dropped(params.samples)
    for report in reports:
        dropped.merge(report.facts["dropped"])
    names = ("documents_in", "documents_out", "bytes_in", "bytes_out", "tokens", "duplicates")
    totals = {name: sum(report.facts[name] for report in reports) for name in names}
    if not totals["documents_in"]:
        raise InputError(
            f"{context.data / 'download'}: the corpus has no document; check corpus.sources in params.yaml"
        )
    if not totals["documents_out"]:
        reasons = ", ".join(f"{count} by {reason}" for reason, count in dropped.counts.items())
        raise InputError(
            f"no document is left of {totals['documents_in']} after cleaning (dropped {reasons}); "
            "loosen the clean section of params.yaml"
        )
    samples = {
        reason: {
            "count": each["count"],
            "samples": [{"doc_id": doc_id, "text": text} for doc_id, text in each["samples"]],
        }
        for reason, each in dropped.content().items()
    }
    write_json(context.work / "dropped.json", samples)
    filters = [
        name for name, step in build_steps(params.model_copy(update={"stopwords": None})) if isinstance(step, Filter)
    ]
    counts = {name: dropped.counts.get(name, 0) for name in [*filters, *([DUPLICATES] if params.duplicates else [])]}
    left = totals["documents_in"]
    after = {name: (left := left - count) for name, count in counts.items()}
    return Report(facts={**totals, "dropped": counts, "documents_after": after})


def _bytes(texts: pa.Array) -> int:
    return pc.sum(pc.binary_length(texts)).as_py() or 0


STAGE = Stage(
    name="clean",
    about="normalises the text and drops documents that are empty, short or repeated",
    sections={"clean": CleanParams},
    folder=lambda context: Path("clean"),
    inputs=_inputs,
    writes=("documents", "dropped.json"),
    rounds=(Round(plan_cleaning, clean_shard), Round(plan_keeping, keep_shard)),
    finish=finish,
    code=(
        "tasks/clean.py",
        "tasks/storage/atomic.py",
        "tasks/storage/npy.py",
        "tasks/storage/parquet.py",
        "tasks/storage/schemas.py",
        "tasks/text/cleaner.py",
        "tasks/text/duplicates.py",
        "tasks/text/hangul.py",
        "tasks/text/markup.py",
        "tasks/text/shards.py",
        "tasks/text/steps.py",
        "tasks/text/stopwords/__init__.py",
        "tasks/text/words.py",
    ),
)
