"""Stage tokenize: splits documents into tokens, counts the vocabulary, writes each document as vocabulary ids.

Reads clean/documents/part-*.parquet. Writes tokenize/vocabulary.parquet (ids from 1 by descending count, ties by first
appearance in the corpus) and tokenize/documents/part-*.parquet (one shard for each shard read, documents in the same
order). Words outside the vocabulary are left out; a document with no word left is dropped and counted. The text is
tokenized once: the first round numbers the words of each shard on its own, the second turns those numbers into ids.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, SerializeAsAny

from tasks.errors import InputError
from tasks.pipeline.stage import Context, Job, Report, Round, Stage, StageParams, parts
from tasks.storage.parquet import SHORT_LIVED, open_checked, parquet_writer
from tasks.storage.schemas import DOCUMENTS, ENCODED, VOCABULARY
from tasks.text.shards import blocks, read_batches, row_groups, shards_in
from tasks.text.spelling import SPELLINGS
from tasks.text.stopwords import find_list, read_list
from tasks.text.tokenizers import TokenizerForMany, TokenizerSettings, WhitespaceTokenizer, tokenizer_settings
from tasks.text.vocabulary import TokenError, Vocabulary, WordCounts, WordNumbers, encode, merge_counts
from tasks.text.words import keep_words


class TokenizeParams(StageParams):
    """How documents become tokens, and which tokens become the vocabulary."""

    tokenizer: Annotated[SerializeAsAny[TokenizerSettings], BeforeValidator(tokenizer_settings)] = Field(
        WhitespaceTokenizer(),
        description="kind: whitespace; regex, with a pattern that matches one token; Korean: kiwi, syllables or jamo",
    )
    stopwords: str | None = Field(
        None, min_length=1, description="drop tokens, as clean.stopwords drops words: for morphemes; null: off"
    )
    min_count: int = Field(5, ge=1, description="words seen less often are left out")
    max_size: int | None = Field(None, ge=1, description="the most frequent words to keep; null: all")


@dataclass(frozen=True)
class CountJob(Job):
    """Tokenizes one shard, with word numbers of its own."""

    source: Path
    tokenizer: TokenizerSettings
    stopwords: Path | None


@dataclass(frozen=True)
class EncodeJob(Job):
    """Turns the word numbers of one shard into vocabulary ids."""

    source: Path
    vocabulary: Path
    distinct_words: int


def plan_counting(context: Context, _: Sequence[Report]) -> list[CountJob]:
    """One job a shard.

    Raises:
        InputError: there is no shard.
    """
    folder = context.data / "clean" / "documents"
    shards = shards_in(folder, DOCUMENTS)
    if not shards:
        raise InputError(f"{folder}: no documents to tokenize; run the clean stage")
    tokenizer, stopwords = context.section(TokenizeParams).tokenizer, _stopwords(context)
    return [
        CountJob(context.work / "counted" / path.name, documents, path, tokenizer, stopwords)
        for path, documents in shards
    ]


def count_shard(job: CountJob) -> Report:
    """Tokenizes a shard: documents as the shard's own word numbers, and in the file's metadata the words and counts.

    Raises:
        InputError: the tokenizer made a token that is empty or holds white space.
    """
    tokenize = _without_stopwords(job.tokenizer, job.stopwords)
    numbers = WordNumbers()

    def numbered() -> Iterator[pa.RecordBatch]:
        for block in blocks(read_batches(job.source, DOCUMENTS), DOCUMENTS):
            tokens = tokenize(block["text"])
            offsets = tokens.offsets.to_numpy()
            flat = tokens.flatten()
            try:
                yield _encoded(block, numbers.add(flat), offsets - offsets[0])
            except TokenError as error:
                row = np.searchsorted(offsets - offsets[0], pc.index(flat, error.token).as_py(), side="right") - 1
                place = f"{job.source}: document {block['doc_id'][row].as_py()}"
                raise InputError(f"{place}: {error}; change tokenize.tokenizer in params.yaml") from None

    with parquet_writer(job.output, ENCODED, **SHORT_LIVED) as writer:
        for table in row_groups(numbered(), ENCODED):
            writer.write_table(table)
        # No word holds a newline. Metadata, since a job writes one file and knows its words only at the end of it.
        writer.add_key_value_metadata({"words": "\n".join(numbers.words), "counts": numbers.counts.tobytes().hex()})
    return Report(facts={"tokens_in": int(numbers.counts.sum())})


def plan_encoding(context: Context, _: Sequence[Report]) -> list[EncodeJob]:
    """Merges the shards' vocabularies and writes vocabulary.parquet; then one job a shard.

    Raises:
        InputError: the corpus has no token, or no word is frequent enough.
    """
    params = context.section(TokenizeParams)
    counted = shards_in(context.work / "counted", ENCODED)
    everything = merge_counts((_word_counts(path) for path, _ in counted), params.tokenizer.spelling)
    if not len(everything):
        raise InputError(
            f"{context.data / 'clean'}: no document has a token; loosen clean or change tokenize.tokenizer"
        )
    vocabulary = everything.limited(params.min_count, params.max_size)
    if not len(vocabulary):
        raise InputError(
            f"no word is seen {params.min_count} times (the most frequent, {everything.words[0]!r}, is seen "
            f"{everything.counts[0]} times); lower tokenize.min_count or use a larger corpus"
        )
    target = context.work / "vocabulary.parquet"
    vocabulary.write(target)
    return [
        EncodeJob(context.work / "documents" / path.name, documents, path, target, len(everything))
        for path, documents in counted
    ]


def encode_shard(job: EncodeJob) -> Report:
    """Writes the documents of a shard as vocabulary ids."""
    words, counts = _word_counts(job.source)
    with open_checked(job.vocabulary, VOCABULARY) as file:
        ids_of = encode(words, file.read(["word"])["word"].combine_chunks())
    facts = {"documents": 0, "documents_without_tokens": 0, "tokens": 0}

    def encoded() -> Iterator[pa.RecordBatch]:
        for batch in read_batches(job.source, ENCODED):
            ids = ids_of[batch["ids"].flatten().to_numpy()]
            known = ids > 0
            starts = batch["ids"].offsets.to_numpy()
            offsets = np.concatenate([[0], np.cumsum(known, dtype=np.int64)])[starts - starts[0]]
            stays = np.diff(offsets) > 0
            staying = batch.filter(pa.array(stays))
            facts["documents"] += staying.num_rows
            facts["documents_without_tokens"] += batch.num_rows - staying.num_rows
            facts["tokens"] += int(offsets[-1])
            yield _encoded(staying, ids[known], np.concatenate([[0], offsets[1:][stays]]))

    with parquet_writer(job.output, ENCODED, use_dictionary=["label", "split"]) as writer:
        for table in row_groups(encoded(), ENCODED):
            writer.write_table(table)
    return Report(facts={**facts, "tokens_in": int(counts.sum()), "distinct_words": job.distinct_words})


def finish(context: Context, reports: Sequence[Report]) -> Report:
    """Adds the shards up.

    Facts: documents and documents_without_tokens (dropped), tokens (in the vocabulary), tokens_out_of_vocabulary,
    vocabulary (words), vocabulary_with_padding, distinct_words (before min_count and max_size), shards.
    """
    names = ("documents", "documents_without_tokens", "tokens")
    totals = {name: sum(report.facts[name] for report in reports) for name in names}
    tokens_in = sum(report.facts["tokens_in"] for report in reports)
    vocabulary = Vocabulary.read(context.work / "vocabulary.parquet")
    return Report(
        facts={
            **totals,
            "tokens_out_of_vocabulary": tokens_in - totals["tokens"],
            "vocabulary": len(vocabulary),
            "vocabulary_with_padding": vocabulary.size_with_padding,
            "distinct_words": reports[0].facts["distinct_words"],
            "shards": len(reports),
        }
    )


def _stopwords(context: Context) -> Path | None:
    name = context.section(TokenizeParams).stopwords
    return None if name is None else find_list(name, "tokenize.stopwords")


def _inputs(context: Context) -> list[Path]:
    stopwords = _stopwords(context)
    return [*parts(context.data / "clean" / "documents"), *([] if stopwords is None else [stopwords])]


def _without_stopwords(settings: TokenizerSettings, stopwords: Path | None) -> TokenizerForMany:
    """The tokenizer, followed by the list; words of the list are spelled as its tokens are."""
    tokenize = settings.build_for_many()
    if stopwords is None:
        return tokenize
    dropped = pa.array(sorted(map(SPELLINGS[settings.spelling].spell, read_list(stopwords))), pa.string())

    def tokenize_and_drop(texts: pa.StringArray) -> pa.ListArray:
        tokens = tokenize(texts)
        return keep_words(tokens, pc.invert(pc.is_in(tokens.flatten(), value_set=dropped)))

    return tokenize_and_drop


def _word_counts(path: Path) -> WordCounts:
    """The words of a counted shard, with their counts."""
    with open_checked(path, ENCODED) as file:
        metadata = file.metadata.metadata
    words = pa.array([metadata[b"words"]], pa.string()) if metadata[b"words"] else pa.array([], pa.string())
    counts = np.frombuffer(bytes.fromhex(metadata[b"counts"].decode()), np.int64)
    return WordCounts(pc.split_pattern(words, "\n").flatten(), counts)


def _encoded(batch: pa.RecordBatch, ids: NDArray[np.int32], offsets: NDArray[np.int64]) -> pa.RecordBatch:
    """A batch of `schemas.ENCODED` with the doc_id, label and split of `batch`.

    Args:
        batch: n documents.
        ids: int32 [n_tokens], of all documents one after the other.
        offsets: int [n + 1], where each document starts in `ids`.
    """
    starts = pa.array(offsets.astype(np.int32))
    lists = pa.ListArray.from_arrays(starts, pa.array(ids), type=ENCODED.field("ids").type)
    return pa.RecordBatch.from_arrays([batch["doc_id"], lists, batch["label"], batch["split"]], schema=ENCODED)


STAGE = Stage(
    name="tokenize",
    about="splits documents into tokens and encodes them as ids of the vocabulary",
    sections={"tokenize": TokenizeParams},
    folder=lambda context: Path("tokenize"),
    inputs=_inputs,
    writes=("vocabulary.parquet", "documents"),
    rounds=(Round(plan_counting, count_shard), Round(plan_encoding, encode_shard)),
    finish=finish,
    code=(
        "tasks/tokenize.py",
        "tasks/storage/atomic.py",
        "tasks/storage/parquet.py",
        "tasks/storage/schemas.py",
        "tasks/text/hangul.py",
        "tasks/text/shards.py",
        "tasks/text/spelling.py",
        "tasks/text/stopwords/__init__.py",
        "tasks/text/tokenizers.py",
        "tasks/text/vocabulary.py",
        "tasks/text/words.py",
    ),
)
