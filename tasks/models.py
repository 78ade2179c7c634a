"""The models that can be trained, and where their artifacts lie: each in a folder of its own, as in train/sgns."""

from pathlib import Path
from typing import Literal

ModelName = Literal["sgns", "cbow"]
"""Skip-grams with negative sampling (Mikolov et al. 2013); CBOW with the corrected gradient (İrsoy et al. 2021)."""

EngineName = Literal["numba", "tensorflow"]
"""Who computes."""

DEFAULT_MODEL: ModelName = "sgns"


def model_folder(stage: str, model: str) -> Path:
    """The folder of a stage that has one folder a model, relative to data/: ("train", "sgns") -> train/sgns."""
    return Path(stage) / model
