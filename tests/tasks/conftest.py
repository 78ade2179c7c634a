"""A real HTTP server on localhost that can be told to misbehave."""

import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Misbehaving:
    """What the server serves at every path, and how it fails; tests change it between and during requests.

    Attributes:
        body: the file.
        fail: statuses to answer the next requests with, before anything is served.
        cut: after how many bytes of the body the next responses break off.
        ranges: whether Range is honoured.
        if_range: whether If-Range is honoured; a server that does not glues files together.
        validators: whether ETag and Last-Modified are sent.
        length: whether Content-Length is sent.
        then: the file that replaces `body` after the next response.
        requests: "METHOD Range-header" of each request so far.
        answers: the status of each answer so far.
    """

    body: bytes = b""
    fail: list[int] = field(default_factory=list)
    cut: list[int] = field(default_factory=list)
    ranges: bool = True
    if_range: bool = True
    validators: bool = True
    length: bool = True
    then: bytes | None = None
    requests: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    url: str = ""

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'


class _Handler(BaseHTTPRequestHandler):
    state: Misbehaving

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, with_body: bool) -> None:
        state = self.state
        asked = self.headers.get("Range", "")
        state.requests.append(f"{self.command} {asked}".strip())
        if state.fail:
            state.answers.append(state.fail[0])
            self.send_response(state.fail.pop(0))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body, status, start = state.body, 200, 0
        match = re.fullmatch(r"bytes=(\d+)-", asked)
        wanted = self.headers.get("If-Range")
        if match and state.ranges and (wanted in (None, state.etag) or not state.if_range):
            status, start = 206, int(match[1])
        if start > 0 and start >= len(body):
            status = 416
        state.answers.append(status)
        self.send_response(status)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        if state.validators:
            self.send_header("ETag", state.etag)
            self.send_header("Last-Modified", formatdate(0, usegmt=True))
        payload = b"" if status == 416 else body[start:]
        if state.length:
            self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if with_body:
            if state.cut:
                payload = payload[: state.cut.pop(0)]
            self.wfile.write(payload)
            if state.then is not None:
                state.body, state.then = state.then, None
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: pytest's output is for failures."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Misbehaving]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    state = Misbehaving()
    http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    state.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield state
    http.shutdown()
    http.server_close()
    thread.join()
