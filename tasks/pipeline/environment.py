"""The part of a run that params, inputs and code do not determine: versions, processor, date. Goes to run.json only."""

import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

LIBRARIES = ("numpy", "pyarrow", "numba", "llvmlite", "tensorflow", "gensim", "scikit-learn")


def describe() -> dict[str, Any]:
    """{"finished", "python", "libraries", "processor"}: what explains a difference between two runs."""
    return {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "libraries": {name: found for name in LIBRARIES if (found := _version(name))},
        "processor": processor(),
    }


def processor() -> dict[str, Any]:
    """The processor's name and the vector instructions that decide which machine code numba makes."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return {"name": platform.processor(), "features": []}
    entries = dict(line.split(":", 1) for line in text.split("\n\n")[0].splitlines() if ":" in line)
    fields = {key.strip(): value.strip() for key, value in entries.items()}
    features = [flag for flag in fields.get("flags", "").split() if flag.startswith(("avx", "fma", "sse4"))]
    return {"name": fields.get("model name", platform.machine()), "features": features}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
