"""Makes the bundled corpus, `data/bundled/`, from the raw posts of the 20 Newsgroups by-date training split.

    python -m tasks.sources.bundle_20newsgroups RAW.parquet data/bundled/

RAW.parquet holds the 11,314 posts whole, in the order of a sorted directory walk, in the columns `filename`
("group/number"), `group` and `text` (the file's bytes decoded as latin-1). What is written equals scikit-learn's
`fetch_20newsgroups(subset="train", shuffle=True, random_state=1, remove=("headers", "footers", "quotes"))`: the same
texts, stripped by scikit-learn's own functions, in the same order; posts that are empty after stripping stay in, so
that `doc_id` is the position in scikit-learn's list.
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.errors import InputError
from tasks.sources.bundled import BUNDLED_NAME, LICENCE
from tasks.storage.atomic import atomic_file
from tasks.storage.hashing import file_sha256
from tasks.storage.parquet import write_table
from tasks.storage.schemas import DOCUMENTS

POSTS = 11_314

README = """# The bundled corpus: 20 Newsgroups

`{name}` holds the {posts:,} posts of the *training* half of the 20 Newsgroups collection, by-date
version, without headers, footers and quotes.

| column | type | what |
| --- | --- | --- |
| `doc_id` | int64 | position in scikit-learn's order, from 0 |
| `text` | string | the stripped post; {empty} of them are empty |
| `label` | string | the newsgroup, one of {groups} |
| `split` | string | always `train`; the test half is not here |

It equals scikit-learn's `fetch_20newsgroups(subset="train", shuffle=True, random_state=1, remove=("headers", "footers",
"quotes"))`: the same texts, stripped by scikit-learn's own functions, in the same order. Lower-casing, stopwords and
the like are the pipeline's work (`clean` in params.yaml). {megabytes:.1f} MB of text, {size:,} bytes of zstd Parquet,
sha256 `{sha256}`.

## Source and citation

Collected by Ken Lang; the by-date version is Jason Rennie's: <http://qwone.com/~jason/20Newsgroups/>
(`20news-bydate`). Please cite

> Ken Lang. *NewsWeeder: Learning to Filter Netnews.* Proceedings of the 12th International Conference on Machine
> Learning (ICML), 331-339, 1995.

## Terms

{licence}
The posts of 1993 contain names, addresses and opinions of real people; treat them as such. The project's own licence
does not cover this file.

## How it was made

    python -m tasks.sources.bundle_20newsgroups RAW.parquet data/bundled/
"""


def main(raw: Path, folder: Path) -> None:
    """Reads the raw posts at `raw` and writes the bundled corpus and its README.md under `folder`.

    Raises:
        InputError: `raw` is not the whole training split in its sorted order.
    """
    posts = pq.read_table(raw, columns=["filename", "group", "text"])
    filenames = posts["filename"].to_pylist()
    if len(filenames) != POSTS or filenames != sorted(filenames):
        raise InputError(f"{raw}: {POSTS} posts sorted by file name are expected, found {len(filenames)}; see --help")
    order = scikit_learn_order(POSTS)
    texts = [strip(text) for text in posts["text"].take(pa.array(order)).to_pylist()]
    labels = posts["group"].take(pa.array(order)).to_pylist()
    columns = [pa.array(range(POSTS), pa.int64()), pa.array(texts), pa.array(labels), pa.array(["train"] * POSTS)]
    target = folder / BUNDLED_NAME
    write_table(
        target,
        pa.Table.from_arrays(columns, schema=DOCUMENTS),
        compression_level=19,
        use_dictionary=["label", "split"],
        data_page_size=16 << 20,
    )
    with atomic_file(folder / "README.md", "w") as file:
        file.write(
            README.format(
                name=BUNDLED_NAME,
                posts=POSTS,
                empty=sum(not text.strip() for text in texts),
                groups=len(set(labels)),
                megabytes=sum(len(text.encode()) for text in texts) / 1e6,
                size=target.stat().st_size,
                sha256=file_sha256(target),
                licence=LICENCE,
            )
        )


def scikit_learn_order(count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The two permutations that scikit-learn applies to the sorted files, as one: int64 [count].

    `load_files` shuffles with seed 0, `fetch_20newsgroups(random_state=1)` shuffles the result with seed 1.
    """
    order = np.arange(count)
    for seed in (0, 1):
        permutation = np.arange(count)
        np.random.RandomState(seed).shuffle(permutation)
        order = order[permutation]
    return order


def strip(text: str) -> str:
    """A post without headers, footer and quotes, as scikit-learn's `remove=` does it, in its sequence."""
    from sklearn.datasets import _twenty_newsgroups as newsgroups

    text = newsgroups.strip_newsgroup_header(text)
    text = newsgroups.strip_newsgroup_footer(text)
    return str(newsgroups.strip_newsgroup_quoting(text))


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
