"""What every row is given: which corpus, how thoroughly, and where files lie."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.corpus import Corpus, Sample

CODE_ROOT = Path(__file__).resolve().parents[1]
"""The folder that holds benchmarks/ and tasks/."""


@dataclass(frozen=True)
class Bench:
    """A run of the benchmarks.

    Attributes:
        root: the project's folder.
        corpus: what is measured.
        quick: one round of one epoch on the head, for a look.
        pairs: judged pairs of words of the corpus' language, for the rows that ask for them.
        reviews: IMDB's archive, for the rows of classifiers.
    """

    root: Path
    corpus: Corpus
    quick: bool = False
    pairs: Path | None = None
    reviews: Path | None = None

    @property
    def work(self) -> Path:
        """Where prepared data are kept between rows and runs."""
        return self.root / "data" / ".runs" / f"bench-{self.corpus.name}"

    @property
    def results(self) -> Path:
        """Where the result files lie; what a quick look saw is nothing to keep."""
        return self.work / "quick" if self.quick else self.root / "benchmarks" / "results" / self.corpus.name

    @property
    def whole(self) -> Sample:
        """The sample of the rows that measure the whole corpus."""
        return "head" if self.quick else "whole"

    @property
    def changed(self) -> tuple[str, ...]:
        """What a quick look lays over the profile."""
        return ("train.epochs=1",) if self.quick else ()

    def facts(self) -> dict[str, Any]:
        """The corpus in figures; tokens and vocabulary once it is tokenized."""
        facts = {"name": self.corpus.name, "sha256": self.corpus.sha256()}
        metrics = self.work / self.whole / "tokenize" / "metrics.json"
        if metrics.is_file():
            content = json.loads(metrics.read_text())
            facts |= {name: content[name] for name in ("documents", "tokens", "vocabulary")}
        return facts
