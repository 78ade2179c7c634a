"""The name of the model that is trained, and where its artifacts lie: a folder of its own under train/ and the like."""

from pathlib import Path

MODEL = "sgns"
"""Skip-grams with negative sampling (Mikolov et al. 2013)."""


def model_folder(stage: str) -> Path:
    """The folder of a stage that has one folder a model, relative to data/: "train" -> train/sgns."""
    return Path(stage) / MODEL
