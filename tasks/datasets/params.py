"""A dataset in params.yaml: one model a kind, told apart by `kind`. Validated here, read elsewhere."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = (TRAIN, VALIDATION, TEST)


def _known_scheme(url: str) -> str:
    if not re.match(r"https?://[^/]", url):
        raise ValueError("should begin with http:// or https://; name a local file in path")
    return url


def _hexadecimal(sha256: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise ValueError("should be 64 hexadecimal digits")
    return sha256.lower()


Url = Annotated[str, AfterValidator(_known_scheme)]
Sha256 = Annotated[str, AfterValidator(_hexadecimal)]


class Split(BaseModel):
    """Which documents are for training and which for testing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: Literal["given", "last", "stratified"] = Field(
        description="given: as the collection says; last: the last ones are for testing; "
        "stratified: a seeded draw from each label; the latter two do not look at what the collection says"
    )
    test: float = Field(0.2, gt=0, lt=1, description="the share of the test split (last, stratified)")
    seed: int = Field(1, ge=0, description="decides what stratified, and `limit`, draw")


class DatasetParams(BaseModel):
    """What every dataset has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str | None = Field(
        None, min_length=1, description="a local file or folder, relative to the folder of labelled texts"
    )
    split: Split = Field(Split.model_validate({"by": "given"}), description="which documents are held out for testing")
    duplicates: Literal["keep", "drop"] = Field(
        "keep", description="texts that stand in train and in test: drop takes them out of train, never out of test"
    )
    limit: int | None = Field(None, ge=1, description="a seeded draw of so many documents of each split, to try out")


class ImdbDataset(DatasetParams):
    """Large Movie Review Dataset (Maas et al. 2011): the archive, the folder it unpacks to, or the network."""

    kind: Literal["imdb"]
    url: Url = Field("https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz", description="without a path")
    sha256: Sha256 | None = Field(
        "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe", description="pins what url gives"
    )


class NsmcDataset(DatasetParams):
    """Naver Sentiment Movie Corpus: a folder with ratings_train.txt and ratings_test.txt, or the network."""

    kind: Literal["nsmc"]
    url: tuple[Url, Url] = Field(
        (
            "https://raw.githubusercontent.com/e9t/nsmc/master/ratings_train.txt",
            "https://raw.githubusercontent.com/e9t/nsmc/master/ratings_test.txt",
        ),
        description="train and test; without a path",
    )
    sha256: tuple[Sha256 | None, Sha256 | None] | None = Field(
        (
            "e03b7d14e9e41be8d464a28057cd25d7396c53e67aa7fd5f7e552c59b0ee2940",
            "8ac9f64052f11dbf6ae0acb5e038f03d90a76f0eda7820cfb3a92d02edfcebda",
        ),
        description="pins what url gives",
    )


class SmsDataset(DatasetParams):
    """SMS Spam Collection: the bundled file, or its like, or the archive of the UCI repository at `path`."""

    kind: Literal["sms"]
    split: Split = Field(
        Split.model_validate({"by": "last"}), description="last or stratified: the collection has no split"
    )

    @field_validator("split")
    @classmethod
    def _none_is_given(cls, split: Split) -> Split:
        if split.by == "given":
            raise ValueError("the collection has no split; set by: last or by: stratified")
        return split


class NewsgroupsDataset(DatasetParams):
    """20 Newsgroups by date: the archive, the folder it unpacks to, or the network."""

    kind: Literal["20newsgroups"]
    remove: tuple[Literal["headers", "footers", "quotes"], ...] = Field(
        ("headers", "footers", "quotes"), description="what is stripped from the posts, as scikit-learn does it"
    )
    url: Url = Field("https://ndownloader.figshare.com/files/5975967", description="scikit-learn's; without a path")
    sha256: Sha256 | None = Field(
        "8f1b2514ca22a5ade8fbb9cfa5727df95fa587f4c87b786e15c759fa66d95610", description="pins what url gives"
    )


class Columns(BaseModel):
    """What the columns (csv, tsv, parquet) or keys (jsonl) of a table are called."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = "text"
    label: str = "label"
    split: str | None = Field(None, description='without it, "split" where there is one: train, validation or test')


class TableDataset(DatasetParams):
    """Texts of one's own: files with a column of texts and one of labels."""

    kind: Literal["table"]
    path: str | None = Field(
        None, min_length=1, description="a file, a folder (all below it) or a glob; or else train and test"
    )
    train: str | None = Field(None, min_length=1, description="the same, for the train split alone")
    validation: str | None = Field(None, min_length=1, description="the same, if there is a validation split")
    test: str | None = Field(None, min_length=1, description="the same, for the test split alone")
    columns: Columns = Columns.model_validate({})
    format: Literal["auto", "csv", "tsv", "jsonl", "parquet"] = Field("auto", description="auto goes by the name")
    errors: Literal["strict", "replace"] = Field(
        "strict", description="bytes that are not UTF-8: an error that names the place, or U+FFFD in their stead"
    )

    @model_validator(mode="after")
    def _path_or_splits(self) -> "TableDataset":
        if self.path is not None and (self.train or self.validation or self.test):
            raise ValueError("name the files either in path or in train and test, not in both")
        if self.path is None and not (self.train and self.test):
            raise ValueError("name the files in path, or in both train and test")
        return self


Dataset = Annotated[
    ImdbDataset | NsmcDataset | SmsDataset | NewsgroupsDataset | TableDataset, Field(discriminator="kind")
]
"""Any of them, by its `kind`."""
