"""The section `train` of params.yaml: values for all models, and in a mapping by its name those of one model alone."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from tasks.models import DEFAULT_MODEL, MODELS, ON_TENSORFLOW, READS, EngineName, ModelName
from tasks.pipeline.stage import StageParams


class TrainParams(StageParams):
    """How vectors are trained. What only one model reads has a class of its own, below."""

    UNREAD: ClassVar[frozenset[str]] = frozenset()
    """What the model does not read, so that its vectors do not depend on it."""

    model: dict[ModelName, str] = Field(
        {DEFAULT_MODEL: READS[DEFAULT_MODEL]},
        description="the models, each with the stage that it reads, or their names alone; "
        "sgns: skip-gram with negative sampling; cbow: with corrected gradient; glove; "
        "fasttext: words as means of their n-grams",
    )
    engine: EngineName = Field("numba", description="numba: CPU cores; tensorflow: also a GPU, sgns and glove only")
    dim: int = Field(100, ge=1, le=4096, description="numbers a vector")
    epochs: int = Field(5, ge=1, description="passes over the corpus")
    negatives: int = Field(5, ge=1, le=64, description="negatives a pair")
    negative_power: float = Field(0.75, ge=0, le=1, description="negatives are drawn by count^power; 0: uniform")
    learning_rate: float = Field(0.025, gt=0, description="at the first pair; cbow wants twice sgns's or more")
    min_learning_rate: float = Field(1e-4, ge=0, description="at the last pair; it falls linearly")
    deterministic: bool = Field(True, description="the same bytes every time; else cores share the tables, unordered")
    streams: int = Field(
        2,
        ge=1,
        le=64,
        description="logical streams of a deterministic run: as many cores can work; the result depends on it",
    )
    shuffle: bool = Field(False, description="each epoch has its own order of shards; else the corpus', as in word2vec")
    seed: int = Field(1, ge=0, description="of the start tables, the negatives and the order of what is shuffled")
    checkpoint_seconds: float = Field(
        30.0, gt=0, description="how often a checkpoint is written", json_schema_extra={"volatile": True}
    )
    sgns: dict[str, Any] = Field({}, description="values of sgns alone: {learning_rate: 0.03}")
    cbow: dict[str, Any] = Field({}, description="values of cbow alone; also corrected")
    glove: dict[str, Any] = Field({}, description="values of glove alone; also x_max, alpha, output")
    fasttext: dict[str, Any] = Field({}, description="values of fasttext alone; also architecture, minn, maxn, bucket")

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
        elif self.engine == "tensorflow" and self.name not in ON_TENSORFLOW:
            raise ValueError(
                f"the engine tensorflow has {' and '.join(ON_TENSORFLOW)} only; train {self.name} with engine: numba"
            )
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
        kind = OWN_PARAMS.get(model, TrainParams)
        return kind.model_validate(common | getattr(self, model) | {"model": model})

    def determining(self) -> dict[str, Any]:
        """See `StageParams`; of values for one model."""
        passed_over = {*MODELS, *self.UNREAD}
        found = {key: value for key, value in super().determining().items() if key not in passed_over}
        return found | {"model": self.name}


class CbowParams(TrainParams):
    """CBOW's (Mikolov et al. 2013)."""

    corrected: bool = Field(
        True,
        description="contexts move by the gradient of what they add up to; else, as in word2vec.c and gensim, each by "
        "all that would move their mean: better analogies, worse similarities",
    )


class GloveParams(TrainParams):
    """GloVe's (Pennington, Socher, Manning, 2014). Its rate does not fall, and its result is always determined."""

    UNREAD = frozenset({"negatives", "negative_power", "min_learning_rate", "deterministic", "streams", "shuffle"})

    x_max: float = Field(100.0, gt=0, description="the weight from which on a cell counts in full")
    alpha: float = Field(0.75, ge=0, le=1, description="below it, it counts (weight / x_max)^alpha")
    output: Literal["sum", "vectors", "both"] = Field(
        "sum",
        description="sum: of vectors and context vectors; vectors: those alone; both: side by side, 2 dim numbers",
    )


class FasttextParams(TrainParams):
    """fastText's (Bojanowski et al. 2017)."""

    architecture: Literal["skipgram", "cbow"] = Field(
        "skipgram",
        description="skipgram: a word's n-grams find its contexts; cbow: the contexts' n-grams find the word",
    )
    minn: int = Field(3, ge=1, le=255, description="characters of the shortest n-grams, < and > among them")
    maxn: int = Field(6, ge=0, le=255, description="of the longest; 0: no n-grams")
    bucket: int = Field(
        2_000_000, ge=1, lt=2**31, description="that n-grams are hashed into; only used ones cost memory"
    )

    @model_validator(mode="after")
    def _minn_fits(self) -> "FasttextParams":
        if 0 < self.maxn < self.minn:
            raise ValueError("minn should be at most maxn")
        return self


OWN_PARAMS: Mapping[str, type[TrainParams]] = {
    "cbow": CbowParams,
    "glove": GloveParams,
    "fasttext": FasttextParams,
}
"""Of models that have params that no other one has."""
