"""`data/source.lock`: what the URLs of corpus.sources led to when they were last asked, so that a change can be seen.

The download stage depends on this file; `retrain` refreshes it before it asks what is stale. JSON, by URL an object of
`etag`, `last_modified`, `size`, `sha256`. The sha256 stands where it is pinned by params, where the file is local, and
where a server tells neither ETag nor Last-Modified, so that nothing but its content says that it changed.
"""

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tasks.sources.params import SourceParams, UrlSource
from tasks.sources.transfer import TransferOptions, fetch, head
from tasks.sources.urls import local_path, shown_url
from tasks.storage.atomic import write_json
from tasks.storage.hashing import file_sha256


def refresh_source_lock(lock: Path, sources: Iterable[SourceParams], options: TransferOptions) -> bool:
    """Asks every URL among `sources` what it leads to, and writes `lock` if an answer is new.

    Args:
        lock: `data/source.lock`.
        sources: corpus.sources; those that are no URLs, or have the weight 0, are passed over.
        options: how patient to be.

    Returns:
        Whether the file changed.

    Raises:
        InputError: a URL cannot be asked; the file stays as it was.
    """
    observed = {
        shown_url(source.url): _observe(source, lock.parent, options)
        for source in sources
        if isinstance(source, UrlSource) and source.weight > 0
    }
    if _read(lock) == observed:
        return False
    write_json(lock, observed)
    return True


def _observe(source: UrlSource, data: Path, options: TransferOptions) -> dict[str, Any]:
    seen: dict[str, Any] = {"etag": None, "last_modified": None, "size": None, "sha256": source.sha256}
    path = local_path(source.url)
    if path is not None:
        return seen | {"size": path.stat().st_size, "sha256": file_sha256(path)}
    if source.sha256 is not None:  # whatever the server says, nothing else will be used
        return seen
    headers = head(source.url, options)
    length = headers.get("Content-Length", "")
    seen |= {"etag": headers.get("ETag"), "last_modified": headers.get("Last-Modified")}
    seen["size"] = int(length) if length.isdecimal() else None
    if seen["etag"] is None and seen["last_modified"] is None:
        work = data / ".work"
        work.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=work) as folder:
            target = Path(folder) / "observed"
            seen |= {"sha256": fetch(source.url, target, None, options), "size": target.stat().st_size}
    return seen


def _read(lock: Path) -> object:
    try:
        return json.loads(lock.read_text("utf-8"))
    except (OSError, ValueError):
        return None
