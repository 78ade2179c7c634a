"""Small corpora that stand for a large one: a sample of the sources, its words numbered as the whole will have them.

What makes training slow or fast is how far apart the rows of the tables lie that it touches, and a sample has few
words. So its rare words are spread over all the ids that the corpus is going to have.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tasks.download import CorpusParams, DownloadParams
from tasks.errors import InputError
from tasks.models import MODELS, model_folder
from tasks.params import overlaid
from tasks.pipeline.carry_out import fresh
from tasks.pipeline.stage import parts
from tasks.request import Request
from tasks.sources.archives import is_archive
from tasks.sources.bundled import BUNDLED
from tasks.sources.document import SourceFile
from tasks.sources.matching import match_files, shown
from tasks.sources.params import BundledSource, FilesSource, ReadableSource, Source, UrlSource
from tasks.sources.sampling import Sampled, sample_files
from tasks.sources.shards import shard_bytes
from tasks.sources.urls import local_path, source_name
from tasks.stages import stage
from tasks.storage.parquet import open_checked, parquet_writer, write_table
from tasks.storage.schemas import COOCCURRENCES, ENCODED
from tasks.text.vocabulary import Vocabulary

SPREAD = 0.3
"""The standard deviation of the numbers of trained vectors, about."""

PARQUET = ReadableSource.model_validate({"format": "parquet"})


@dataclass(frozen=True)
class Pile:
    """The files of one source, on this disk."""

    params: Source
    reading: ReadableSource
    files: list[SourceFile]


@dataclass(frozen=True)
class Corpus:
    """What is there to be sampled.

    Attributes:
        piles: the sources whose files are on this disk.
        absent: the names of those that are not.
        downloaded: the piles are what the stage download has already made of all sources.
    """

    piles: list[Pile]
    absent: list[str]
    downloaded: bool

    @property
    def bytes(self) -> int:
        """Of all files, as they lie."""
        return sum(file.path.stat().st_size for pile in self.piles for file in pile.files)


@dataclass(frozen=True)
class Sample:
    """A small corpus, laid down.

    Attributes:
        data: the folder of its artifacts.
        raw: params that make them.
        sampled: of each pile, how much of it was taken.
        shard_bytes: of text, in a shard of the corpus and of the sample.
    """

    data: Path
    raw: dict[str, Any]
    sampled: list[Sampled]
    shard_bytes: int

    @property
    def taken(self) -> float:
        """The bytes of the sources' files that it stands for."""
        return sum(each.taken for each in self.sampled)

    @property
    def complete(self) -> bool:
        """It is the corpus itself."""
        return all(each.taken >= each.whole for each in self.sampled)


def find_corpus(asked: Request) -> Corpus:
    """The files that `corpus.sources` means.

    Raises:
        InputError: not one source is on this disk.
    """
    download = stage("download")
    context = asked.context(download)
    corpus = context.section(CorpusParams)
    piles: list[Pile] = []
    absent: list[str] = []
    for source in corpus.sources:
        if source.weight == 0:
            continue
        if isinstance(source, BundledSource):
            piles.append(Pile(source, PARQUET, [SourceFile(BUNDLED, shown(BUNDLED))]))
        elif isinstance(source, FilesSource):
            piles.append(Pile(source, source, match_files(corpus.folder, source.path)))
        else:
            pile = _local(source) if isinstance(source, UrlSource) else None
            piles += [pile] if pile else []
            absent += [] if pile else [source_name(source.url) if isinstance(source, UrlSource) else source.kind]
    if absent and fresh(download, context) is not None:
        shards = [SourceFile(path, path.name) for path in parts(asked.data / "download" / "documents")]
        return Corpus([Pile(FilesSource.model_validate({"kind": "files"}), PARQUET, shards)], [], downloaded=True)
    if not piles:
        raise InputError(
            f"corpus.sources ({', '.join(absent)}): nothing of it is here yet; wordloom stage download fetches it, "
            "then the rest can be forecast"
        )
    return Corpus(piles, absent, downloaded=False)


def _local(source: UrlSource) -> Pile | None:
    path = local_path(source.url)
    if path is None or is_archive(path, source_name(source.url)):
        return None
    return Pile(source, source, [SourceFile(path, source_name(source.url))])


def lay_down(asked: Request, corpus: Corpus, budget: int, folder: Path) -> Sample:
    """Samples the corpus into `folder`.

    Args:
        asked: the run that is forecast.
        corpus: what there is.
        budget: bytes of text.
        folder: empty.
    """
    sources: list[dict[str, Any]] = []
    sampled: list[Sampled] = []
    for number, pile in enumerate(corpus.piles):
        share = sum(file.path.stat().st_size for file in pile.files) / max(1, corpus.bytes)
        target = folder / "sources" / f"{number:03d}"
        taken = sample_files(pile.files, pile.reading, int(budget * share), target)
        sampled.append(taken)
        reading = pile.reading.model_dump(mode="json", include={"format", "text", "label", "split", "errors"})
        choice = pile.params.model_dump(mode="json", include={"weight", "splits", "limit"})
        if taken.taken < taken.whole:
            choice["limit"] = None  # taken into account when the sample is scaled up
        sources.append({"kind": "files", "path": str(target), **reading, **choice})
    limit = shard_bytes(corpus.bytes, asked.context(stage("download")).section(DownloadParams).shard_mb)
    above: dict[str, Any] = {
        "corpus": {"sources": sources},
        "download": {"shard_mb": limit / 1e6},
        "skipgrams": {"draws": 1},
        "train": {"epochs": 1} | {model: {"epochs": 1} for model in MODELS},
    }
    if any(each.taken < each.whole for each in sampled):  # every word is wanted, to tell how many there are going to be
        above["tokenize"] = {"min_count": 1, "max_size": None}
    return Sample(folder / "data", overlaid(asked.raw, above), sampled, limit)


def scale_of(corpus: Corpus, sample: Sample, documents: Mapping[str, int]) -> float:
    """How many times as many documents the corpus has as the sample.

    Args:
        corpus: with the limit of each source.
        sample: of it.
        documents: of each of its sources, as the stage download counts them.
    """
    whole = 0.0
    for pile, taken, count in zip(corpus.piles, sample.sampled, documents.values(), strict=True):
        expected = count * taken.whole / max(1.0, taken.taken)
        limit = pile.params.limit
        whole += expected if limit is None else min(expected, limit * pile.params.weight)
    return whole / sum(documents.values())


def read_ids(documents: Path) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """All encoded documents on end: int32 [tokens], and int64 [documents + 1] where each starts."""
    ids, lengths = [np.zeros(0, np.int32)], [np.zeros(1, np.int64)]
    for path in parts(documents):
        column = open_checked(path, ENCODED).read(["ids"])["ids"]
        for chunk in column.chunks:
            ids.append(chunk.flatten().to_numpy())
            lengths.append(np.diff(chunk.offsets.to_numpy()))
    return np.concatenate(ids), np.cumsum(np.concatenate(lengths))


def widen(tokenize: Path, rows: int, scale: float, min_count: int) -> None:
    """Gives a tokenized sample the vocabulary that the corpus is going to have.

    Args:
        tokenize: the sample's artifact, of all words; rewritten.
        rows: words of that vocabulary, or the first of them.
        scale: how many times as often the corpus has each word.
        min_count: the least that a word is seen.
    """
    found = Vocabulary.read(tokenize / "vocabulary.parquet")
    kept = min(len(found), rows)
    ids = np.zeros(len(found) + 1, np.int32)
    ids[1 : kept + 1] = _spread_ids(found.counts[:kept], rows)
    words = [f"\N{WORD JOINER}{row}" for row in range(1, rows + 1)]
    for row, word in zip(ids[1 : kept + 1].tolist(), found.words, strict=False):
        words[row - 1] = word
    expected = np.interp(np.arange(1, rows + 1), ids[1 : kept + 1], found.counts[:kept] * scale)
    counts = np.maximum.accumulate(np.maximum(expected, min_count)[::-1])[::-1].astype(np.int64)
    Vocabulary(tuple(words), counts).write(tokenize / "vocabulary.parquet")
    for path in parts(tokenize / "documents"):
        table = open_checked(path, ENCODED).read()
        flat, offsets = read_lists(table)
        new = ids[flat]
        starts = np.concatenate([[0], np.cumsum(new > 0)])[offsets].astype(np.int32)
        lists = pa.ListArray.from_arrays(pa.array(starts), pa.array(new[new > 0]), type=ENCODED.field("ids").type)
        with parquet_writer(path, ENCODED, use_dictionary=["label", "split"]) as writer:
            writer.write_table(table.set_column(ENCODED.get_field_index("ids"), ENCODED.field("ids"), lists))


def keep_cells(shards: Path, words: int) -> int:
    """Leaves the first rows and columns of the co-occurrences of a sample; returns how many cells they have."""
    kept = 0
    for path in parts(shards):
        table = open_checked(path, COOCCURRENCES).read(COOCCURRENCES.names)
        table = table.filter((pc.field("row") <= words) & (pc.field("column") <= words))
        write_table(path, table.cast(COOCCURRENCES))
        kept += len(table)
    return kept


def read_lists(table: pa.Table) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The ids of a table of encoded documents on end, and where each document starts."""
    lists = table["ids"].combine_chunks()
    offsets = lists.offsets.to_numpy().astype(np.int64)
    return lists.flatten().to_numpy(), offsets - offsets[0]


def _spread_ids(counts: NDArray[np.int64], rows: int) -> NDArray[np.int32]:
    """Ids for the words of a sample: frequent words keep their rank, the rare ones are spread over what is left."""
    words = len(counts)
    head = min(words, int((counts >= 5).sum()))
    tail = np.arange(words - head)
    spread = head + 1 + (tail * ((rows - head) / max(1, words - head))).astype(np.int64)
    return np.concatenate([np.arange(1, head + 1), spread]).astype(np.int32)


def lengthen_epoch(shards: Path, copies: int) -> None:
    """Repeats the sample's windows, so that an epoch is long enough for training to take steps of its full size."""
    for path in sorted(shards.glob("draw-000/part-*")):
        for copy in range(1, copies):
            os.link(path, path.with_name(f"part-{copy:03d}-{path.name.removeprefix('part-')}"))


TABLES_OF_WORDS = ("context_vectors", "tables/words")
"""Of a model's other tables, those with a row a word that export and evaluate read."""


def stand_in(small: Path, target: Path, model: str, vocabulary: Vocabulary, dim: int) -> None:
    """Artifacts of a trained model with the words of `vocabulary`, for the stages that read vectors.

    Args:
        small: artifacts to take the summaries from.
        target: gets the folder.
        model: which model.
        vocabulary: the words.
        dim: numbers a vector.
    """
    shutil.copytree(small, target, copy_function=os.link)
    for name in (Path("tokenize") / "vocabulary.parquet", model_folder("train", model) / "vectors.npy"):
        (target / name).unlink()
    vocabulary.write(target / "tokenize" / "vocabulary.parquet")
    # trained numbers are about as large, and a text of a number is the longer the closer it is to zero
    vectors = np.random.default_rng(1).normal(scale=SPREAD, size=(len(vocabulary), dim)).astype(np.float32)
    folder = target / model_folder("train", model)
    np.save(folder / "vectors.npy", vectors, allow_pickle=False)
    for path in (folder / f"{name}.npy" for name in TABLES_OF_WORDS):
        if path.is_file():
            path.unlink()
            np.save(path, vectors, allow_pickle=False)
