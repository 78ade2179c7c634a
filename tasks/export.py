"""Writes the trained vectors in the formats that others read: word2vec text and binary, GloVe, TensorBoard projector,
and as a model of the fastText program, which has the context vectors too, and the n-grams if there are any.

Reads train/<model>/vectors.npy and tables/, and tokenize/vocabulary.parquet; writes one file a job. Each file is read
back and compared with what was trained, every word and every bit of every float32, before it takes its name. What
gensim reads, gensim has to read: the whole binary file, and the first rows of the texts, where its reader is slow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import Field

from tasks.errors import InputError
from tasks.formats import fasttext, glove, projector, word2vec
from tasks.models import model_folder
from tasks.pipeline.stage import Context, Job, Report, Round, Stage, StageParams
from tasks.storage.atomic import atomic_path
from tasks.storage.hashing import file_sha256
from tasks.storage.matrix import Matrix, read_matrix
from tasks.text.vocabulary import Vocabulary

FILES = {
    "word2vec_text": "vectors.w2v.txt",
    "word2vec_binary": "vectors.w2v.bin",
    "glove": "vectors.glove.txt",
    "fasttext": "vectors.fasttext.bin",
    "projector_vectors": "projector_vectors.tsv",
    "projector_metadata": "projector_metadata.tsv",
}
"""What is written, by the name of its format in metrics.json."""


GENSIM_ROWS = 1_000
"""Rows of a text file that gensim reads back: enough to tell that it understands the file."""


class ExportParams(StageParams):
    """The section `export` of params.yaml."""

    max_words: int | None = Field(None, ge=1, description="only the most frequent words, or all of them (null)")


@dataclass(frozen=True)
class ExportJob(Job):
    """One file: `kind` is a key of FILES."""

    kind: str
    vectors: Path
    vocabulary: Path
    trained: Path
    max_words: int | None


def plan(context: Context, reports: Sequence[Report]) -> list[ExportJob]:
    """One job a file."""
    vectors, vocabulary, *_ = inputs(context)
    params = context.section(ExportParams)
    size = len(read_matrix(vectors, len(Vocabulary.read(vocabulary)))[: params.max_words])
    return [
        ExportJob(context.work / name, size, kind, vectors, vocabulary, vectors.parent, params.max_words)
        for kind, name in FILES.items()
    ]


def work(job: ExportJob) -> Report:
    """Writes one file, reads it back, compares.

    Raises:
        InputError: a word that the format cannot hold, or a file that does not give back what was written.
    """
    vocabulary = Vocabulary.read(job.vocabulary)
    matrix = read_matrix(job.vectors, len(vocabulary))[: job.max_words]
    words = vocabulary.words[: job.max_words]
    counts: list[int] = vocabulary.counts[: job.max_words].tolist()
    with atomic_path(job.output) as unchecked:
        if job.kind == "fasttext":
            export_fasttext(unchecked, vocabulary.spelled[: job.max_words], counts, matrix, job.trained)
        else:
            write(job.kind, unchecked, words, counts, matrix)
            compare(job.kind, unchecked, words, counts, matrix)
    facts = {"bytes": job.output.stat().st_size, "sha256": file_sha256(job.output)}
    return Report(facts={"words": len(words), "dim": int(matrix.shape[1]), "files": {job.kind: facts}})


def write(kind: str, target: Path, words: Sequence[str], counts: Sequence[int], matrix: Matrix) -> None:
    """Writes one of FILES, but for fastText's."""
    if kind == "word2vec_text":
        word2vec.write_text(target, words, matrix)
    elif kind == "word2vec_binary":
        word2vec.write_binary(target, words, matrix)
    elif kind == "glove":
        glove.write(target, words, matrix)
    elif kind == "projector_vectors":
        projector.write_vectors(target, matrix)
    else:
        projector.write_metadata(target, words, counts, matrix)


def compare(kind: str, path: Path, words: Sequence[str], counts: Sequence[int], matrix: Matrix) -> None:
    """Reads a file that `write` wrote, and compares words and bits.

    Raises:
        InputError: it does not give back what was written.
    """
    if kind == "projector_metadata":
        found_words, found_counts = projector.read_metadata(path)
        _compare_words(path, found_words, words)
        if list(found_counts) != list(counts):
            raise InputError(
                f"{path}: read back, the counts differ from those of the vocabulary; run the stage export again"
            )
        return
    if kind == "projector_vectors":
        _compare_numbers(path, projector.read_vectors(path), matrix)
        return
    rows = len(words)
    if kind != "word2vec_binary":
        found_words, found = glove.read(path) if kind == "glove" else word2vec.read_text(path)
        _compare_words(path, found_words, words)
        _compare_numbers(path, found, matrix)
        rows = min(rows, GENSIM_ROWS)
    found_words, found = _read_with_gensim(kind, path, rows)
    _compare_words(path, found_words, words[:rows])
    _compare_numbers(path, found, matrix[:rows])


def export_fasttext(target: Path, words: Sequence[str], counts: Sequence[int], matrix: Matrix, trained: Path) -> None:
    """Writes a model of the fastText program, of the tables in train/<model>, and compares what is read from it.

    Raises:
        InputError: a word that the format cannot hold, or a file that does not give back what was written.
    """
    written = fasttext.tables_of(trained, matrix)
    fasttext.write_model(target, words, counts, written)
    found = fasttext.read_model(target)
    _compare_words(target, found.words, words)
    _compare_numbers(target, found.own, written.own)
    _compare_numbers(target, found.ngrams[written.used], written.ngrams)
    _compare_numbers(target, found.outputs, written.outputs)


def _compare_words(path: Path, found: Sequence[str], words: Sequence[str]) -> None:
    if list(found) != list(words):
        at = next((at for at, pair in enumerate(zip(found, words, strict=False)) if pair[0] != pair[1]), len(words))
        raise InputError(f"{path}: read back, word {at} of {len(words)} differs; run the stage export again")


def _compare_numbers(path: Path, found: Matrix, matrix: Matrix) -> None:
    # as integers, so that -0.0 and 0.0 differ
    if found.shape != matrix.shape or not np.array_equal(found.view(np.uint32), matrix.view(np.uint32)):
        raise InputError(f"{path}: read back, the numbers differ from the trained vectors; run the stage export again")


def _read_with_gensim(kind: str, path: Path, rows: int) -> tuple[list[str], Matrix]:
    from gensim.models import KeyedVectors

    keyed = KeyedVectors.load_word2vec_format(
        str(path), binary=kind == "word2vec_binary", no_header=kind == "glove", limit=rows, datatype=np.float32
    )
    return keyed.index_to_key, keyed.vectors


def finish(context: Context, reports: Sequence[Report]) -> Report:
    """How many words of which dimension, and the size and SHA-256 of every file."""
    files = {kind: facts for report in reports for kind, facts in report.facts["files"].items()}
    return Report(facts={"words": reports[0].facts["words"], "dim": reports[0].facts["dim"], "files": files})


def inputs(context: Context) -> list[Path]:
    """The trained vectors, their words, the other tables of the model."""
    train = context.data / model_folder("train", context.model)
    return [
        train / "vectors.npy",
        context.vocabulary,
        train / "context_vectors.npy",
        *sorted((train / "tables").glob("*.npy")),
    ]


def folder(context: Context) -> Path:
    """export/<model>."""
    return model_folder("export", context.model)


STAGE = Stage(
    name="export",
    about="vectors as word2vec, GloVe, fastText and TensorBoard files, each read back and compared",
    sections={"export": ExportParams},
    folder=folder,
    per_model=True,
    inputs=inputs,
    writes=tuple(FILES.values()),
    rounds=(Round(plan, work),),
    finish=finish,
    code=(
        "tasks/export.py",
        "tasks/models.py",
        "tasks/formats/fasttext.py",
        "tasks/formats/glove.py",
        "tasks/formats/projector.py",
        "tasks/formats/rows.py",
        "tasks/formats/sniff.py",
        "tasks/formats/word2vec.py",
        "tasks/formats/words.py",
        "tasks/storage/atomic.py",
        "tasks/storage/hashing.py",
        "tasks/storage/matrix.py",
        "tasks/storage/parquet.py",
        "tasks/storage/schemas.py",
        "tasks/text/hangul.py",
        "tasks/text/spelling.py",
        "tasks/text/vocabulary.py",
    ),
    unit="words",
)
