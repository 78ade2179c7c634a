"""A Prefect server of our own, on localhost: for as long as a run lasts, or for as long as `wordloom serve` does.

One is started for a whole run and its address is handed down in PREFECT_API_URL: left to itself, Prefect starts a
server in every worker process. Where PREFECT_API_URL is set already, that server is used and none is started.

`python -m flows.server KIND PORT PARENT` is that server, KIND being `passing` (for one run: no dashboard, no schedules)
or `lasting`. It watches its parent and ends with it, however the parent ends.
"""

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import httpx

from tasks.errors import WordloomError
from tasks.interruption import leave_if_asked
from tasks.pipeline.workers import die_with

logger = logging.getLogger("wordloom")

START_SECONDS = 90.0
SEND_SECONDS = 10.0


@contextmanager
def own_server(meanwhile: Callable[[], object] | None = None) -> Iterator[str]:
    """Yields the address of the Prefect API that this run uses; starts and ends a server if none is set.

    Args:
        meanwhile: done while the server starts, with PREFECT_API_URL set already: the slow import of the flows.

    Raises:
        WordloomError: the server does not answer in time; the text says where its output lies.
    """
    configured = os.environ.get("PREFECT_API_URL")
    if configured:
        yield configured
        return
    logger.info("starting a Prefect server for this run")
    port = free_port()
    os.environ["PREFECT_API_URL"] = _address(port)
    try:
        log = Path(os.environ["PREFECT_HOME"]) / "own-server.log"
        process, address = start_server("passing", port, log, meanwhile)
        try:
            yield address
        finally:
            _send_what_is_left()
            stop(process)
    finally:
        del os.environ["PREFECT_API_URL"]


def start_server(
    kind: Literal["passing", "lasting"], port: int, log: Path, meanwhile: Callable[[], object] | None = None
) -> tuple[subprocess.Popen[bytes], str]:
    """Starts a server that ends with this process, and waits until it answers.

    Args:
        kind: "passing" for one run, "lasting" with dashboard and schedules.
        port: a free one on localhost.
        log: where its output goes.
        meanwhile: done while the server starts.

    Returns:
        The process, and the address of its API.

    Raises:
        WordloomError: it does not answer in time; the text says where its output lies.
    """
    process = start_child("flows.server", [kind, str(port), str(os.getpid())], log)
    address = _address(port)
    try:
        if meanwhile is not None:
            meanwhile()
        _wait_until_healthy(address, process, log)
    except BaseException:
        stop(process)
        raise
    return process, address


def _send_what_is_left() -> None:
    """Sends the events and log lines that Prefect still holds, while there is a server that takes them.

    Left to the end of the process, it would try to reach the server that is gone, for the better part of a minute.
    """
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    for service in (EventsWorker, APILogWorker):
        service.drain_all(timeout=SEND_SECONDS)


def _address(port: int) -> str:
    return f"http://127.0.0.1:{port}/api"


def start_child(module: str, arguments: list[str], log: Path) -> subprocess.Popen[bytes]:
    """Starts `python -m module`, its output in `log`, out of reach of a Ctrl-C that is meant for this process."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab") as output:  # what an earlier one said before it ended stays to be read
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip


def stop(process: subprocess.Popen[bytes], seconds: float = 10.0) -> None:
    """Ends a process that we started: asks, waits, then kills."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port on localhost that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_healthy(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        leave_if_asked()
        try:
            if httpx.get(f"{address}/health", timeout=5.0).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise WordloomError(f"{log}: the Prefect server did not start; its output is there")


def _serve(kind: str, port: int, parent: int) -> None:
    die_with(parent)
    os.environ["PREFECT__SERVER_FINAL"] = "1"
    if kind == "lasting":
        os.environ["PREFECT_SERVER_UI_API_URL"] = f"http://127.0.0.1:{port}/api"
    else:  # no page is asked of a server that lives for one run, and no schedule is kept by it
        os.environ["PREFECT_SERVER_UI_ENABLED"] = "false"
        os.environ["PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED"] = "false"
        os.environ["PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED"] = "false"
        os.environ["PREFECT__SERVER_EPHEMERAL"] = "1"
    import uvicorn

    uvicorn.run("prefect.server.api.server:create_app", factory=True, host="127.0.0.1", port=port, log_level="error")


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
