"""Our side: the project's own stages, as processes, on data that are prepared once and kept."""

import json
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.bench import Bench
from benchmarks.corpus import Sample
from benchmarks.processes import MeasurementError, module, run, run_json
from benchmarks.result import PROFILE
from benchmarks.row import Measured
from tasks.errors import InputError
from tasks.request import request
from tasks.stages import stage
from tasks.storage.hashing import file_sha256
from tasks.train_params import TrainParams

PREPARING = ("download", "clean", "tokenize", "skipgrams")
"""The stages before training."""

FREE = "train.deterministic=false"
"""Training on all cores, whose bytes are not determined."""


@cache
def prepared(bench: Bench, sample: Sample, *changed: str) -> Path:
    """The folder with this sample tokenized and in windows, `changed` laid over the profile.

    The stages leave alone what is fresh, so what an earlier run prepared is used as long as code and params are the
    same. Each setting has a folder of its own.

    Raises:
        InputError: the corpus cannot be prepared, so that there is nothing to compare.
    """
    folder = bench.work / "-".join([sample, *(each.replace(".", "-") for each in changed)])
    for name in PREPARING:
        try:
            run_stage(bench, name, folder, bench.corpus.source(sample), *changed)
        except MeasurementError as error:
            raise InputError(str(error)) from None
    return folder


def train_seeded(
    bench: Bench,
    sample: Sample,
    seed: int,
    *changed: str,
    windows: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> Measured:
    """Trains with a seed that windows, start and negatives are drawn by, as those of word2vec's programs are.

    Args:
        bench, changed, environment: as in `train`.
        sample: of the corpus.
        seed: of this round.
        windows: laid over the profile for the windows too.
    """
    seeded = (*windows, f"skipgrams.seed={seed}")
    data = prepared(bench, sample, *seeded)
    return train(bench, data, *seeded, f"train.seed={seed}", *changed, environment=environment)


def run_stage(
    bench: Bench,
    name: str,
    data: Path,
    *changed: str,
    cores: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> float:
    """Runs one stage in a process of its own; returns the seconds of the whole process.

    Args:
        bench: says where.
        name: of the stage.
        data: the folder of all artifacts.
        changed: laid over the profile.
        cores: how many it has; None: all.
        environment: variables to set besides.
    """
    return run(bench, stage_command(bench, name, data, *changed), cores, environment)[1]


def stage_command(bench: Bench, name: str, data: Path, *changed: str) -> list[str]:
    """The command that runs one stage."""
    settings = [part for each in (*bench.changed, *changed) for part in ("--set", each)]
    return module("tasks", name, "--profile", PROFILE, "--data", data, *settings)


def params(bench: Bench, data: Path, *changed: str) -> Mapping[str, Any]:
    """The params that such a stage sees, for the peers; of train those of the first model."""
    asked = request(PROFILE, (*bench.changed, *changed), data, bench.root)
    train = asked.context(stage("train")).section(TrainParams)
    return {**asked.raw, "train": train.determining()}


def train(
    bench: Bench,
    data: Path,
    *changed: str,
    cores: int | None = None,
    environment: Mapping[str, str] | None = None,
    scored: bool = True,
) -> Measured:
    """Trains once, from the start, on what lies prepared in `data`; the other arguments are those of `run_stage`.

    Returns:
        {"seconds" of the whole stage, with hashing, compiling, reading the shards, and writing;
        "training_seconds": compiling, reading and training alone; "process_seconds"; "words_per_second": tokens times
        epochs a second of the stage; "sha256" of vectors.npy; "scores" if they are wanted}.
    """
    for left in ("train", ".work"):  # a checkpoint of a round that was killed would save some of the seconds
        shutil.rmtree(data / left, ignore_errors=True)
    process_seconds = run_stage(bench, "train", data, *changed, cores=cores, environment=environment)
    folder = next((data / "train").glob("*/run.json")).parent
    ran = json.loads((folder / "run.json").read_text())
    words = tokens(data) * json.loads((folder / "metrics.json").read_text())["epochs"]
    measured: Measured = {
        "seconds": ran["seconds"],
        "training_seconds": round(ran["training_seconds"] + ran["compile_seconds"], 3),
        "process_seconds": round(process_seconds, 3),
        "words_per_second": round(words / ran["seconds"]),
        "sha256": file_sha256(folder / "vectors.npy"),
    }
    return measured | ({"scores": score(bench, folder)} if scored else {})


def tokens(data: Path) -> int:
    """The tokens of a prepared corpus that are in the vocabulary."""
    found: int = json.loads((data / "tokenize" / "metrics.json").read_text())["tokens"]
    return found


def score(bench: Bench, vectors: Path) -> dict[str, float | None]:
    """The scores of a model's folder or a file of vectors, of either side."""
    found, _ = run_json(bench, module("benchmarks.quality", vectors))
    return found
