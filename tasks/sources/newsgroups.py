"""20 Newsgroups by scikit-learn's own download: the training posts as one Parquet file."""

import shutil
from http.client import HTTPException
from pathlib import Path

import pyarrow as pa

from tasks.errors import InputError
from tasks.storage.parquet import write_table
from tasks.storage.schemas import DOCUMENTS


def fetch_newsgroups(target: Path, cache: Path, remove: tuple[str, ...], retries: int, backoff: float) -> str:
    """Downloads the collection and writes its training half to `target`, in scikit-learn's order (random_state=1).

    scikit-learn keeps a pickle in its cache; `cache` is emptied first, so that none is ever read that came from
    elsewhere. It verifies the archive's SHA-256 itself.

    Args:
        target: the Parquet file, written atomically.
        cache: a folder of the caller's own.
        remove: some of "headers", "footers", "quotes".
        retries: how often scikit-learn tries again.
        backoff: seconds between two tries.

    Returns:
        The SHA-256 of the archive that it came from.

    Raises:
        InputError: the download fails.
    """
    from sklearn.datasets import _twenty_newsgroups as newsgroups

    shutil.rmtree(cache, ignore_errors=True)
    try:
        posts = newsgroups.fetch_20newsgroups(
            data_home=cache,
            subset="train",
            shuffle=True,
            random_state=1,
            remove=remove,
            n_retries=retries,
            delay=backoff,
        )
    except (OSError, HTTPException) as error:  # URLError, a wrong checksum; a full disk too, which stays what it is
        if isinstance(error, OSError) and error.errno is not None and not isinstance(error, ConnectionError):
            raise
        raise InputError(
            f"20newsgroups: scikit-learn's download fails ({error}); "
            "check the network, or use kind: bundled, which is the same corpus"
        ) from None
    count = len(posts.data)
    columns = [
        pa.array(range(count), pa.int64()),
        pa.array(posts.data, pa.string()),
        pa.array([posts.target_names[index] for index in posts.target], pa.string()),
        pa.array(["train"] * count, pa.string()),
    ]
    write_table(target, pa.Table.from_arrays(columns, schema=DOCUMENTS))
    shutil.rmtree(cache)
    return str(newsgroups.ARCHIVE.checksum)
