"""What a URL of corpus.sources means: its name as people and file formats see it, and its path if it is file:."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import url2pathname

from tasks.errors import InputError


def shown_url(url: str) -> str:
    """The URL without a user's name and password, for messages and files."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def source_name(url: str) -> str:
    """The shown URL without query and fragment, so that it ends in the file's name."""
    return urlunsplit(urlsplit(shown_url(url))._replace(query="", fragment=""))


def file_name(url: str) -> str:
    """The last part of the URL's path, with nothing in it but letters, digits, dots, dashes and underscores."""
    last = unquote(urlsplit(url).path).rpartition("/")[2]
    return re.sub(r"[^A-Za-z0-9._-]", "_", last)[-80:].lstrip(".") or "download"


def local_path(url: str) -> Path | None:
    """The path of a file: URL; None for http and https.

    Raises:
        InputError: it names another host, or no file is there.
    """
    parts = urlsplit(url)
    if parts.scheme != "file":
        return None
    if parts.netloc not in ("", "localhost"):
        raise InputError(f"{url}: names another host; write file:///path")
    path = Path(url2pathname(parts.path))
    if not path.is_file():
        raise InputError(f"{path}: no such file; corpus.sources names it as {url}")
    return path
