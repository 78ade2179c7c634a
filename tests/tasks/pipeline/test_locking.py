"""One run at a time on a data folder, whoever started it and however it ends."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tasks.errors import BusyError
from tasks.pipeline.locking import exclusive

HOLDER = """
import sys, time
from pathlib import Path
from tasks.pipeline.locking import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def _holder(data: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(data)], stdout=subprocess.PIPE, env=os.environ)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_the_second_run_says_so_and_leaves(tmp_path: Path) -> None:
    holder = _holder(tmp_path)
    try:
        with (
            pytest.raises(BusyError, match=rf"another run is at work here \(process {holder.pid}"),
            exclusive(tmp_path),
        ):
            pass
    finally:
        holder.kill()
        holder.wait()


def test_a_killed_run_leaves_no_lock(tmp_path: Path) -> None:
    holder = _holder(tmp_path)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with exclusive(tmp_path):
        pass


def test_a_scheduled_run_waits(tmp_path: Path) -> None:
    holder = _holder(tmp_path)
    threading.Timer(1.0, holder.kill).start()
    started = time.monotonic()
    with exclusive(tmp_path, wait=True):
        assert time.monotonic() - started > 0.9
    holder.wait()
