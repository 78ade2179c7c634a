"""DVC as the ledger: asked before a run what is stale, told after it what was made.

Prefect and DVC never run each other.
"""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tasks.errors import WordloomError
from tasks.pipeline.fingerprint import provenance
from tasks.request import Request
from tasks.stages import stages
from tasks.storage.hashing import file_sha256

logger = logging.getLogger("wordloom")

Snapshot = dict[str, Any]


def refuse_inside_dvc() -> None:
    """A flow records what it made with DVC, so it cannot be a stage of DVC itself.

    Raises:
        WordloomError: this process runs inside `dvc repro` or `dvc exp run`.
    """
    if "DVC_STAGE" in os.environ:
        raise WordloomError(
            f"a flow cannot run inside the DVC stage {os.environ['DVC_STAGE']}; DVC stages call python -m tasks NAME"
        )


def is_clean(root: Path) -> bool:
    """Whether `dvc status` has nothing to say: dvc.lock names what lies in data/."""
    status = _dvc(root, "status", "--json")
    return bool(json.loads(status or "{}") == {})


def snapshot(asked: Request) -> Snapshot:
    """What the run's results depend on from outside: params, the pipeline's file, each stage's code, the raw corpus."""
    first, *later = stages()
    return {
        "files": {name: file_sha256(asked.root / name) for name in ("params.yaml", "dvc.yaml")},
        "source": provenance(first, asked.context(first)),
        "code": {stage.name: {name: file_sha256(asked.root / name) for name in stage.code} for stage in later},
    }


def record(asked: Request, before: Snapshot) -> bool:
    """Writes what was made into dvc.lock and the cache, and pushes it where a remote is the default.

    Args:
        before: the snapshot from the start of the run.

    Returns:
        False, with nothing written, if params, code or corpus are no longer those of the start.
    """
    if snapshot(asked) != before:
        logger.warning(
            "params, code or corpus changed while the run was at work: nothing was recorded with DVC; run again"
        )
        return False
    if not (asked.root / ".dvc").is_dir():
        logger.warning("%s is not a DVC project: nothing was recorded", asked.root)
        return False
    _dvc(asked.root, "commit", "--force")
    if _dvc(asked.root, "config", "core.remote", check=False).strip():
        _dvc(asked.root, "push")
    return True


def _dvc(root: Path, *arguments: str, check: bool = True) -> str:
    """Runs dvc and returns what it printed.

    Raises:
        WordloomError: it failed; with the last line that it wrote.
    """
    done = subprocess.run([sys.executable, "-m", "dvc", *arguments], cwd=root, capture_output=True, text=True)
    if check and done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise WordloomError(f"dvc {' '.join(arguments)} failed: {said[-1]}")
    return done.stdout
