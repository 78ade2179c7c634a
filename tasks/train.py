"""Stage train: windows, or co-occurrences, into word vectors.

Reads what the model learns from, skipgrams/shards/draw-*/part-* (any kind; for windows that are not materialized
tokenize/documents too) or cooccurrences/shards/part-*, and tokenize/vocabulary.parquet. Writes vectors.npy, float32
[words, dim], row r for the word with id r + 1; context_vectors.npy, the second table; what else the model has learned
in tables/; and history.csv with the mean loss and the learning rate. A run that was killed goes on from its checkpoint,
and where the result is determined it ends with the bytes of an unbroken one. Memory: the tables, one copy of them for
each stream and one to start from, some row groups.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.errors import InputError
from tasks.models import READS, model_folder
from tasks.pipeline.stage import Context, Job, Report, Round, Stage, parts
from tasks.storage.atomic import atomic_file
from tasks.storage.npy import write_npy
from tasks.text.vocabulary import Vocabulary
from tasks.train_params import CbowParams, FasttextParams, GloveParams, TrainParams

if TYPE_CHECKING:
    from tasks.kernels.engines import Learner


@dataclass(frozen=True)
class TrainJob(Job):
    """The one job: the whole run. `output` is vectors.npy, which is written last.

    Attributes:
        vocabulary: vocabulary.parquet.
        draws: the shards of each draw of windows; of co-occurrences there is one.
        documents: the folder of encoded documents.
        params: of the model.
        threads: cores.
    """

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
        read = READS[params.name]
        raise InputError(f"{context.data / read / 'shards'}: no shards; run the stage {read}")
    return [
        TrainJob(
            output=context.work / "vectors.npy",
            size=sum(path.stat().st_size for shards in draws for path in shards),
            vocabulary=context.vocabulary,
            draws=draws,
            documents=context.encoded,
            params=params,
            threads=context.threads,
        )
    ]


def work(job: TrainJob) -> Report:
    """Trains, then writes the history, the other tables, and last the vectors."""
    from tasks.kernels.training import train

    params, folder = job.params, job.output.parent
    learner = _learner(job)
    trained = train(learner, folder / "checkpoint.npz", params.checkpoint_seconds)
    state, unit = trained.state, learner.unit
    with atomic_file(folder / "history.csv", "w") as file:
        rows = csv.DictWriter(file, ("epoch", unit, "loss", "learning_rate"), lineterminator="\n")
        rows.writeheader()
        rows.writerows(row | {name: f"{row[name]:.6g}" for name in ("loss", "learning_rate")} for row in state.history)
    vectors, tables = learner.results(trained.tables)
    (folder / "tables").mkdir(exist_ok=True)
    for name, table in tables.items():
        write_npy(folder / f"{name}.npy" if name == "context_vectors" else folder / "tables" / f"{name}.npy", table)
    write_npy(job.output, vectors)
    return Report(
        facts={
            "words": len(vectors),
            "dim": vectors.shape[1],
            "epochs": params.epochs,
            unit: state.example,
            "loss": round(state.losses[-1], 6),
            "loss_per_epoch": [round(loss, 6) for loss in state.losses],
        },
        run={
            "threads": job.threads,
            "training_seconds": round(state.seconds, 3),
            "compile_seconds": round(trained.compile_seconds, 3),
            "words_per_second": round(learner.tokens * params.epochs / max(state.seconds, 1e-9)),
            f"{unit}_per_second": round(state.example / max(state.seconds, 1e-9)),
            "resumed": state.resumed,
            "speed": state.speed,
        },
    )


def _learner(job: TrainJob) -> "Learner":
    """The model with what it learns from."""
    params = job.params
    if isinstance(params, GloveParams):
        from tasks.kernels.glove_learner import GloveLearner, GloveRecipe

        return GloveLearner(
            GloveRecipe(
                engine=params.engine,
                vocabulary=job.vocabulary,
                shards=job.draws[0],
                tiles=job.output.parent / "tiles",
                dim=params.dim,
                epochs=params.epochs,
                rate=params.learning_rate,
                x_max=params.x_max,
                alpha=params.alpha,
                output=params.output,
                seed=params.seed,
                threads=job.threads,
            )
        )
    from tasks.kernels.window_learner import WindowLearner, WindowRecipe

    recipe: dict[str, Any] = {
        "model": params.name,
        "engine": params.engine,
        "vocabulary": job.vocabulary,
        "draws": job.draws,
        "documents": job.documents,
        "dim": params.dim,
        "epochs": params.epochs,
        "negatives": params.negatives,
        "negative_power": params.negative_power,
        "first_rate": params.learning_rate,
        "last_rate": params.min_learning_rate,
        "shuffle": params.shuffle,
        "seed": params.seed,
        "streams": params.streams if params.deterministic else 0,
        "threads": job.threads,
    }
    if isinstance(params, FasttextParams):
        from tasks.kernels.fasttext_learner import FasttextLearner, FasttextRecipe

        recipe |= {"words": Vocabulary.read(job.vocabulary).spelled, "architecture": params.architecture}
        recipe |= {"minn": params.minn, "maxn": params.maxn, "buckets": params.bucket}
        return FasttextLearner(FasttextRecipe(**recipe))
    if isinstance(params, CbowParams):
        recipe |= {"corrected": params.corrected}
    return WindowLearner(WindowRecipe(**recipe))


def finish(context: Context, reports: Sequence[Report]) -> Report:
    """The one job's report is the stage's."""
    return reports[0]


def _draws(context: Context) -> tuple[tuple[Path, ...], ...]:
    read = READS[context.section(TrainParams).name]
    shards = context.data / read / "shards"
    folders = sorted(shards.glob("draw-*")) if read == "skipgrams" else [shards]
    draws = (tuple(sorted(folder.glob("part-*"))) for folder in folders)
    return tuple(filter(None, draws))


def _inputs(context: Context) -> list[Path]:
    shards = [path for draw in _draws(context) for path in draw]
    drawn_here = any(path.suffix == ".json" for path in shards)
    return [context.vocabulary, *shards, *(parts(context.encoded) if drawn_here else [])]


STAGE = Stage(
    name="train",
    about="word vectors from windows or from co-occurrences",
    sections={"train": TrainParams},
    folder=lambda context: model_folder("train", context.model),
    inputs=_inputs,
    per_model=True,
    writes=("vectors.npy", "context_vectors.npy", "tables", "history.csv"),
    rounds=(Round(plan, work),),
    finish=finish,
    code=(
        "tasks/train.py",
        "tasks/models.py",
        "tasks/train_params.py",
        "tasks/kernels/alias.py",
        "tasks/kernels/batches.py",
        "tasks/kernels/cbow_numba.py",
        "tasks/kernels/checkpoints.py",
        "tasks/kernels/compiler.py",
        "tasks/kernels/engine_numba.py",
        "tasks/kernels/engines.py",
        "tasks/kernels/fasttext_learner.py",
        "tasks/kernels/fasttext_numba.py",
        "tasks/kernels/glove_learner.py",
        "tasks/kernels/glove_numba.py",
        "tasks/kernels/glove_tensorflow.py",
        "tasks/kernels/hidden_vector.py",
        "tasks/kernels/lanes.py",
        "tasks/kernels/merging.py",
        "tasks/kernels/negative_pool.py",
        "tasks/kernels/negative_sampling.py",
        "tasks/kernels/random_streams.py",
        "tasks/kernels/read_ahead.py",
        "tasks/kernels/reading.py",
        "tasks/kernels/settings.py",
        "tasks/kernels/sgns_tensorflow.py",
        "tasks/kernels/shards.py",
        "tasks/kernels/skip_gram_numba.py",
        "tasks/kernels/streams.py",
        "tasks/kernels/subwords.py",
        "tasks/kernels/tables.py",
        "tasks/kernels/tensorflow_loop.py",
        "tasks/kernels/tiles.py",
        "tasks/kernels/training.py",
        "tasks/kernels/window_learner.py",
        "tasks/kernels/windows.py",
        "tasks/storage/atomic.py",
        "tasks/storage/npy.py",
        "tasks/storage/parquet.py",
        "tasks/storage/room.py",
        "tasks/storage/schemas.py",
        "tasks/text/hangul.py",
        "tasks/text/spelling.py",
        "tasks/text/vocabulary.py",
    ),
    unit="bytes",
)
