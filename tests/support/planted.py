"""Documents in which clusters of words are planted, and whether a training has found them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.kernels.windows import document_pairs, draw_windows, keep_thresholds
from tasks.storage.parquet import parquet_writer, write_table
from tasks.storage.schemas import ENCODED, PAIRS, VOCABULARY, WINDOWS
from tasks.train import STAGE

CLUSTERS, MEMBERS = 6, 8
WORDS = CLUSTERS * MEMBERS
Documents = Sequence[Sequence[int]]


def write_vocabulary(data: Path, documents: Documents, words: int) -> None:
    counts = np.maximum(np.bincount([word for document in documents for word in document], minlength=words + 1)[1:], 1)
    columns = [np.arange(1, words + 1), [f"w{number}" for number in range(1, words + 1)], counts]
    write_table(data / "tokenize" / "vocabulary.parquet", pa.table(columns, schema=VOCABULARY))


def write_documents(data: Path, shards: Sequence[Documents], words: int) -> None:
    """What tokenize would write: the vocabulary, and a part for each shard."""
    tokens = [number for documents in shards for document in documents for number in document]
    counts = np.bincount(tokens, minlength=words + 1)[1 : words + 1]
    columns = [np.arange(1, words + 1), [f"w{number}" for number in range(1, words + 1)], counts]
    write_table(data / "tokenize" / "vocabulary.parquet", pa.table(columns, schema=VOCABULARY))
    for number, documents in enumerate(shards):
        rows = [list(range(len(documents))), documents, [None] * len(documents), [None] * len(documents)]
        path = data / "tokenize" / "documents" / f"part-{number:05d}.parquet"
        write_table(path, pa.table(rows, schema=ENCODED))


def write_shards(data: Path, draws: Sequence[Sequence[Documents]], layout: str = "windows", window: int = 3) -> None:
    """Writes what skipgrams would, a row group for every 50 documents."""
    for draw, shards in enumerate(draws):
        for shard, documents in enumerate(shards):
            path = data / "skipgrams" / "shards" / f"draw-{draw:03d}" / f"part-{shard:05d}.parquet"
            with parquet_writer(path, WINDOWS if layout == "windows" else PAIRS) as writer:
                for start in range(0, len(documents), 50):
                    group = documents[start : start + 50]
                    ids = np.array([word for document in group for word in document], np.int32)
                    offsets = np.cumsum([0, *map(len, group)])
                    if layout == "windows":
                        columns = draw_windows(
                            ids, offsets, keep_thresholds(np.ones(WORDS)), window, False, np.uint64(0), 0
                        )
                    else:
                        each = [document_pairs(np.array(document, np.int32), window) for document in group if document]
                        columns = [np.concatenate(column) for column in zip(*each, strict=True)]  # type: ignore[assignment]
                    table = pa.table([pa.array(column) for column in columns], schema=writer.schema)
                    writer.write_table(table, row_group_size=max(1, len(table)))


def clustered(seed: int, documents: int) -> list[list[int]]:
    """Documents that each speak of one cluster's words, never the same word twice in a row; every 40th is one word."""
    rng = np.random.default_rng(seed)
    found: list[list[int]] = []
    last = -1
    for number in range(documents):
        cluster = rng.integers(CLUSTERS)
        picked = 1 + rng.integers(MEMBERS, size=1 if number % 40 == 39 else rng.integers(8, 25)) * CLUSTERS + cluster
        document = [int(word) for word, before in zip(picked, [last, *picked], strict=False) if word != before]
        found.append(document)
        last = document[-1] if len(document) > 1 else last
    return found


def outputs(folder: Path) -> dict[str, bytes]:
    files = (path for name in STAGE.writes for path in [folder / name, *(folder / name).glob("*")] if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def purity(vectors: NDArray[np.float32]) -> float:
    """The share of words whose nearest neighbour is of their cluster."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    likeness = unit @ unit.T
    np.fill_diagonal(likeness, -1)
    return float((likeness.argmax(1) % CLUSTERS == np.arange(WORDS) % CLUSTERS).mean())
