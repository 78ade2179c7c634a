"""What a run is asked for: which params, which folder; and from these the context of each stage."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.errors import InputError
from tasks.params import RunParams, load, sections, stage_sections
from tasks.pipeline.stage import Context, Stage
from tasks.pipeline.workers import cores
from tasks.project import project_root
from tasks.storage.hashing import json_sha256


@dataclass(frozen=True)
class Request:
    """A run's setting.

    Attributes:
        root: the project's folder.
        data: the folder of all artifacts.
        raw: the params, with everything laid over them; plain data.
        tracked: this is params.yaml as it stands, into data/: the artifacts that DVC keeps the ledger of.
    """

    root: Path
    data: Path
    raw: Mapping[str, Any]
    tracked: bool

    @property
    def run(self) -> RunParams:
        """How to run."""
        section = sections(self.raw, {"run": RunParams})["run"]
        assert isinstance(section, RunParams)
        return section

    @property
    def workers(self) -> int:
        """Jobs side by side."""
        return self.run.workers or cores()

    def context(self, stage: Stage) -> Context:
        """Where `stage` runs and with what. A stage of one job has all cores; else jobs x threads <= cores."""
        return Context(
            data=self.data,
            work=self.data / ".work" / stage.name,
            sections=stage_sections(self.raw, stage),
            workers=self.workers,
            threads=cores(),
        )


def request(
    profile: str | None = None, overrides: tuple[str, ...] = (), data: Path | None = None, root: Path | None = None
) -> Request:
    """The setting for these arguments. What differs from params.yaml never goes to `data/`, whose ledger DVC keeps.

    Args:
        profile, overrides: see `tasks.params.load`.
        data: the folder of all artifacts; by default `data/`, or `data/.runs/<name>` if anything was laid over.
        root: the project's folder; found by default.

    Raises:
        InputError: `data` is the tracked folder, but the params are not params.yaml's.
    """
    root = root or project_root()
    raw = load(root, profile, overrides)
    plain = profile is None and not overrides
    ledger = root / "data"
    if data is None:
        data = ledger if plain else ledger / ".runs" / _run_name(profile, overrides)
    data = data.resolve()
    if data == ledger and not plain:
        raise InputError(
            f"{data} belongs to params.yaml as it stands; give a run with --profile or --set another --data"
        )
    return Request(root, data, raw, tracked=data == ledger)


def _run_name(profile: str | None, overrides: tuple[str, ...]) -> str:
    parts = [Path(profile).stem] if profile else []
    if overrides:
        parts.append(json_sha256(sorted(overrides))[:8])
    return "-".join(parts)
