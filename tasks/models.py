"""The models that can be trained, what each learns from, and where its artifacts lie: in a folder of its own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

ModelName = Literal["sgns", "cbow", "glove", "fasttext"]
"""Skip-grams with negative sampling (Mikolov et al. 2013); CBOW with the corrected gradient (İrsoy et al. 2021); GloVe
(Pennington et al. 2014); fastText: words as means of their n-grams (Bojanowski et al. 2017)."""

MODELS: tuple[ModelName, ...] = get_args(ModelName)

READS: Mapping[str, str] = {
    "sgns": "skipgrams",
    "cbow": "skipgrams",
    "glove": "cooccurrences",
    "fasttext": "skipgrams",
}
"""The stage whose shards each learns from."""

EngineName = Literal["numba", "tensorflow"]
"""Who computes."""

ON_TENSORFLOW: tuple[ModelName, ...] = ("sgns", "glove")
"""The models that both engines have; the others are numba's alone."""

DEFAULT_MODEL: ModelName = "sgns"


def model_folder(stage: str, model: str) -> Path:
    """The folder of a stage that has one folder a model, relative to data/: ("train", "sgns") -> train/sgns."""
    return Path(stage) / model
