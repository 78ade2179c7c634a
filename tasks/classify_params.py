"""The section `classify` of params.yaml: values for all datasets, and under `datasets` each one with its own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, TypeAdapter, ValidationError, field_validator, model_validator

from tasks.classifiers.embedding import Missing
from tasks.classifiers.encoding import Side
from tasks.classifiers.grid import BASELINE, OURS, RANDOM, Grid, NetworkName, Row
from tasks.classifiers.runtime import AskedPrecision
from tasks.datasets.params import Dataset
from tasks.models import DEFAULT_MODEL, ModelName
from tasks.pipeline.stage import StageParams
from tasks.text.treatment import TextTreatment

ClassifierName = Literal["tfidf", "average", "max", "lstm", "bilstm", "cnn", "kim"]

CLASSIFIERS: tuple[ClassifierName, ...] = get_args(ClassifierName)
"""The baseline, and the networks (`tasks.classifiers.networks`)."""

TREATMENTS: Mapping[str, dict[str, Any]] = {
    "imdb": {"markup": True},
    "nsmc": {
        "unicode": "korean",
        "replace": [{"pattern": "([ㄱ-ㅎㅏ-ㅣ])\\1{2,}", "replacement": "\\1\\1"}],
        "tokenizer": {"kind": "kiwi"},
    },
}
"""How the texts of a kind of dataset are treated, where that is not as TextTreatment has it."""


class ClassifierParams(StageParams):
    """What may differ between datasets, and what all have in common."""

    models: tuple[ClassifierName, ...] = Field(
        CLASSIFIERS, min_length=1, description="classifiers: tfidf is the linear baseline, the others are networks"
    )
    vectors: tuple[str, ...] = Field(
        ("random", "ours-frozen", "ours-tuned"),
        min_length=1,
        description="what embeddings start from: random, or NAME-frozen or NAME-tuned of ours or one of pretrained",
    )
    grid: Grid = Field(
        "full",
        description="full: every model with every vectors; cross: every vectors with the first network, every model "
        "with the best of them, every vectors with the best model; the best are so on the validation texts",
    )
    seeds: tuple[int, ...] = Field((1, 2, 3), min_length=1, description="of each, the networks are trained so often")
    text: dict[str, Any] = Field({}, description="unicode, markup, replace, lowercase, tokenizer: from text to words")
    min_count: int = Field(2, ge=1, description="words that the training texts have less often are unknown")
    max_words: int | None = Field(20_000, ge=1, description="the most frequent words to know; null: all")
    max_length: int | None = Field(
        None, ge=1, description="words that are read of a text; null: the mean and two standard deviations"
    )
    truncation: Side = Field("post", description="the end that is cut off of a longer text: pre or post")
    padding: Side = Field("post", description="the end that is padded of a shorter one")
    mask: bool = Field(
        True, description="padding is left out; false: it is taken for words, and all are padded to max_length"
    )
    buckets: int = Field(12, ge=1, le=64, description="texts of like length are padded together; 1: all to one length")
    validation: float = Field(0.1, gt=0, lt=1, description="share of the training texts that decide when to stop")
    missing: Missing = Field("random", description="what stands for a word without a vector: random or zeros")
    dim: int = Field(100, ge=1, le=4096, description="numbers a vector, of random ones")
    units: int = Field(128, ge=1, le=4096, description="of a convolution (each width); an LSTM has half, each way")
    dropout: float = Field(0.5, ge=0, lt=1, description="before the last layer; half of it on the vectors")
    epochs: int = Field(20, ge=1, description="passes over the training texts, at most")
    patience: int = Field(2, ge=1, description="epochs without a lower loss on the validation texts, then it ends")
    batch: int = Field(64, ge=1, description="texts a step")
    learning_rate: float = Field(1e-3, gt=0, description="Adam's")
    class_weights: Literal["none", "balanced"] = Field(
        "none", description="balanced: rare classes count as much as frequent ones"
    )
    precision: AskedPrecision = Field(
        "auto", description="of the networks; auto: bfloat16 where a GPU or the CPU multiplies it, else float32"
    )
    threads: int = Field(1, ge=1, le=64, description="cores that train a network; the last bits depend on it")

    @field_validator("models", "vectors", "seeds")
    @classmethod
    def _once(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(set(values)) < len(values):
            raise ValueError("one stands there twice")
        return values

    @property
    def networks(self) -> tuple[NetworkName, ...]:
        """The models without the baseline."""
        return tuple(name for name in self.models if name != BASELINE)  # type: ignore[misc]

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the vectors that networks start from; random ones have no file and are left out."""
        names = dict.fromkeys(Row("", setting, 0).source for setting in self.vectors)
        return tuple(name for name in names if name != RANDOM) if self.networks else ()


class Sourced(ClassifierParams):
    """Where datasets and vectors lie."""

    folder: str = Field(
        "data/labelled", min_length=1, description="of datasets of your own, relative to the project; DVC watches it"
    )
    learned: ModelName = Field(DEFAULT_MODEL, description="the model of train.model whose vectors are ours")
    pretrained: dict[str, Path] = Field({}, description="further vectors: name: file, of any format that is read")

    @field_validator("pretrained")
    @classmethod
    def _names_are_free(cls, pretrained: dict[str, Path]) -> dict[str, Path]:
        for name in pretrained:
            _check_name(name)
            if name in (OURS, RANDOM):
                raise ValueError(f"{name!r} is the name of other vectors")
        return pretrained

    @model_validator(mode="after")
    def _vectors_are_known(self) -> "Sourced":
        known = (OURS, *self.pretrained)
        for setting in self.vectors:
            name, _, how = setting.rpartition("-")
            if setting != RANDOM and (name not in known or how not in ("frozen", "tuned")):
                allowed = ", ".join([RANDOM, *(f"{each}-frozen, {each}-tuned" for each in known)])
                raise ValueError(f"vectors: there is no {setting!r}; there are {allowed}")
        return self


class DatasetParams(Sourced):
    """All values that hold for one dataset, and which alone determine what comes of it."""

    dataset: Annotated[Dataset, Field(description="where its texts come from")]
    treatment: TextTreatment


class ClassifyParams(Sourced):
    """Which datasets are classified, and how."""

    datasets: dict[str, dict[str, Any]] = Field(
        {},
        description="name: {kind: imdb, nsmc, sms, 20newsgroups or table, where it comes from, and under values what "
        "differs from the values here}",
    )

    @field_validator("datasets", mode="before")
    @classmethod
    def _names_fit(cls, datasets: Any) -> Any:
        for name in datasets if isinstance(datasets, Mapping) else ():
            _check_name(name)
        return {} if datasets is None else datasets

    @model_validator(mode="after")
    def _each_fits(self) -> "ClassifyParams":
        for name in self.datasets:
            try:
                self.for_dataset(name)
            except ValidationError as error:
                wrong = error.errors()[0]
                place = ".".join(["datasets", name, *map(str, wrong["loc"])])
                raise ValueError(f"{place}: {wrong['msg'].removeprefix('Value error, ')}") from None
        return self

    def for_dataset(self, dataset: str) -> DatasetParams:
        """The values for one dataset.

        Raises:
            ValidationError: its own are wrong.
        """
        given = dict(self.datasets[dataset])
        own = given.pop("values", None) or {}
        described = TypeAdapter(Dataset).validate_python(given)
        common = self.model_dump(exclude={"datasets"}) | own
        text = TREATMENTS.get(described.kind, {}) | self.text | (own.get("text") or {})
        return DatasetParams.model_validate(
            common | {"dataset": described, "text": {}, "treatment": TextTreatment.model_validate(text)}
        )


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name.isascii() or not name.replace("_", "").isalnum():
        raise ValueError(f"{name!r} should be letters, digits and underscores: it names a folder")
