"""The result file of a row: what is in it, what it depends on, and whether that is still what it was.

It is written after every round, so that a row that was killed goes on with the next round. It is outdated when what it
depends on has another digest: the params, the code and the versions that its figures come from, and the corpus. The
machine is not among it: each round says where it ran, and `--force` measures anew.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.bench import CODE_ROOT, Bench
from benchmarks.peers.environment import pinned
from benchmarks.row import Row
from benchmarks.summary import summarise
from tasks.errors import InputError
from tasks.models import MODELS, ModelName
from tasks.pipeline.environment import describe
from tasks.pipeline.fingerprint import code_digest
from tasks.pipeline.workers import cores
from tasks.request import request
from tasks.stages import stage
from tasks.storage.atomic import write_json
from tasks.storage.hashing import file_sha256, json_sha256

PROFILE = "large"
"""Word2vec's settings: what the peers know too."""

PARAMS = ("clean", "tokenize", "skipgrams", "train")
"""The sections of params.yaml that the figures of any row with stages may depend on."""

OWN_PARAMS = ("cooccurrences",)
"""Sections of the rows alone that have the stage."""

SEEDS, MORE_SEEDS = 3, 5
"""Rounds of a row whose verdict on quality counts, and where that many leave one open."""

HOW_IT_IS_RUN = ("checkpoint_seconds", "wanted_by")
"""Params that no figure is meant to depend on."""

OWN_CODE: Mapping[str, tuple[ModelName, ...]] = {
    "tasks/kernels/cbow_numba.py": ("cbow",),
    "tasks/kernels/fasttext_learner.py": ("fasttext",),
    "tasks/kernels/fasttext_numba.py": ("fasttext",),
    "tasks/kernels/glove_learner.py": ("glove",),
    "tasks/kernels/glove_numba.py": ("glove",),
    "tasks/kernels/glove_tensorflow.py": ("glove",),
    "tasks/kernels/hidden_vector.py": ("cbow", "fasttext"),
    "tasks/kernels/skip_gram_numba.py": ("sgns",),
}
"""Code of stages that runs for these models alone: rows that train none of them do not depend on it."""


@dataclass
class Result:
    """What a row has measured so far.

    Attributes:
        depends_on: see `dependencies`.
        rounds: {"seed", "seconds", "machine", "measured": {contender: what it measured}, "took": {contender: seconds}}.
        failed: why a contender could not measure; it is not asked again.
    """

    depends_on: dict[str, Any]
    rounds: list[dict[str, Any]] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def dependencies(bench: Bench, row: Row) -> dict[str, Any]:
    """What the figures of a row depend on: {"corpus", "params", "changed", "stages", "sources", "libraries"}."""
    changed = (*bench.changed, *row.changed)
    trained = _models(bench, row, changed)
    return {
        "corpus": bench.corpus.sha256(),
        "params": _params(bench, row, trained),
        "changed": list(changed),
        "stages": {name: _stage_digest(name, row.on_tensorflow, trained) for name in row.stages},
        "sources": {name: file_sha256(CODE_ROOT / name) for name in row.sources},
        "libraries": {name: pinned().get(name) or _version(name) for name in row.libraries},
    }


def _models(bench: Bench, row: Row, changed: tuple[str, ...]) -> tuple[ModelName, ...]:
    """The models that it trains, if it has stages at all."""
    if row.models or not row.stages:
        return row.models
    return request(PROFILE, changed, bench.work / bench.whole, bench.root).models


def _stage_digest(name: str, on_tensorflow: bool, trained: tuple[ModelName, ...]) -> str:
    """The digest of a stage's code, without that of models that are not trained, and without the engines in TensorFlow
    where they are not measured."""
    found = stage(name)
    code = tuple(
        file
        for file in found.code
        if set(OWN_CODE.get(file, trained)) & set(trained) and (on_tensorflow or "tensorflow" not in Path(file).name)
    )
    return code_digest(replace(found, code=code))


def _params(bench: Bench, row: Row, trained: tuple[ModelName, ...]) -> dict[str, dict[str, Any]]:
    """The params among them, by section, as the profile has them."""
    if not row.stages:
        return {}
    raw = request(PROFILE, (), bench.work / bench.whole, bench.root).raw
    left_out = {*HOW_IT_IS_RUN, *MODELS} - set(trained)
    sections = (*PARAMS, *(own for own in OWN_PARAMS if own in row.stages))
    return {
        section: {name: value for name, value in raw.get(section, {}).items() if name not in left_out}
        for section in sections
    }


def result_file(bench: Bench, row: Row) -> Path:
    """Where the result of a row lies."""
    return bench.results / f"{row.name}.json"


def read_result(file: Path) -> dict[str, Any] | None:
    """The content of a result file; None if there is none.

    Raises:
        InputError: it is damaged.
    """
    try:
        content = json.loads(file.read_text("utf-8"))
        if not {"depends_on", "rounds", "failed", "capped", "summary"} <= content.keys():
            raise ValueError
    except FileNotFoundError:
        return None
    except (ValueError, AttributeError):
        raise InputError(
            f"{file}: not a result file of this version; delete it, and its row is measured again"
        ) from None
    assert isinstance(content, dict)
    return content


def standing_result(bench: Bench, row: Row) -> Result | None:
    """What an earlier run has left of this row, if it depends on the same things as today."""
    content = read_result(result_file(bench, row))
    if content is None or content["digest"] != json_sha256(dependencies(bench, row)):
        return None
    return Result(content["depends_on"], content["rounds"], content["failed"])


def write_result(bench: Bench, row: Row, result: Result) -> None:
    """Writes what is measured so far."""
    content = {
        "row": row.name,
        "corpus": bench.facts(),
        "digest": json_sha256(result.depends_on),
        "depends_on": result.depends_on,
        "rounds": result.rounds,
        "rounds_wanted": rounds_wanted(bench, row, result.rounds),
        "failed": result.failed,
        "capped": is_capped(bench, row, result.rounds),
        "cap_seconds": row.cap_seconds,
        "summary": summarise(row, [one["measured"] for one in result.rounds]),
    }
    write_json(result_file(bench, row), content)


def rounds_wanted(bench: Bench, row: Row, rounds: Sequence[Mapping[str, Any]]) -> int:
    """How many rounds a row has, given those so far: more where they leave a verdict open; one is enough for a look."""
    if bench.quick:
        return 1
    if SEEDS <= row.rounds < MORE_SEEDS and len(rounds) >= row.rounds:
        summary = summarise(row, [one["measured"] for one in rounds[: row.rounds]])
        verdicts = [each["verdict"] for each in summary["contenders"].values()]
        if any(verdict and verdict["open"] for verdict in verdicts):
            return MORE_SEEDS
    return row.rounds


def is_capped(bench: Bench, row: Row, rounds: Sequence[Mapping[str, Any]]) -> bool:
    """Whether these rounds are not all, and have taken so long that no other one starts."""
    took = sum(one["seconds"] for one in rounds)
    return 0 < len(rounds) < rounds_wanted(bench, row, rounds) and took >= row.cap_seconds


def state(bench: Bench, row: Row) -> str:
    """ "missing", "outdated (what has changed)", "2 of 5 rounds", "capped" or "fresh"."""
    content = read_result(result_file(bench, row))
    if content is None:
        return "missing"
    wanted = dependencies(bench, row)
    if content["digest"] != json_sha256(wanted):
        changed = [name for name in wanted if content["depends_on"].get(name) != wanted[name]]
        return f"outdated ({', '.join(changed)})"
    if is_capped(bench, row, content["rounds"]):
        return "capped"
    done, asked = len(content["rounds"]), rounds_wanted(bench, row, content["rounds"])
    return "fresh" if done >= asked else f"{done} of {asked} rounds"


def machine() -> dict[str, Any]:
    """Where a round ran: versions, processor, date, cores, memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return describe() | {"cores": cores(), "memory_gb": round(memory / 1e9, 1)}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
