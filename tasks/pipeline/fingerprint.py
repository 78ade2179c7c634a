"""What a stage's result depends on, as one hash: its params, the content of its inputs, its own source files.

"The file exists" is never enough: a changed knob, a changed document or a fixed bug gives another fingerprint, and
unfinished work of another fingerprint is never taken up.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tasks.errors import InputError
from tasks.pipeline.stage import Context, Stage
from tasks.storage.hashing import file_sha256, json_sha256

CODE_ROOT = Path(__file__).resolve().parents[2]
"""The folder that the names in `Stage.code` are relative to."""


def provenance(stage: Stage, context: Context) -> dict[str, Any]:
    """Everything that determines the stage's result: {"stage", "params", "inputs": {name: sha256}, "code": sha256}.

    Raises:
        InputError: an input is not there.
    """
    inputs = list(stage.inputs(context))
    for path in inputs:
        if not path.is_file():
            raise InputError(f"{path}: the input of stage {stage.name} is not there; run the stage that writes it")
    with ThreadPoolExecutor(context.threads) as pool:
        hashes = list(pool.map(file_sha256, inputs))
    return {
        "stage": stage.name,
        "params": {name: section.determining() for name, section in sorted(context.sections.items())},
        "inputs": {shown(path, context.data): found for path, found in zip(inputs, hashes, strict=True)},
        "code": code_digest(stage),
    }


def code_digest(stage: Stage) -> str:
    """The SHA-256 over the names and contents of the stage's source files."""
    return json_sha256({name: file_sha256(CODE_ROOT / name) for name in sorted(stage.code)})


def fingerprint(made_from: dict[str, Any]) -> str:
    """The hash of `provenance`, 16 hex digits."""
    return json_sha256(made_from)[:16]


def shown(path: Path, data: Path) -> str:
    """A path as manifests name it: below data/, else below the project, else as it is (a user's own corpus)."""
    for root, prefix in ((data, "data/"), (CODE_ROOT, "")):
        if path.is_relative_to(root):
            return prefix + path.relative_to(root).as_posix()
    return path.as_posix()
