"""`corpus.sources` in params.yaml: one model a kind of source, told apart by `kind`. Validated here, read elsewhere."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

TEST_SPLIT = "test"

Format = Literal["auto", "text", "lines", "jsonl", "csv", "tsv", "parquet"]


class SourceParams(BaseModel):
    """What every source has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weight: float = Field(
        1.0, ge=0, le=1000, allow_inf_nan=False, description="2: every document twice; 0.5: a seeded half; 0: left out"
    )
    splits: tuple[str, ...] | None = Field(
        None, min_length=1, description="keep documents of these splits only; without it, all but the test split"
    )
    limit: int | None = Field(None, ge=1, description="take the first so many documents, counted before the weight")
    licence: str | None = Field(None, description="the terms of the texts, as source.json will name them")

    @field_validator("splits")
    @classmethod
    def _no_test_split(cls, splits: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if splits is not None and any(split.casefold() == TEST_SPLIT for split in splits):
            raise ValueError("a test split never enters an embedding corpus; leave it out of the list")
        return splits


class BundledSource(SourceParams):
    """The corpus that is in the repository: 20 Newsgroups, training half, headers, footers and quotes stripped."""

    kind: Literal["bundled"] = "bundled"


class NewsgroupsSource(SourceParams):
    """scikit-learn's own download of 20 Newsgroups; the training half, in the order of `random_state=1`."""

    kind: Literal["20newsgroups"]
    remove: tuple[Literal["headers", "footers", "quotes"], ...] = Field(
        ("headers", "footers", "quotes"), description="what scikit-learn strips from the posts"
    )


class ReadableSource(SourceParams):
    """How files are read, wherever they come from."""

    format: Format = Field(
        "auto", description="auto goes by the name: .jsonl .ndjson .json .csv .tsv .parquet .pq, else one text a file"
    )
    text: str = Field("text", description="the column or key of the text (jsonl, csv, tsv, parquet)")
    label: str | None = Field(None, description='the column of the label; without it, "label" where there is one')
    split: str | None = Field(None, description='the column of the split; without it, "split" where there is one')
    errors: Literal["strict", "replace"] = Field(
        "strict", description="bytes that are not UTF-8: an error that names the place, or U+FFFD in their stead"
    )


class FilesSource(ReadableSource):
    """Local files, in sorted order."""

    kind: Literal["files"]
    path: str = Field(
        ".", min_length=1, description="a file, a folder (all below it) or a glob; relative to corpus.folder"
    )


class UrlSource(ReadableSource):
    """A file, or an archive (.tar, .tar.gz, .tar.bz2, .tar.xz, .tar.zst, .zip) of files, over http(s) or file:."""

    kind: Literal["url"]
    url: str = Field(description="http://, https:// or file:///")
    sha256: str | None = Field(None, description="pins the content: anything else is refused")
    pattern: str = Field("*", min_length=1, description="members of an archive to read; * matches / too")

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: str) -> str:
        if not re.match(r"https?://[^/]|file:/", url):
            raise ValueError("should begin with http://, https:// or file:///")
        return url

    @field_validator("sha256")
    @classmethod
    def _hexadecimal(cls, sha256: str | None) -> str | None:
        if sha256 is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
            raise ValueError("should be 64 hexadecimal digits")
        return sha256.lower() if sha256 is not None else None


Source = Annotated[BundledSource | NewsgroupsSource | FilesSource | UrlSource, Field(discriminator="kind")]
"""Any of them, by its `kind`."""
