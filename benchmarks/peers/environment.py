"""The virtual environment of the peers that the project itself does not need, made when the first of them is asked."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from benchmarks.bench import CODE_ROOT
from benchmarks.processes import MeasurementError

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
FOLDER = Path(__file__).resolve().parents[1] / ".venv-peers"
MARKER = "installed.txt"
"""In the environment: the requirements as they were installed."""


@cache
def pinned() -> dict[str, str]:
    """The peers with their exact versions."""
    lines = (line.partition("#")[0].strip() for line in REQUIREMENTS.read_text().splitlines())
    return dict(line.split("==", 1) for line in lines if line)


def peers_python(folder: Path = FOLDER) -> Path:
    """The Python of the peers' environment, which is made if it is not there, and made anew if the versions changed.

    Raises:
        MeasurementError: a peer cannot be installed here.
    """
    python, marker = folder / "bin" / "python", folder / MARKER
    wanted = REQUIREMENTS.read_text()
    if marker.is_file() and marker.read_text() == wanted:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(folder)])
    _run([str(python), "-m", "pip", "install", "--quiet", "--requirement", str(REQUIREMENTS)])
    marker.write_text(wanted)
    return python


def _run(command: list[str]) -> None:
    done = subprocess.run(command, env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}, stdout=subprocess.DEVNULL)
    if done.returncode:  # why, pip has said on the terminal
        raise MeasurementError(f"pip cannot install {REQUIREMENTS.relative_to(CODE_ROOT)} here")
