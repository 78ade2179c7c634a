"""What a stage is: the declaration that each stage module fills in, and nothing that runs it.

A stage reads files, splits the work into jobs, and writes one set of files. It has three parts, and only the middle
one is parallel:

    plan(context, reports)   -> the jobs of a round: small, picklable, made of paths and numbers
    work(job)                -> a small report; writes exactly one output file, atomically
    finish(context, reports) -> the stage's report; merges what must be merged

Most stages have one round; a second round's `plan` sees the reports of the first (tokenize counts, then encodes).
Who runs `work` is not the stage's business (`tasks.pipeline.executors`, `flows.runners`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from tasks.models import DEFAULT_MODEL


class StageParams(BaseModel):
    """Base of every section of params.yaml: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def determining(self) -> dict[str, Any]:
        """The values that the result depends on, as JSON: all but those whose field is marked volatile."""
        marks = {name: field.json_schema_extra for name, field in type(self).model_fields.items()}
        volatile = {name for name, mark in marks.items() if isinstance(mark, dict) and mark.get("volatile")}
        return self.model_dump(mode="json", exclude=volatile)

    def for_model(self, model: str) -> "StageParams":
        """The values that hold for one model; here the same for all."""
        return self

    def for_dataset(self, dataset: str) -> "StageParams":
        """The values that hold for one dataset; here the same for all."""
        return self


Section = TypeVar("Section", bound=StageParams)


@dataclass(frozen=True)
class Job:
    """One unit of parallel work. Stages subclass it with the paths and numbers that `work` needs.

    Attributes:
        output: the one file that `work` writes, under the stage's work folder.
        size: how much work it is, in the stage's `unit`; for the progress bar.
    """

    output: Path
    size: int


@dataclass(frozen=True)
class Report:
    """What a job or a stage has to say, as small JSON.

    Attributes:
        facts: determined by params, inputs and code alone; a stage's facts become its metrics.json.
        run: seconds, speeds and other things that differ between two equal runs; they go to run.json.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """Where a stage runs and with what.

    Attributes:
        data: the folder of all artifacts (`data/`, or what `--data` names).
        work: this stage's own unfinished work, `data/.work/<stage>/<fingerprint>`; has the layout of the stage's
            folder, so that `documents/part-00000.parquet` here becomes `data/clean/documents/part-00000.parquet`.
        sections: the sections of params.yaml that the stage declared, by name.
        model: which model is trained; it names the folders of train, export and evaluate.
        dataset: which labelled dataset, where the stage runs once for each; it names the folder of classify.
        workers: how many jobs may run side by side. It must never influence a result.
        threads: the cores one job may use. It must never influence a result.
    """

    data: Path
    work: Path
    sections: Mapping[str, StageParams]
    model: str = DEFAULT_MODEL
    dataset: str | None = None
    workers: int = 1
    threads: int = 1

    @property
    def vocabulary(self) -> Path:
        """What the stage tokenize made: the words, their ids and counts."""
        return self.data / "tokenize" / "vocabulary.parquet"

    @property
    def encoded(self) -> Path:
        """The folder of the documents as ids, of the same stage."""
        return self.data / "tokenize" / "documents"

    def section(self, kind: type[Section]) -> Section:
        """The section of params.yaml that `kind` is the model of."""
        return next(section for section in self.sections.values() if isinstance(section, kind))


@dataclass(frozen=True)
class Round:
    """One parallel pass of a stage over its jobs."""

    plan: Callable[[Context, Sequence[Report]], Sequence[Job]]
    work: Callable[[Any], Report]


@dataclass(frozen=True)
class Stage:
    """The declaration of one stage.

    Attributes:
        name: the same in eight places (module, params section, dvc.yaml, data folder, Prefect task, test, README, log).
        about: one line for people.
        sections: the sections of params.yaml that its result depends on, with their models.
        folder: where its artifacts lie under `data/`.
        inputs: the files that it reads.
        writes: the names, under its folder, of the files and folders that it writes.
        rounds: its parallel passes.
        finish: what closes it; runs once, in the parent.
        code: the source files that determine its bytes, relative to the project's root.
        wanted: whether a run with these sections carries it out though no model that is trained learns from it.
        per_model: whether it runs once for each model that is trained.
        per_dataset: whether it runs once for each labelled dataset.
        unit: what a job's `size` counts.
        beside: writes what is no artifact, since it differs between equal runs, into the published folder.
    """

    name: str
    about: str
    sections: Mapping[str, type[StageParams]]
    folder: Callable[[Context], Path]
    inputs: Callable[[Context], Sequence[Path]]
    writes: tuple[str, ...]
    rounds: tuple[Round, ...]
    finish: Callable[[Context, Sequence[Report]], Report]
    code: tuple[str, ...]
    wanted: Callable[[Mapping[str, StageParams]], bool] = lambda sections: True
    per_model: bool = False
    per_dataset: bool = False
    unit: str = "documents"
    beside: Callable[[Context, Path], None] | None = None

    def variant(self, context: Context) -> str | None:
        """The model or dataset that it is carried out for; None where it is the same for all."""
        if self.per_dataset:
            return context.dataset
        return context.model if self.per_model else None


def parts(folder: Path) -> list[Path]:
    """The Parquet shards of an artifact, in order."""
    return sorted(folder.glob("part-*.parquet"))


def part_name(index: int) -> str:
    """0 -> "part-00000.parquet"."""
    return f"part-{index:05d}.parquet"
