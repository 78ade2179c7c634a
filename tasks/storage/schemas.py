"""The Arrow schema of every Parquet artifact, written once: producers write it, consumers check it on entry."""

import pyarrow as pa

DOCUMENTS = pa.schema(
    [
        pa.field("doc_id", pa.int64(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("label", pa.string()),
        pa.field("split", pa.string()),
    ]
)
"""download and clean: one row a document."""

ENCODED = pa.schema(
    [
        pa.field("doc_id", pa.int64(), nullable=False),
        pa.field("ids", pa.list_(pa.field("item", pa.int32(), nullable=False)), nullable=False),
        pa.field("label", pa.string()),
        pa.field("split", pa.string()),
    ]
)
"""tokenize: one row a document, its tokens as vocabulary ids (1 and up; words outside the vocabulary are left out)."""

VOCABULARY = pa.schema(
    [
        pa.field("id", pa.int32(), nullable=False),
        pa.field("word", pa.string(), nullable=False),
        pa.field("count", pa.int64(), nullable=False),
    ]
)
"""tokenize: ids from 1 by descending count, ties by first appearance; 0 is padding and has no row."""

WINDOWS = pa.schema(
    [
        pa.field("center", pa.int32(), nullable=False),
        pa.field("left", pa.uint8(), nullable=False),
        pa.field("right", pa.uint8(), nullable=False),
    ]
)
"""skipgrams, layout "windows": one row a kept token; its contexts are the `left` rows before and `right` rows after."""

PAIRS = pa.schema([pa.field("center", pa.int32(), nullable=False), pa.field("context", pa.int32(), nullable=False)])
"""skipgrams, layout "pairs": one row a positive pair."""

COOCCURRENCES = pa.schema(
    [
        pa.field("row", pa.int32(), nullable=False),
        pa.field("column", pa.int32(), nullable=False),
        pa.field("weight", pa.float32(), nullable=False),
    ]
)
"""cooccurrences: one row a cell of the matrix, by row, then by column; both are ids."""
