"""Stage classify: trains text classifiers over word vectors, and says what each vectors and each classifier is worth.

Runs once for each dataset of classify.datasets. Reads the dataset, train/<model>/vectors.npy with its words, and
pretrained vectors. Writes texts/ (the texts, their vocabulary and ids), a folder <model>/<vectors>-<seed>/ for each
row (metrics.json, the trained network, curves, confusion, calibration, mistakes), and what compares the rows:
report.md, rows.csv, comparison.png; curves.csv and confusion.csv for DVC's plots. A stopped stage goes on with the next
row.
"""

import csv
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.classifiers.encoding import UNK, Encoder, fit_length, frequent_words
from tasks.classifiers.grid import BASELINE, OURS, STEPS, Row, rows_of_step
from tasks.classifiers.results import ROW_FILE, best_cell, cells, csv_text, plot_comparison, read_row, report, rows_csv
from tasks.classifiers.rows import LABELLED, Texts, baseline_row, network_row
from tasks.classifiers.runtime import ALONE
from tasks.classify_params import CLASSIFIERS, ClassifyParams, DatasetParams
from tasks.datasets.loading import downloads, load, local_files
from tasks.datasets.params import TEST, TRAIN, VALIDATION, Dataset
from tasks.errors import InputError
from tasks.models import model_folder
from tasks.pipeline.stage import Context, Job, Report, Round, Stage, part_name
from tasks.storage.atomic import atomic_file, write_json
from tasks.storage.matrix import read_matrix
from tasks.storage.npy import write_npy
from tasks.storage.parquet import open_checked, write_table
from tasks.storage.schemas import DOCUMENTS
from tasks.text.treatment import TextTreatment
from tasks.text.vocabulary import Vocabulary

TEXTS_A_PART = 10_000
"""Texts that are split into words in one go, side by side with others."""

TOKENS = pa.schema([pa.field("tokens", pa.list_(pa.field("item", pa.string())), nullable=False)])
"""tokens/: one row a text."""


@dataclass(frozen=True)
class FetchJob(Job):
    """Fetches a file of a dataset."""

    url: str
    sha256: str | None


@dataclass(frozen=True)
class LoadJob(Job):
    """Reads a dataset from its original files."""

    dataset: Dataset
    folder: str
    fetched: tuple[Path, ...]
    unpacked: Path


@dataclass(frozen=True)
class TokenizeJob(Job):
    """Splits some texts into words."""

    documents: Path
    start: int
    treatment: TextTreatment


@dataclass(frozen=True)
class EmbedJob(Job):
    """Finds the vectors of a dataset's words."""

    vectors: Path
    vocabulary: Path
    params: DatasetParams


@dataclass(frozen=True)
class RowJob(Job):
    """Trains one classifier.

    Attributes:
        work: the stage's work folder.
        matrix: the vectors that it starts from; None: random ones, or none.
        alone: whether no other is trained beside it, so that its bar may be shown.
    """

    work: Path
    row: Row
    matrix: Path | None
    params: DatasetParams
    alone: bool


def plan_fetching(context: Context, _: Sequence[Report]) -> list[FetchJob]:
    """One job a file that comes over the network; none for local datasets."""
    found = downloads(context.section(DatasetParams).dataset)
    return [FetchJob(place, 1, *each) for place, each in zip(_fetched(context), found, strict=True)]


def fetch_file(job: FetchJob) -> Report:
    """Fetches one file."""
    from tasks.sources.transfer import TransferOptions, fetch

    return Report({"sha256": fetch(job.url, job.output, job.sha256, TransferOptions())})


def plan_loading(context: Context, _: Sequence[Report]) -> list[LoadJob]:
    """One job."""
    params = context.section(DatasetParams)
    documents = context.work / "texts" / "documents.parquet"
    return [LoadJob(documents, 1, params.dataset, params.folder, tuple(_fetched(context)), context.work / "unpacked")]


def load_dataset(job: LoadJob) -> Report:
    """Writes the texts in the format of all documents, with label and split."""
    loaded = load(job.dataset, job.folder, job.fetched, job.unpacked)
    write_table(job.output, loaded.table)
    return Report(loaded.facts | {"files": loaded.files})


def plan_tokenizing(context: Context, reports: Sequence[Report]) -> list[TokenizeJob]:
    """One job for every so many texts."""
    write_json(context.work / "texts" / "dataset.json", reports[0].facts)
    documents = context.work / "texts" / "documents.parquet"
    with open_checked(documents, DOCUMENTS) as file:
        count = file.metadata.num_rows
    treatment = context.section(DatasetParams).treatment
    return [
        TokenizeJob(
            context.work / "tokens" / part_name(number), min(TEXTS_A_PART, count - start), documents, start, treatment
        )
        for number, start in enumerate(range(0, count, TEXTS_A_PART))
    ]


def tokenize_part(job: TokenizeJob) -> Report:
    """Writes the words of some texts."""
    with open_checked(job.documents, DOCUMENTS) as file:
        texts = file.read(["text"])["text"].combine_chunks()
    tokens = job.treatment.build()(texts.slice(job.start, job.size))
    write_table(job.output, pa.Table.from_arrays([tokens.cast(TOKENS.field(0).type)], schema=TOKENS))
    return Report()


def plan_embedding(context: Context, _: Sequence[Report]) -> list[EmbedJob]:
    """Makes the vocabulary of the training texts and encodes all texts; then one job for each file of vectors.

    Raises:
        InputError: no word is frequent enough.
    """
    params = context.section(DatasetParams)
    texts = context.work / "texts"
    documents = _documents(texts, ("doc_id", "label", "split"))
    tokens = _tokens(context.work)
    splits = np.array(_with_validation(documents, params))
    labels = sorted(set(documents["label"].to_pylist()))
    learned = tokens.filter(pa.array(splits == TRAIN))
    words, counts = frequent_words(learned, params.min_count, params.max_words)
    if not words:
        raise InputError(
            f"{context.dataset}: no word stands in the training texts {params.min_count} times; lower min_count"
        )
    vocabulary = Vocabulary(tuple(words), np.array(counts, np.int64))
    vocabulary.write(texts / "vocabulary.parquet")
    ids = Encoder(words).encode(tokens)
    encoded = pa.ListArray.from_arrays(pa.array(ids.offsets, pa.int32()), pa.array(ids.flat))
    columns = [
        documents["doc_id"].combine_chunks(),
        encoded.cast(LABELLED.field("ids").type),
        pc.index_in(documents["label"], value_set=pa.array(labels)).combine_chunks(),
        pa.array(splits.tolist()),
    ]
    write_table(texts / "encoded.parquet", pa.Table.from_arrays(columns, schema=LABELLED))
    lengths = ids.lengths
    fit = fit_length(lengths[splits == TRAIN], params.max_length)
    asked = ids.take(np.flatnonzero(splits == TEST)).flat
    facts = {
        "words": len(words),
        "known": round(1 - float((asked == UNK).mean()), 4),
        "mean_length": round(float(lengths[splits == TRAIN].mean()), 1),
        "deviation": round(float(lengths[splits == TRAIN].std()), 1),
        "length": fit.length,
        "covered": fit.covered,
        "labels": labels,
        "texts": {split: int((splits == split).sum()) for split in (TRAIN, VALIDATION, TEST)},
    }
    write_json(texts / "encoding.json", facts)
    return [
        EmbedJob(_matrix(context.work, name), 1, _vectors_of(context, name), texts / "vocabulary.parquet", params)
        for name in params.sources
    ]


def embed(job: EmbedJob) -> Report:
    """Writes the embedding matrix of one file of vectors; facts: {name: what was found}."""
    from tasks.classifiers.embedding import embedding_matrix
    from tasks.loading import load as load_vectors

    vocabulary = Vocabulary.read(job.vocabulary)
    vectors = load_vectors(job.vectors, words=vocabulary.words)
    found = embedding_matrix(
        vocabulary.words, vocabulary.counts.tolist(), vectors, job.params.missing, job.params.seeds[0]
    )
    write_npy(job.output, found.matrix)
    return Report({job.output.stem: found.facts(job.params.missing)})


def plan_rows(context: Context, reports: Sequence[Report], step: int) -> list[RowJob]:
    """The rows of one step of the grid."""
    params = context.section(DatasetParams)
    if step == 0:
        facts = {name: found for each in reports for name, found in each.facts.items()}
        write_json(context.work / "texts" / "embeddings.json", facts)
    rows = _rows_of_step(context, step, _found(context, step))
    return [
        RowJob(
            context.work / row.model / row.name / ROW_FILE, 1, context.work, row,
            _matrix(context.work, row.source) if row.source in params.sources else None,
            params, alone=len(rows) == 1,
        )
        for row in rows
    ]  # fmt: skip


def train_row(job: RowJob) -> Report:
    """Trains one classifier and writes its folder, metrics.json last."""
    with ALONE:
        started = time.monotonic()
        texts = Texts.read(job.work / "texts")
        if job.row.model == BASELINE:
            figures = baseline_row(texts, _tokens(job.work), job.output.parent, job.row.seed)
        else:
            matrix = None if job.matrix is None else read_matrix(job.matrix)
            figures = network_row(texts, job.row, matrix, job.output.parent, job.params, job.alone)
        write_json(_seconds(job.work, job.row), round(time.monotonic() - started, 3))
        write_json(job.output, figures | {"seed": job.row.seed})
    return Report()


def finish(context: Context, reports: Sequence[Report]) -> Report:
    """Compares the rows; facts: of the dataset, "encoding", "embeddings", "best", "rows": {model: {vectors: ...}}."""
    params = context.section(DatasetParams)
    found = _found(context, STEPS)
    table = cells(found)
    best = best_cell(table)
    rows: dict[str, dict[str, Any]] = {}
    for cell in table:
        figures = cell._asdict()
        rows.setdefault(figures.pop("model"), {})[figures.pop("vectors")] = figures
    texts = context.work / "texts"
    facts = json.loads((texts / "dataset.json").read_text("utf-8"))
    facts |= {name: json.loads((texts / f"{name}.json").read_text("utf-8")) for name in ("encoding", "embeddings")}
    facts |= {"rows": rows, "best": {"model": best.model, "vectors": best.vectors, "accuracy": best.accuracy}}
    example = next(row for row in found if (row.model, row.vectors) == (best.model, best.vectors))
    folder = context.work / example.model / example.name
    with open(folder / "mistakes.csv", encoding="utf-8", newline="") as file:
        mistakes = list(csv.DictReader(file))
    for name, content in (
        ("rows.csv", rows_csv(found)),
        ("curves.csv", _curves(context.work, found)),
        ("confusion.csv", (folder / "confusion.csv").read_text("utf-8")),
        ("report.md", report(str(context.dataset), facts, table, found[example], mistakes)),
    ):
        with atomic_file(context.work / name, "w") as file:
            file.write(content)
    plot_comparison(table, context.work / "comparison.png")
    for model in CLASSIFIERS:  # an out of DVC has to be there
        (context.work / model).mkdir(exist_ok=True)
    seconds = {f"{row.model}/{row.name}": json.loads(_seconds(context.work, row).read_text("utf-8")) for row in found}
    return Report(facts | {"models": len(params.models), "trained": len(found)}, run={"row_seconds": seconds})


def _found(context: Context, steps: int) -> dict[Row, dict[str, Any]]:
    """The figures of all rows of the first steps of the grid, which are done."""
    found: dict[Row, dict[str, Any]] = {}
    for step in range(steps):
        found |= {row: read_row(context.work, row) for row in _rows_of_step(context, step, found)}
    return found


def _rows_of_step(context: Context, step: int, found: Mapping[Row, Mapping[str, Any]]) -> list[Row]:
    """The rows of a step, which depend on the figures of those before it."""
    params = context.section(DatasetParams)
    results = {(cell.model, cell.vectors): cell.validation for cell in cells(found)}
    return rows_of_step(step, params.grid, params.models, params.vectors, params.seeds, results)


def _curves(work: Path, found: Mapping[Row, Any]) -> str:
    """The histories of all networks below each other."""
    lines: list[list[object]] = []
    header: list[str] = []
    for row in found:
        path = work / row.model / row.name / "history.csv"
        if path.is_file():
            with open(path, encoding="utf-8", newline="") as file:
                header, *epochs = list(csv.reader(file))
            lines += [[*row, *epoch] for epoch in epochs]
    return csv_text([["model", "vectors", "seed", *header], *lines])


def _documents(texts: Path, columns: Sequence[str]) -> pa.Table:
    with open_checked(texts / "documents.parquet", DOCUMENTS) as file:
        return file.read(list(columns))


def _tokens(work: Path) -> pa.ListArray:
    """The words of all texts: list<string> [texts]."""
    parts = [pq.read_table(path, schema=TOKENS)["tokens"] for path in sorted((work / "tokens").glob("part-*.parquet"))]
    return pa.chunked_array([chunk for part in parts for chunk in part.chunks]).combine_chunks()


def _with_validation(documents: pa.Table, params: DatasetParams) -> list[str]:
    """The split of each text; where none is for validation, a seeded draw of each class of the training texts is."""
    splits: list[str] = documents["split"].to_pylist()
    if VALIDATION in splits:
        return splits
    random = np.random.default_rng(params.dataset.split.seed)
    labels = np.array(documents["label"].to_pylist())
    learned = np.array(splits) == TRAIN
    for label in sorted(set(labels[learned].tolist())):
        rows = np.flatnonzero(learned & (labels == label))
        share = min(len(rows) - 1, max(1, round(params.validation * len(rows))))
        for row in random.permutation(rows)[:share]:
            splits[row] = VALIDATION
    return splits


def _vectors_of(context: Context, name: str) -> Path:
    params = context.section(DatasetParams)
    if name == OURS:
        return context.data / model_folder("train", params.learned)
    return params.pretrained[name].expanduser()


def _matrix(work: Path, name: str) -> Path:
    return work / "matrices" / f"{name}.npy"


def _seconds(work: Path, row: Row) -> Path:
    """How long a row took, which is no result and so not published."""
    return work / "seconds" / row.model / f"{row.name}.json"


def _fetched(context: Context) -> list[Path]:
    found = downloads(context.section(DatasetParams).dataset)
    return [context.work / "fetched" / f"{number:03d}" for number, _ in enumerate(found)]


def inputs(context: Context) -> list[Path]:
    """The dataset's files, and those of the vectors."""
    params = context.section(DatasetParams)
    paths = local_files(params.dataset, params.folder)
    for name in params.sources:
        place = _vectors_of(context, name)
        if name == OURS:
            paths += [place / "vectors.npy", *sorted((place / "tables").glob("*.npy")), context.vocabulary]
        else:
            paths.append(place)
    return paths


STAGE = Stage(
    name="classify",
    about="text classifiers over the vectors, for each labelled dataset: scores, curves, mistakes, a comparison",
    sections={"classify": ClassifyParams},
    folder=lambda context: Path("classify") / (context.dataset or ""),
    per_dataset=True,
    wanted=lambda sections: any(isinstance(each, ClassifyParams) and each.datasets for each in sections.values()),
    inputs=inputs,
    writes=("texts", *CLASSIFIERS, "report.md", "rows.csv", "comparison.png", "curves.csv", "confusion.csv"),
    rounds=(
        Round(plan_fetching, fetch_file),
        Round(plan_loading, load_dataset),
        Round(plan_tokenizing, tokenize_part),
        Round(plan_embedding, embed),
        Round(lambda context, reports: plan_rows(context, reports, 0), train_row),
        Round(lambda context, reports: plan_rows(context, reports, 1), train_row),
        Round(lambda context, reports: plan_rows(context, reports, 2), train_row),
    ),
    finish=finish,
    code=(
        "tasks/classify.py",
        "tasks/classify_params.py",
        "tasks/loading.py",
        "tasks/models.py",
        "tasks/pretrained.py",
        "tasks/pretrained_fasttext.py",
        "tasks/project.py",
        "tasks/unseen.py",
        "tasks/vectors.py",
        "tasks/classifiers/adam.py",
        "tasks/classifiers/baseline.py",
        "tasks/classifiers/batches.py",
        "tasks/classifiers/embedding.py",
        "tasks/classifiers/encoding.py",
        "tasks/classifiers/figures.py",
        "tasks/classifiers/grid.py",
        "tasks/classifiers/history.py",
        "tasks/classifiers/layers.py",
        "tasks/classifiers/networks.py",
        "tasks/classifiers/recurrent.py",
        "tasks/classifiers/results.py",
        "tasks/classifiers/rows.py",
        "tasks/classifiers/runtime.py",
        "tasks/classifiers/saved.py",
        "tasks/classifiers/scores.py",
        "tasks/classifiers/settings.py",
        "tasks/classifiers/training.py",
        "tasks/datasets/arranging.py",
        "tasks/datasets/imdb.py",
        "tasks/datasets/loading.py",
        "tasks/datasets/locating.py",
        "tasks/datasets/newsgroups.py",
        "tasks/datasets/nsmc.py",
        "tasks/datasets/params.py",
        "tasks/datasets/repeats.py",
        "tasks/datasets/sms.py",
        "tasks/datasets/splitting.py",
        "tasks/datasets/table.py",
        "tasks/datasets/text_files.py",
        "tasks/formats/fasttext.py",
        "tasks/formats/glove.py",
        "tasks/formats/projector.py",
        "tasks/formats/rows.py",
        "tasks/formats/sniff.py",
        "tasks/formats/word2vec.py",
        "tasks/formats/words.py",
        "tasks/kernels/adam_numba.py",
        "tasks/kernels/compiler.py",
        "tasks/kernels/lanes.py",
        "tasks/kernels/lstm_numba.py",
        "tasks/kernels/random_streams.py",
        "tasks/kernels/scanning.py",
        "tasks/kernels/subwords.py",
        "tasks/kernels/tables.py",
        "tasks/scoring/plots.py",
        "tasks/sources/archives.py",
        "tasks/sources/blocks.py",
        "tasks/sources/bundled.py",
        "tasks/sources/compression.py",
        "tasks/sources/document.py",
        "tasks/sources/matching.py",
        "tasks/sources/params.py",
        "tasks/sources/reading.py",
        "tasks/sources/selection.py",
        "tasks/sources/transfer.py",
        "tasks/sources/urls.py",
        "tasks/storage/atomic.py",
        "tasks/storage/hashing.py",
        "tasks/storage/matrix.py",
        "tasks/storage/npy.py",
        "tasks/storage/parquet.py",
        "tasks/storage/schemas.py",
        "tasks/text/duplicates.py",
        "tasks/text/hangul.py",
        "tasks/text/markup.py",
        "tasks/text/slips.py",
        "tasks/text/spelling.py",
        "tasks/text/steps.py",
        "tasks/text/tokenizers.py",
        "tasks/text/treatment.py",
        "tasks/text/vocabulary.py",
        "tasks/text/words.py",
        "tasks/text/stopwords/__init__.py",
    ),
    unit="rows",
)
