"""What the project is for: with the params as they stand, the neighbours of "engine" are car parts, for any seed."""

from dataclasses import replace
from pathlib import Path

import pytest

import wordloom
from tasks.pipeline.carry_out import carry_out
from tasks.pipeline.executors import serial
from tasks.request import Request, request
from tasks.stages import stage

CAR_PARTS = {
    *("tires", "tire", "cylinder", "cylinders", "piston", "pistons", "brake", "brakes", "toyota", "rear", "camry"),
    *("honda", "car", "cars", "motor"),
}


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Request:
    """The bundled corpus up to its skip-grams, by params.yaml."""
    asked = request(data=tmp_path_factory.mktemp("data"))
    for name in ("download", "clean", "tokenize", "skipgrams"):
        declared = stage(name)
        carry_out(declared, asked.context(declared), serial)
    return asked


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_neighbours_of_engine_are_car_parts(shards: Request, seed: int) -> None:
    asked = replace(shards, raw={**shards.raw, "train": {**shards.raw["train"], "seed": seed}})
    declared = stage("train")
    outcome = carry_out(declared, asked.context(declared), serial)
    nearest = {word for word, _ in wordloom.load(Path(outcome.folder)).neighbours("engine", 10)}
    assert len(nearest & CAR_PARTS) >= 3, nearest
