"""Fetches one file over http(s): resumes, retries, verifies, and only then lets the file appear under its name.

The unfinished file is `<target>.partial`, beside it `<target>.partial.json` says what it is a part of (URL, ETag or
Last-Modified, size); both survive a kill. A request to go on carries If-Range, so that a file that changed meanwhile is
sent whole and never glued to a part of the old one; a server that ignores Range sends it whole too. Bytes are asked
for as they are (`Accept-Encoding: identity`), or sizes and offsets would mean something else.
"""

import json
import logging
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tasks.errors import InputError
from tasks.interruption import leave_if_asked
from tasks.progress import progress
from tasks.sources.urls import file_name, shown_url
from tasks.storage.atomic import sync, write_json
from tasks.storage.hashing import file_sha256

logger = logging.getLogger("wordloom")

MAX_PAUSE = 60.0
"""Seconds; the back-off doubles up to here."""

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be another one at the next try (RFC 9110)."""


@dataclass(frozen=True)
class TransferOptions:
    """How patient a download is: tries after the first, seconds before the second, seconds of silence."""

    retries: int = 5
    backoff: float = 1.0
    timeout: float = 30.0


class _PassingError(Exception):
    """This try failed in a way that the next one may not."""


def fetch(url: str, target: Path, sha256: str | None, options: TransferOptions) -> str:
    """Downloads `url` to `target`.

    Args:
        url: http:// or https://.
        target: where the whole, verified file appears, atomically.
        sha256: what it must be, in hexadecimal, or None.
        options: retries, back-off, time limit.

    Returns:
        The SHA-256 of the file.

    Raises:
        InputError: the server refuses, every try failed, or the content is not what `sha256` pins.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    note = target.with_name(target.name + ".partial.json")
    with httpx.Client(timeout=options.timeout, follow_redirects=True) as client:
        for attempt in range(options.retries + 1):
            try:
                resumed = _receive(client, url, partial, note, pinned=sha256 is not None)
                found = file_sha256(partial)
                if sha256 is not None and found != sha256:
                    _discard(partial, note)
                    if resumed:  # the parts may be of two files; only what came in one piece proves the source wrong
                        raise _PassingError("the resumed file has a wrong sha256")
                    raise InputError(
                        f"{shown_url(url)}: sha256 is {found}, params.yaml pins {sha256}; "
                        "the file was changed or damaged: if you trust the new one, pin its sum"
                    )
                break
            except (_PassingError, httpx.TransportError) as error:
                if attempt == options.retries:
                    raise InputError(
                        f"{shown_url(url)}: not fetched in {attempt + 1} tries, the last: {_reason(error)}; check the "
                        "network and the address, the same command goes on from where it stopped"
                    ) from None
                pause = min(options.backoff * 2**attempt, MAX_PAUSE)
                logger.info("download: %s: %s, next try in %g s", shown_url(url), _reason(error), pause)
                time.sleep(pause)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise InputError(f"{shown_url(url)}: cannot be fetched ({_reason(error)}); check the address") from None
    sync(partial)
    partial.replace(target)
    sync(target.parent)
    note.unlink(missing_ok=True)
    return found


def head(url: str, options: TransferOptions) -> httpx.Headers:
    """The headers of what `url` leads to now.

    Raises:
        InputError: it cannot be asked, after all tries.
    """
    with httpx.Client(timeout=options.timeout, follow_redirects=True) as client:
        for attempt in range(options.retries + 1):
            try:
                response = client.head(url, headers={"Accept-Encoding": "identity"})
                if response.status_code not in TRANSIENT:
                    return response.headers if response.is_success else httpx.Headers()
                reason = _answer(response)
            except httpx.TransportError as error:
                reason = _reason(error)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise InputError(f"{shown_url(url)}: cannot be fetched ({_reason(error)}); check the address") from None
            if attempt < options.retries:
                time.sleep(min(options.backoff * 2**attempt, MAX_PAUSE))
    raise InputError(f"{shown_url(url)}: no answer in {options.retries + 1} tries, the last: {reason}; try again later")


def _receive(client: httpx.Client, url: str, partial: Path, note: Path, pinned: bool) -> bool:
    """One try: brings `partial` to its whole length. Returns whether a part of it came from an earlier try."""
    known = _read_note(note, url)
    have = partial.stat().st_size if partial.exists() and known is not None else 0
    validator = known and (known["etag"] or known["last_modified"])
    if not (validator or pinned):  # nothing would tell a changed file
        have = 0
    if have and known and known["size"] == have:  # whole, but the run was killed before it was put in place
        return True
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if validator:
            headers["If-Range"] = validator
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code in TRANSIENT:
            raise _PassingError(_answer(response))
        if response.status_code == 206 and have:
            total = _checked_range(response, have, known or {}, partial, note)
        elif response.status_code == 200:
            have, total = 0, _content_length(response)
            partial.write_bytes(b"")
            write_json(note, {"url": url, "size": total} | _validators(response))
        else:
            _discard(partial, note)
            if response.status_code in (206, 416):
                raise _PassingError(f"the server answers {_answer(response)} to a request for the whole")
            raise InputError(f"{shown_url(url)}: the server answers {_answer(response)}; check the address")
        with progress(file_name(url), total, "B") as advance, open(partial, "ab") as file:
            advance(have)
            for piece in response.iter_raw():
                leave_if_asked()
                file.write(piece)
                advance(len(piece))
    size = partial.stat().st_size
    if total is not None and size != total:
        if size > total:
            _discard(partial, note)
        raise _PassingError(f"{size} bytes came, {total} were announced")
    return have > 0


def _checked_range(response: httpx.Response, have: int, known: dict[str, Any], partial: Path, note: Path) -> int | None:
    """The total length that a 206 names; anything that is not the rest of the known file is thrown away."""
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "").strip())
    now = _validators(response)
    same = all(known.get(key) is None or now[key] in (None, known[key]) for key in ("etag", "last_modified"))
    total = int(match[2]) if match and match[2] != "*" else known.get("size")
    if match is None or int(match[1]) != have or not same or known.get("size") not in (None, total):
        _discard(partial, note)
        raise _PassingError("the file changed on the server between two tries")
    return total


def _validators(response: httpx.Response) -> dict[str, str | None]:
    """What tells this version of the file from another: a strong ETag, else Last-Modified."""
    etag = response.headers.get("ETag")
    strong = etag if etag and not etag.startswith("W/") else None
    return {"etag": strong, "last_modified": response.headers.get("Last-Modified")}


def _content_length(response: httpx.Response) -> int | None:
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _read_note(note: Path, url: str) -> dict[str, Any] | None:
    try:
        content = json.loads(note.read_text("utf-8"))
        return content if content["url"] == url and {"etag", "last_modified", "size"} <= set(content) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _discard(partial: Path, note: Path) -> None:
    partial.unlink(missing_ok=True)
    note.unlink(missing_ok=True)


def _answer(response: httpx.Response) -> str:
    return f"{response.status_code} {response.reason_phrase}".strip()


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
