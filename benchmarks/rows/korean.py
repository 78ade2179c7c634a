"""Row korean: what a word is made of, on Korean text: words, morphemes, syllables, letters (jamo)."""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import yaml

from benchmarks.bench import CODE_ROOT, Bench
from benchmarks.ours import run_stage
from benchmarks.processes import MeasurementError, module, run_json
from benchmarks.row import Contender, Figure, Measured, Row

STAGES = ("download", "clean", "tokenize", "skipgrams", "train")

WORDS = ("tokenize.tokenizer.kind=whitespace", "tokenize.stopwords=null")

WAYS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "words": ("sgns, words", WORDS),
    "morphemes": ("sgns, morphemes (kiwi)", ()),
    "syllables": (
        "fasttext, n-grams of syllables",
        (*WORDS, "train.model=fasttext", "train.fasttext.minn=1", "train.fasttext.maxn=4"),
    ),
    "jamo": (
        "fasttext, n-grams of jamo",
        ("tokenize.tokenizer.kind=jamo", "tokenize.stopwords=null", "train.model=fasttext",
         "train.fasttext.minn=3", "train.fasttext.maxn=9"),
    ),
}  # fmt: skip
"""Each with its title and what is laid over the profile korean."""


def measure(bench: Bench, seed: int, way: str) -> Measured:
    """Trains one way and scores it."""
    if bench.pairs is None:
        raise MeasurementError("name a file of judged Korean pairs: make bench ROWS=korean CORPUS=path PAIRS=path")
    data = bench.work / f"korean-{way}"
    changed = [*_profile(), bench.corpus.source(bench.whole), *WAYS[way][1]]
    seeded = [*changed, f"skipgrams.seed={seed}", f"train.seed={seed}"]
    for stage in STAGES:
        run_stage(bench, stage, data, *seeded)
    folder = next((data / "train").iterdir())
    metrics, ran = (json.loads((folder / f"{name}.json").read_text()) for name in ("metrics", "run"))
    scored, _ = run_json(bench, module("benchmarks.programs.misspelled", folder, bench.pairs))
    return scored | {"words": metrics["words"], "seconds": ran["seconds"]}


def _profile() -> list[str]:
    """The profile korean as overrides: what a row measures is laid over another one."""
    content = yaml.safe_load((CODE_ROOT / "profiles" / "korean.yaml").read_text("utf-8"))
    return [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in _leaves(content)]


def _leaves(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


KOREAN = Row(
    name="korean",
    title="Korean: words, morphemes, syllables, jamo",
    about=(
        "The profile korean, dim 100. Spearman on judged pairs, of those whose words have vectors, by n-grams too; and "
        "how many of 100 words with one jamo changed are among the ten nearest neighbours of what comes of it: words "
        "one slip away first, as `wordloom neighbours` has them, and by n-grams alone."
    ),
    contenders=tuple(Contender(way, title, partial(measure, way=way)) for way, (title, _) in WAYS.items()),
    figures=(
        Figure("spearman", "Spearman, points", 1),
        Figure("coverage", "pairs covered, %", 1),
        Figure("found", "misspelled words found, %", 1),
        Figure("found_by_ngrams", "by n-grams alone, %", 1),
        Figure("words", "words"),
        Figure("seconds", "training, s", 1),
    ),
    rounds=3,
    cap_seconds=3 * 3600,
    stages=("clean", "tokenize", "skipgrams", "train"),
    models=("sgns", "fasttext"),
    sources=("benchmarks/ours.py", "benchmarks/programs/misspelled.py", "benchmarks/rows/korean.py",
             "profiles/korean.yaml"),
    libraries=("numba", "numpy", "kiwipiepy"),
    optional=True,
)  # fmt: skip
