"""The way back from vectors to their corpus: manifest by manifest, each naming the hashes of what it was made from."""

import json
from pathlib import Path
from typing import Any

from tasks.errors import InputError


def trace(path: Path) -> list[dict[str, Any]]:
    """The manifests behind an artifact, its own first and the corpus last.

    Args:
        path: a file or folder of a stage's results, for example data/export/sgns/vectors.w2v.txt.

    Raises:
        InputError: no manifest lies beside it.
    """
    folder = path if path.is_dir() else path.parent
    if not (folder / "manifest.json").is_file():
        raise InputError(f"{folder}: no manifest.json here; only what the pipeline wrote can be traced")
    data = _data_folder(folder)
    chain: list[dict[str, Any]] = []
    pending = [folder]
    while pending:
        current = pending.pop(0)
        manifest = json.loads((current / "manifest.json").read_text("utf-8"))
        if manifest in chain:
            continue
        chain.append(manifest)
        for name in manifest["inputs"]:
            if name.startswith("data/"):
                above = _stage_folder(data, data / name.removeprefix("data/"))
                if above is not None and above not in pending and above != current:
                    pending.append(above)
    return chain


def _data_folder(folder: Path) -> Path:
    """The data folder that a stage's folder lies in: the nearest one above that holds download/."""
    for candidate in folder.resolve().parents:
        if (candidate / "download" / "manifest.json").is_file():
            return candidate
    return folder.resolve().parent


def _stage_folder(data: Path, file: Path) -> Path | None:
    for candidate in file.parents:
        if candidate == data:
            return None
        if (candidate / "manifest.json").is_file():
            return candidate
    return None
