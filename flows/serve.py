"""`wordloom serve`: a Prefect server with its dashboard, a worker and the deployments of prefect.yaml, on this machine.

Everything listens on localhost only and keeps its state in PREFECT_HOME. Whatever a kill left behind is settled
first, so that the next run starts. The server or the worker that ends by itself is started again. All of it ends with
this process, however that ends.
"""

import logging
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from flows import settings
from flows.notify import notify
from flows.overdue import OverdueWatch, retrain_params
from flows.server import start_child, start_server, stop
from tasks.errors import BusyError, InputError, WordloomError
from tasks.interruption import leave_if_asked
from tasks.pipeline.locking import exclusive
from tasks.request import request

logger = logging.getLogger("wordloom")

LOOK_SECONDS = 60.0
"""Between two looks whether the retraining is overdue."""

LEAVE_SECONDS = 60.0
"""For a run to save its work when all of this is asked to end."""

STEADY_SECONDS = 60.0
"""What ends by itself sooner than this after its start is not started again: it would only fail again."""


def serve(root: Path, port: int) -> None:
    """Serves until told to stop.

    Args:
        root: the project's folder.
        port: of the server and its dashboard, on localhost.

    Raises:
        InputError: the port is taken, or PREFECT_API_URL names a server already.
        BusyError: another one serves from the same PREFECT_HOME.
        WordloomError: server or worker cannot be started; the text names their output.
        Interrupted: always in the end: the signal that asked for it.
    """
    settings.apply(root)
    if "PREFECT_API_URL" in os.environ:
        raise InputError(
            f"PREFECT_API_URL is {os.environ['PREFECT_API_URL']}: to use that server, run prefect --no-prompt deploy "
            "--all and prefect worker start --pool wordloom; to start one here, unset it"
        )
    home = Path(os.environ["PREFECT_HOME"])
    watch = OverdueWatch()
    with _alone(home):
        while True:
            _require_free(port)
            started = time.monotonic()
            with _serving(root, port, home) as children:
                ended = _attend(root, children, watch)
            message = f"the {ended} ended by itself; its output is in {home / f'{ended}.log'}"
            if time.monotonic() - started < STEADY_SECONDS:
                raise WordloomError(message)
            logger.error("%s; starting again", message)


@contextmanager
def _serving(root: Path, port: int, home: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Server and worker, by name, with the deployments in place; both are ended, the worker first."""
    logger.info("starting a Prefect server")
    server, address = start_server("lasting", port, home / "server.log")
    try:
        os.environ["PREFECT_API_URL"] = address
        from flows import pool  # reads PREFECT_API_URL when it is imported

        for flow, run in pool.settle():
            if flow == "retrain":
                notify(retrain_params(request(root=root)), "failed", f"retraining {run} was killed")
        leave_if_asked()
        pool.prepare_pool()
        pool.deploy(root)
        leave_if_asked()
        worker = start_child("flows.worker", [str(os.getpid())], home / "worker.log")
        try:
            _welcome(root, address, home)
            yield {"server": server, "worker": worker}
        finally:
            stop(worker, LEAVE_SECONDS)
    finally:
        del os.environ["PREFECT_API_URL"]
        stop(server)


def _attend(root: Path, children: dict[str, subprocess.Popen[bytes]], watch: OverdueWatch) -> str:
    """Looks after the children and the date of the last success; returns the name of a child that has ended."""
    looked = float("-inf")
    while True:
        for name, process in children.items():
            if process.poll() is not None:
                return name
        if time.monotonic() - looked >= LOOK_SECONDS:
            looked = time.monotonic()
            try:
                watch.look(request(root=root))
            except WordloomError as error:  # someone is editing params.yaml
                logger.warning("%s", error)
        leave_if_asked()
        time.sleep(0.2)


def _welcome(root: Path, address: str, home: Path) -> None:
    print(f"dashboard: {address.removesuffix('/api')}")
    deployments: list[dict[str, Any]] = yaml.safe_load((root / "prefect.yaml").read_text("utf-8"))["deployments"]
    for each in deployments:
        when = ", ".join(f"cron {schedule['cron']}, {schedule['timezone']}" for schedule in each.get("schedules", ()))
        print(f"deployment {each['name']}/{each['name']}: {when or 'on demand'}")
    print(f"to start one: the dashboard, or PREFECT_API_URL={address} prefect deployment run train/train")
    print(f"output of server and worker: {home / 'server.log'}, {home / 'worker.log'}")
    print("Ctrl-C ends all of it", flush=True)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Holds PREFECT_HOME: a second worker's runs would look like abandoned ones to the first."""
    try:
        with exclusive(home / "serve"):
            yield
    except BusyError:
        raise BusyError(f"{home}: another wordloom serve is at work here; use its dashboard, or end it first") from None


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise InputError(f"port {port} is taken; choose another: wordloom serve --port {port + 1}") from None
