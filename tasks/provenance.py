"""The way back from vectors to their corpus: manifest by manifest, each naming the hashes of what it was made from."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.errors import InputError
from tasks.storage.hashing import file_sha256

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Origin:
    """A link of the chain.

    Attributes:
        folder: where the stage's artifacts lie.
        manifest: what they were made from: params, input hashes, code digest.
        current: whether what lies there now is what the traced artifact was made from; False after the stage has run
            again since, or after a file was changed by hand.
    """

    folder: Path
    manifest: dict[str, Any]
    current: bool

    def given(self) -> dict[str, str]:
        """The SHA-256 of each input that no stage has written: the corpus, a list of stopwords."""
        data = data_folder(self.folder)
        inputs: dict[str, str] = self.manifest["inputs"]
        return {name: sha256 for name, sha256 in inputs.items() if _written(data, name) is None}


def trace(path: Path) -> list[Origin]:
    """The manifests behind an artifact, its own first and the corpus last.

    Args:
        path: a file or folder of a stage's results, for example data/export/sgns/vectors.w2v.txt.

    Raises:
        InputError: there is nothing at `path`, no stage wrote it, or a manifest is damaged.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    folder = path if path.is_dir() else path.parent
    if not (folder / MANIFEST).is_file():
        raise InputError(f"{folder}: no {MANIFEST} here; only what the pipeline wrote can be traced")
    outputs: dict[str, str] = _read(folder / MANIFEST)["outputs"]
    if path.is_dir():
        wanted = outputs
    elif path.name in outputs:
        wanted = {path.name: outputs[path.name]}
    else:
        raise InputError(f"{path}: not in the {MANIFEST} beside it; only what the pipeline wrote can be traced")
    intact = all((folder / name).is_file() and file_sha256(folder / name) == sha for name, sha in wanted.items())
    chain: dict[Path, Origin] = {}
    _follow(data_folder(folder), folder.resolve(), intact, chain)
    return list(reversed(chain.values()))


def data_folder(folder: Path) -> Path:
    """The data folder that a stage's folder lies in: the nearest one above that holds download/."""
    for candidate in folder.resolve().parents:
        if (candidate / "download" / MANIFEST).is_file():
            return candidate
    return folder.resolve().parent


def _follow(data: Path, folder: Path, current: bool, chain: dict[Path, Origin]) -> None:
    """Adds what `folder` was made from, the farthest first, then `folder` itself."""
    manifest = _read(folder / MANIFEST)
    needed: dict[Path, dict[str, str]] = {}
    for name, sha256 in manifest["inputs"].items():
        above = _written(data, name)
        if above is not None and above != folder:
            needed.setdefault(above, {})[name] = sha256
    for above, wanted in needed.items():
        same = all(_hash_of(data, above, name) == sha256 for name, sha256 in wanted.items())
        if above not in chain:
            _follow(data, above, same, chain)
        elif not same:
            chain[above] = Origin(above, chain[above].manifest, current=False)
    chain[folder] = Origin(folder, manifest, current)


def _hash_of(data: Path, folder: Path, name: str) -> str | None:
    """The hash of an input as its own stage's manifest states it; of what stands in no manifest (metrics), as it is."""
    file = data / name.removeprefix("data/")
    outputs: dict[str, str] = _read(folder / MANIFEST)["outputs"]
    stated = outputs.get(file.relative_to(folder).as_posix())
    return stated if stated or not file.is_file() else file_sha256(file)


def _written(data: Path, name: str) -> Path | None:
    """The folder of the stage that wrote an input; None if none did."""
    if not name.startswith("data/"):
        return None
    for candidate in (data / name.removeprefix("data/")).parents:
        if candidate == data:
            return None
        if (candidate / MANIFEST).is_file():
            return candidate
    return None


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
        if isinstance(content, dict) and all(isinstance(content[name], dict) for name in ("inputs", "outputs")):
            return content
    except (OSError, ValueError, KeyError):
        pass
    raise InputError(f"{path}: damaged; run the stage that writes it again")
