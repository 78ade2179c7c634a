"""What a run is asked for: which params, which folder; and from these the context of each stage."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.errors import InputError
from tasks.models import READS, ModelName
from tasks.params import PARAMS_FILE, RunParams, load, overlaid, parsed, sections, stage_sections, validate
from tasks.pipeline.stage import Context, Stage, StageParams
from tasks.pipeline.workers import cores
from tasks.project import project_root
from tasks.stages import stage, stages
from tasks.storage.hashing import json_sha256
from tasks.train_params import TrainParams

RUNS = ".runs"
"""Below data/: the artifacts of runs that differ from params.yaml."""

LONGEST_NAME = 80
"""Of such a run's folder."""


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
    def models(self) -> tuple[ModelName, ...]:
        """Which models are trained, in order."""
        section = sections(self.raw, {"train": TrainParams})["train"]
        assert isinstance(section, TrainParams)
        return tuple(section.model)

    @property
    def datasets(self) -> tuple[str, ...]:
        """The labelled datasets that are classified, in order."""
        return tuple((self.raw.get("classify") or {}).get("datasets") or ())

    @property
    def workers(self) -> int:
        """Jobs side by side."""
        return self.run.workers or cores()

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages that a run carries out, in order: all that are wanted."""
        return tuple(filter(self.wants, stages()))

    def wants(self, stage: Stage) -> bool:
        """Whether a run carries this stage out: a model learns from it, or it is wanted by itself."""
        return stage.name in {READS[model] for model in self.models} or stage.wanted(stage_sections(self.raw, stage))

    def contexts(self, stage: Stage) -> list[Context]:
        """Where `stage` runs and with what: once, or once for each model or dataset."""
        if stage.per_dataset:
            return [self.context(stage, dataset=dataset) for dataset in self.datasets]
        return [self.context(stage, model) for model in (self.models if stage.per_model else self.models[:1])]

    def context(self, stage: Stage, model: str | None = None, dataset: str | None = None) -> Context:
        """Where `stage` runs and with what, for one model, by default the first, or for one dataset.

        A stage of one job has all cores; else jobs x threads <= cores.
        """
        model = model or self.models[0]
        given = stage_sections(self.raw, stage)
        return Context(
            data=self.data,
            work=self.data / ".work" / stage.name,
            sections={name: _narrowed(section, model, dataset) for name, section in given.items()},
            model=model,
            dataset=dataset,
            workers=self.workers,
            threads=cores(),
        )


def _narrowed(section: StageParams, model: str, dataset: str | None) -> StageParams:
    narrowed = section.for_model(model)
    return narrowed if dataset is None else narrowed.for_dataset(dataset)


def request(
    profile: str | None = None, overrides: tuple[str, ...] = (), data: Path | None = None, root: Path | None = None
) -> Request:
    """The setting for these arguments. What differs from params.yaml never goes to `data/`, whose ledger DVC keeps.

    Args:
        profile, overrides: see `tasks.params.load`.
        data: the folder of all artifacts; by default `data/`, or `data/.runs/<name>` if anything was laid over.
        root: the project's folder; found by default.

    Raises:
        InputError: the params are wrong somewhere; or `data` is the tracked folder, but they are not params.yaml's.
    """
    root = root or project_root()
    raw = load(root, profile, overrides)
    validate(raw, _origin(profile, overrides))
    plain = profile is None and not overrides
    ledger = (root / "data").resolve()
    runs = ledger / RUNS
    data = (data or (ledger if plain else runs / _run_name(profile, overrides))).resolve()
    if data == ledger and not plain:
        raise InputError(
            f"{data} belongs to params.yaml as it stands; give a run with --profile or --set another --data"
        )
    if data.is_relative_to(ledger) and data != ledger and runs not in data.parents:
        raise InputError(
            f"{data} lies among the artifacts of params.yaml; name a folder outside {ledger}, or one in {runs}"
        )
    asked = Request(root, data, raw, tracked=data == ledger)
    if asked.tracked:
        _check_wishes(asked)
    return asked


def _check_wishes(asked: Request) -> None:
    """DVC makes co-occurrences only if `wanted_by` says so: params.yaml cannot tell it which models learn from them."""
    if asked.wants(stage("cooccurrences")) and not (asked.raw.get("cooccurrences") or {}).get("wanted_by"):
        readers = [model for model in asked.models if READS[model] == "cooccurrences"]
        raise InputError(
            f"{PARAMS_FILE}: train.model has {readers[0]}, which learns from co-occurrences; set "
            f"cooccurrences.wanted_by: [{readers[0]}] too, so that dvc repro makes them"
        )


def _origin(profile: str | None, overrides: tuple[str, ...]) -> str:
    """Where the params stand, for messages."""
    above = [f"profile {profile}"] if profile else []
    above += [f"--set {override}" for override in overrides]
    return PARAMS_FILE + (f" with {', '.join(above)}" if above else "")


def _run_name(profile: str | None, overrides: tuple[str, ...]) -> str:
    """Readable where it can be, `reference,train.dim=50`; the same for the same values, in whatever order."""
    above: dict[str, Any] = {}
    for override in overrides:
        above = overlaid(above, parsed(override))
    values = sorted(f"{name}={value}" for name, value in _leaves(above))
    name = ",".join([*([Path(profile).stem] if profile else []), *values])
    if len(name) <= LONGEST_NAME and re.fullmatch(r"[\w.,=+-]+", name, re.ASCII):
        return name
    return "-".join([*([Path(profile).stem] if profile else []), json_sha256(values)[:8]])


def _leaves(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in content.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value if isinstance(value, str) else json.dumps(value, default=str)
