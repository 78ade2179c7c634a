"""Where the project lies, and where a run's artifacts go."""

import os
from pathlib import Path

from tasks.errors import InputError


def project_root() -> Path:
    """The project's folder: WORDLOOM_ROOT, else the nearest one above the current folder, else above this file.

    Raises:
        InputError: none of them does (wordloom is installed editable, from a clone).
    """
    named = os.environ.get("WORDLOOM_ROOT")
    if named:
        candidates = [Path(named).resolve()]
    else:
        here = Path.cwd()
        candidates = [here, *here.parents, Path(__file__).resolve().parents[1]]
    for folder in candidates:
        if (folder / "params.yaml").is_file() and (folder / "dvc.yaml").is_file():
            return folder
    raise InputError(
        f"{candidates[0]}: no params.yaml here or above; run inside a clone of wordloom, or set WORDLOOM_ROOT"
    )
