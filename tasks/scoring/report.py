"""The report of one training, one page of Markdown: what came in, what each stage made of it, how good the vectors are.

It holds only what params, inputs and code determine; seconds and speeds are in the run.json files.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.scoring.analogies import Section

SAMPLE_CHARACTERS = 80
NEIGHBOURS_SHOWN = 10

MARKUP = re.compile(r"([\\`*_\[\]|&~#!])")
"""What means something in Markdown, inside a table's cell."""


@dataclass(frozen=True)
class Findings:
    """What the report is written from.

    Attributes:
        model: the model's name.
        words, dim: the shape of the vectors.
        stages: metrics.json of each stage, by its name, in order.
        dropped: clean's dropped.json: {reason: {"count", "samples": [{"doc_id", "text"}]}}.
        history: the rows of train's history.csv.
        scores: the metrics of each test set, by its name.
        sections: the sections of each set of analogies, the total last.
        neighbours: {word: [(neighbour, cosine), ...]}; None for a word outside the vocabulary.
    """

    model: str
    words: int
    dim: int
    stages: Mapping[str, Mapping[str, Any]]
    dropped: Mapping[str, Any]
    history: Sequence[Mapping[str, float]]
    scores: Mapping[str, Mapping[str, Any]]
    sections: Mapping[str, Sequence[Section]]
    neighbours: Mapping[str, Sequence[tuple[str, float]] | None]


def write_report(findings: Findings) -> str:
    """The page, as Markdown that GitHub and every other renderer shows alike."""
    blocks = [
        f"# Word vectors: {findings.model}",
        f"{findings.words:,} words, {findings.dim} dimensions.",
        "![Map of the vectors](map.png)",
        "## The pipeline",
        _pipeline(findings.stages),
        *_dropped(findings.dropped),
        "## Scores",
        "Coverage is the share of the set whose words are all in the vocabulary; a score counts only those.",
        _scores(findings.scores),
        *_analogies(findings.sections),
        "## Neighbours",
        _neighbours(findings.neighbours),
        "## Training",
        _training(findings.history),
        "![Loss over the epochs](loss.png)",
        "## Where things lie",
        _places(findings.model),
    ]
    return "\n\n".join(blocks) + "\n"


def _pipeline(stages: Mapping[str, Mapping[str, Any]]) -> str:
    rows = []
    for name, facts in stages.items():
        numbers = [f"{_name(key)} {_figure(key, value)}" for key, value in facts.items() if _is_number(value)]
        rows.append([name, ", ".join(numbers) or "-"])
    return _table(["stage", "what came of it"], rows)


def _dropped(dropped: Mapping[str, Any]) -> list[str]:
    rows = []
    for reason, content in sorted(dropped.items(), key=lambda item: (-_count(item[1]), item[0])):
        samples = content.get("samples", []) if isinstance(content, Mapping) else []
        texts = [text for sample in samples if (text := _sample(sample))]
        shown = (
            f"document {samples[0]['doc_id']}: {_escape(texts[0])}" if texts else "(no visible text)" if samples else ""
        )
        rows.append([_name(reason), f"{_count(content):,}", shown])
    if not rows:
        return ["No document was dropped."]
    return ["Documents that were dropped in cleaning:", _table(["reason", "documents", "sample"], rows, right=(1,))]


def _sample(sample: Mapping[str, Any]) -> str:
    text = " ".join(str(sample.get("text", "")).split())
    return text if len(text) <= SAMPLE_CHARACTERS else text[:SAMPLE_CHARACTERS] + "..."


def _count(content: Any) -> int:
    return int(content["count"]) if isinstance(content, Mapping) else int(content)


def _scores(scores: Mapping[str, Mapping[str, Any]]) -> str:
    rows = []
    for name, score in scores.items():
        measure = "spearman" if "spearman" in score else "accuracy"
        value = score[measure]
        shown = (
            str(score.get("reason", "none"))
            if value is None
            else f"{value:.1%}"
            if measure == "accuracy"
            else f"{value:.3f}"
        )
        known = score.get("pairs_known", score.get("answered", 0))
        total = score.get("pairs", score.get("questions", 0))
        rows.append([name, measure, shown, f"{score['coverage']:.1%}", f"{known:,} of {total:,}"])
    return _table(["set", "measure", "score", "coverage", "known"], rows, right=(2, 3, 4))


def _analogies(sections: Mapping[str, Sequence[Section]]) -> list[str]:
    if not sections:
        return []
    sets = list(sections)
    header = ["section", "questions"]
    for name in sets:
        header += [f"{name}: accuracy", "coverage"]
    rows = []
    for number, section in enumerate(sections[sets[0]]):
        row = [section.name, f"{section.questions:,}"]
        for name in sets:
            each = sections[name][number]
            row += ["-" if each.accuracy is None else f"{each.accuracy:.1%}", f"{each.coverage:.1%}"]
        rows.append(row)
    rows[-1] = [f"**{cell}**" for cell in rows[-1]]
    return ["### Analogies by section", _table(header, rows, right=tuple(range(1, len(header))))]


def _neighbours(neighbours: Mapping[str, Sequence[tuple[str, float]] | None]) -> str:
    rows = []
    for word, near in neighbours.items():
        shown = "(not in the vocabulary)"
        if near is not None:
            shown = ", ".join(f"{_escape(each)} {cosine:.2f}" for each, cosine in near[:NEIGHBOURS_SHOWN])
        rows.append([f"**{_escape(word)}**", shown])
    return _table(["word", "nearest words, with their cosines"], rows) if rows else "No words were asked for."


def _training(history: Sequence[Mapping[str, float]]) -> str:
    first, last = history[0]["loss"], history[-1]["loss"]
    epochs = f"{last_epoch:g}" if (last_epoch := history[-1].get("epoch")) is not None else str(len(history))
    text = f"Mean loss a pair: {first:.4f} at first, {last:.4f} after {epochs} epochs."
    return text + " The speed of the run is in `speed.csv` and `speed.png` beside this page, where the run recorded it."


def _places(model: str) -> str:
    rows = [
        [f"train/{model}/vectors.npy", "the vectors, float32; row r belongs to the word of id r + 1"],
        ["tokenize/vocabulary.parquet", "the words, with ids and counts"],
        [f"export/{model}/", "the same as word2vec text and binary, GloVe text, TensorBoard projector"],
        [f"evaluate/{model}/scores/", "every pair and section, as CSV"],
        [f"evaluate/{model}/neighbours.json", "the neighbours"],
        ["classify/", "text classifiers over the vectors, if `classify.datasets` names any: a page for each dataset"],
        [f"train/{model}/manifest.json", "what made the vectors: params, input hashes, code"],
    ]
    return _table(["file, under the data folder", "what it is"], [[f"`{place}`", text] for place, text in rows])


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """A Markdown table; the columns in `right` are set to the right. Text from outside must have been escaped."""
    rule = ["---:" if number in right else "---" for number in range(len(header))]
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, rule, *rows])


def _escape(text: str) -> str:
    """Text from the corpus as text: on one line, and no character of it is markup or ends a table's cell."""
    return MARKUP.sub(r"\\\1", " ".join(text.split())).replace("<", "&lt;")


def _figure(key: str, value: float) -> str:
    if isinstance(value, int):
        return f"{value / 1e6:,.1f} MB" if "bytes" in key and value >= 100_000 else f"{value:,}"
    return f"{value:.4g}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _name(key: str) -> str:
    return key.replace("_", " ")
