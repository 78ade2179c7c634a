"""Stage train: windows into word vectors.

Reads skipgrams/shards/draw-*/part-* (any kind; for windows that are not materialized tokenize/documents too) and
tokenize/vocabulary.parquet (the counts: negatives are drawn by them). Writes vectors.npy and context_vectors.npy,
float32 [words, dim], row r for the word with id r + 1, and history.csv with the mean loss and the learning rate. Epochs
cycle through the draws; in each, the shards come in an order drawn from the seed. A run that was killed goes on from
its checkpoint, and with `deterministic` it ends with the bytes of an unbroken one. Memory: the tables, a copy of them
for the checkpoint and one for each stream, some row groups.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, ValidationError, field_validator, model_validator

from tasks.errors import InputError
from tasks.models import DEFAULT_MODEL, MODELS, READS, EngineName, ModelName, model_folder
from tasks.pipeline.stage import Context, Job, Report, Round, Stage, StageParams, parts
from tasks.storage.atomic import atomic_file


class TrainParams(StageParams):
    """How vectors are trained: values for all models, and those in which a model has its own."""

    model: dict[ModelName, str] = Field(
        {DEFAULT_MODEL: READS[DEFAULT_MODEL]},
        description="the models, each with the stage that it reads, or their names alone; "
        "sgns: skip-gram with negative sampling; cbow: with corrected gradient",
    )
    engine: EngineName = Field("numba", description="numba: CPU cores; tensorflow: also a GPU, sgns only")
    dim: int = Field(100, ge=1, le=4096, description="numbers a vector")
    epochs: int = Field(5, ge=1, description="passes over the corpus")
    negatives: int = Field(5, ge=1, le=64, description="negatives a pair")
    negative_power: float = Field(0.75, ge=0, le=1, description="negatives are drawn by count^power; 0: uniform")
    learning_rate: float = Field(0.025, gt=0, description="at the first pair; cbow wants five times sgns's")
    min_learning_rate: float = Field(1e-4, ge=0, description="at the last pair; it falls linearly")
    deterministic: bool = Field(True, description="the same bytes every time; else cores share the tables, unordered")
    streams: int = Field(
        2,
        ge=1,
        le=64,
        description="logical streams of a deterministic run: as many cores can work; the result depends on it",
    )
    shuffle: bool = Field(False, description="each epoch has its own order of shards; else the corpus', as in word2vec")
    seed: int = Field(1, ge=0, description="of the start tables, the negatives and the order of shuffled shards")
    checkpoint_seconds: float = Field(
        30.0, gt=0, description="how often a checkpoint is written", json_schema_extra={"volatile": True}
    )
    sgns: dict[str, Any] = Field({}, description="values of sgns alone: {learning_rate: 0.03}")
    cbow: dict[str, Any] = Field({}, description="values of cbow alone")

    @field_validator("model", mode="before")
    @classmethod
    def _with_what_it_reads(cls, value: Any) -> Any:
        """A name, or a list of them, as a mapping."""
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list | tuple | Mapping) or not names:
            raise ValueError(f"should name models: {', '.join(MODELS)}")
        for name in names:
            if name not in MODELS:
                raise ValueError(f"there is no model {name!r}; the models are {', '.join(MODELS)}")
            if isinstance(names, Mapping) and names[name] != READS[name]:
                raise ValueError(f"{name} reads {READS[name]}; write {name}: {READS[name]}")
        return {name: READS[name] for name in names}

    @model_validator(mode="after")
    def _falling(self) -> "TrainParams":
        if self.min_learning_rate > self.learning_rate:
            raise ValueError("min_learning_rate should be at most learning_rate")
        return self

    @model_validator(mode="after")
    def _fits_each_model(self) -> "TrainParams":
        if len(self.model) > 1 or getattr(self, self.name):
            for name in self.model:
                self._fits(name)
        elif self.engine == "tensorflow" and self.name != "sgns":
            raise ValueError(f"the engine tensorflow has sgns only; train {self.name} with engine: numba")
        return self

    def _fits(self, name: str) -> None:
        try:
            self.for_model(name)
        except ValidationError as error:
            wrong = error.errors()[0]
            place = ".".join([name, *map(str, wrong["loc"])])
            raise ValueError(f"{place}: {wrong['msg'].removeprefix('Value error, ')}") from None

    @property
    def name(self) -> ModelName:
        """The model, of values for one."""
        return next(iter(self.model))

    def for_model(self, model: str) -> "TrainParams":
        """The values with which one model is trained, and which alone determine its vectors.

        Raises:
            ValidationError: its own values are wrong.
        """
        common = self.model_dump(exclude={"model", *MODELS})
        return TrainParams.model_validate(common | getattr(self, model) | {"model": model})

    def determining(self) -> dict[str, Any]:
        """See `StageParams`; of values for one model."""
        found = {key: value for key, value in super().determining().items() if key not in MODELS}
        return found | {"model": self.name}


@dataclass(frozen=True)
class TrainJob(Job):
    """The one job: the whole run. `output` is vectors.npy, which is written last."""

    vocabulary: Path
    draws: tuple[tuple[Path, ...], ...]
    documents: Path
    params: TrainParams
    threads: int


def plan(context: Context, reports: Sequence[Report]) -> list[TrainJob]:
    """The one job."""
    params = context.section(TrainParams)
    draws = _draws(context)
    if not draws:
        raise InputError(f"{context.data / 'skipgrams' / 'shards'}: no shards; run the stage skipgrams")
    return [
        TrainJob(
            output=context.work / "vectors.npy",
            size=sum(path.stat().st_size for shards in draws for path in shards),
            vocabulary=_vocabulary(context),
            draws=draws,
            documents=_documents(context),
            params=params,
            threads=context.threads,
        )
    ]


def work(job: TrainJob) -> Report:
    """Trains, then writes the history, the context vectors, and last the vectors."""
    from tasks.kernels.training import Recipe, train

    params, folder = job.params, job.output.parent
    trained = train(
        Recipe(
            model=params.name,
            engine=params.engine,
            vocabulary=job.vocabulary,
            draws=job.draws,
            documents=job.documents,
            dim=params.dim,
            epochs=params.epochs,
            negatives=params.negatives,
            negative_power=params.negative_power,
            first_rate=params.learning_rate,
            last_rate=params.min_learning_rate,
            shuffle=params.shuffle,
            seed=params.seed,
            streams=params.streams if params.deterministic else 0,
            threads=job.threads,
            checkpoint=folder / "checkpoint.npz",
            checkpoint_seconds=params.checkpoint_seconds,
        )
    )
    state = trained.state
    with atomic_file(folder / "history.csv", "w") as file:
        rows = csv.DictWriter(file, ("epoch", "pairs", "loss", "learning_rate"), lineterminator="\n")
        rows.writeheader()
        rows.writerows(row | {name: f"{row[name]:.6g}" for name in ("loss", "learning_rate")} for row in state.history)
    for name, table in (("context_vectors.npy", trained.context_vectors), ("vectors.npy", trained.vectors)):
        with atomic_file(folder / name) as file:
            np.save(file, table, allow_pickle=False)
    pairs_per_second = state.pair / max(state.seconds, 1e-9)
    return Report(
        facts={
            "words": trained.words,
            "dim": params.dim,
            "epochs": params.epochs,
            "pairs": state.pair,
            "loss": round(state.losses[-1], 6),
            "loss_per_epoch": [round(loss, 6) for loss in state.losses],
        },
        run={
            "threads": job.threads,
            "training_seconds": round(state.seconds, 3),
            "compile_seconds": round(trained.compile_seconds, 3),
            "words_per_second": round(trained.tokens * params.epochs / max(state.seconds, 1e-9)),
            "pairs_per_second": round(pairs_per_second),
            "resumed": state.resumed,
            "speed": state.speed,
        },
    )


def finish(context: Context, reports: Sequence[Report]) -> Report:
    """The one job's report is the stage's."""
    return reports[0]


def _vocabulary(context: Context) -> Path:
    return context.data / "tokenize" / "vocabulary.parquet"


def _draws(context: Context) -> tuple[tuple[Path, ...], ...]:
    folders = sorted((context.data / "skipgrams" / "shards").glob("draw-*"))
    return tuple(tuple(sorted(folder.glob("part-*"))) for folder in folders)


def _documents(context: Context) -> Path:
    return context.data / "tokenize" / "documents"


def _inputs(context: Context) -> list[Path]:
    shards = [path for draw in _draws(context) for path in draw]
    drawn_here = any(path.suffix == ".json" for path in shards)
    return [_vocabulary(context), *shards, *(parts(_documents(context)) if drawn_here else [])]


STAGE = Stage(
    name="train",
    about="word vectors from windows, with negative sampling",
    sections={"train": TrainParams},
    folder=lambda context: model_folder("train", context.model),
    inputs=_inputs,
    per_model=True,
    writes=("vectors.npy", "context_vectors.npy", "history.csv"),
    rounds=(Round(plan, work),),
    finish=finish,
    code=(
        "tasks/train.py",
        "tasks/models.py",
        "tasks/kernels/alias.py",
        "tasks/kernels/batches.py",
        "tasks/kernels/checkpoints.py",
        "tasks/kernels/compiler.py",
        "tasks/kernels/engine_numba.py",
        "tasks/kernels/engines.py",
        "tasks/kernels/lanes.py",
        "tasks/kernels/merging.py",
        "tasks/kernels/negative_sampling.py",
        "tasks/kernels/random_streams.py",
        "tasks/kernels/read_ahead.py",
        "tasks/kernels/reading.py",
        "tasks/kernels/sgns_tensorflow.py",
        "tasks/kernels/shards.py",
        "tasks/kernels/streams.py",
        "tasks/kernels/tables.py",
        "tasks/kernels/training.py",
        "tasks/kernels/windows.py",
        "tasks/kernels/windows_numba.py",
        "tasks/storage/atomic.py",
        "tasks/storage/parquet.py",
        "tasks/storage/schemas.py",
    ),
    unit="bytes",
)
