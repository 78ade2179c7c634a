"""Says how good the vectors are: similarity and analogy scores with coverage, neighbours, a map, a report of one page.

Reads train/<model>/vectors.npy, tables/ and history.csv, tokenize/vocabulary.parquet, the metrics of the stages before,
and one's own pairs files. Writes report.md, neighbours.json, loss.png, map.png and scores/<set>.csv. Equal inputs give
equal bytes on one machine, whatever the number of workers and threads.
"""

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, field_validator

from tasks.errors import InputError
from tasks.models import READS, model_folder
from tasks.pipeline.stage import Context, Job, Report, Round, Stage, StageParams
from tasks.scoring.analogies import Section, read_questions, score_analogies
from tasks.scoring.comparison import write_comparison
from tasks.scoring.keyed import packaged
from tasks.scoring.one_thread import one_thread
from tasks.scoring.plots import plot_loss, read_history
from tasks.scoring.report import Findings, write_report
from tasks.scoring.similarity import pair_table, read_pairs, score_pairs, spelled_words
from tasks.scoring.word_map import choose_places, draw_map, lay_out
from tasks.storage.atomic import atomic_file, write_json
from tasks.storage.matrix import Matrix, read_matrix
from tasks.text.vocabulary import Vocabulary
from tasks.unseen import unseen_of
from tasks.vectors import Vectors

PAIRS = {"wordsim353": "wordsim353.tsv", "simlex999": "simlex999.txt"}
"""The sets of judged pairs that are always scored (Finkelstein et al. 2002; Hill et al. 2015), in gensim's package."""

ANALOGIES = {"google_analogies_30k": 30_000, "google_analogies": None}
"""The Google analogies (Mikolov et al. 2013), among the most frequent words as is usual, and among all."""

ANALOGY_FILE = "questions-words.txt"

REPORTED = ("download", "clean", "tokenize")
"""The stages, besides train and what it learns from, whose metrics the report shows."""

MAP_NEIGHBOURS = 12
"""Neighbours of each word on the map."""

MAP_SIZE = 20_000
"""What drawing the map counts for in the progress bar: it takes about as long as answering so many questions."""


class EvaluateParams(StageParams):
    """The section `evaluate` of params.yaml."""

    neighbours: tuple[str, ...] = Field(
        ("engine", "doctor", "police", "knife", "space", "windows", "hockey", "encryption"),
        description="the words whose neighbours are reported and drawn",
    )
    neighbour_count: int = Field(10, ge=1, le=1000, description="neighbours of each of them")
    map_words: int = Field(300, ge=0, le=3000, description="frequent words on the map, as its background")
    pairs: dict[str, Path] = Field(
        {}, description="further sets of judged pairs: name: file of word<TAB>word<TAB>score lines"
    )

    @field_validator("pairs")
    @classmethod
    def _names_are_free(cls, pairs: dict[str, Path]) -> dict[str, Path]:
        for name in pairs:
            if not name.isidentifier() or not name.isascii():
                raise ValueError(f"{name!r} should be letters, digits and underscores")
            if name in PAIRS or name in ANALOGIES:
                raise ValueError(f"{name!r} is the name of a set that is always scored")
        return pairs

    @field_validator("neighbours")
    @classmethod
    def _words_differ(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(words)) < len(words):
            raise ValueError("a word stands there twice")
        return words


@dataclass(frozen=True)
class EvaluateJob(Job):
    """A part of the evaluation that reads the vectors and writes one file."""

    vectors: Path
    vocabulary: Path

    def read(self) -> tuple[Sequence[str], Matrix]:
        """The words, and the vectors, memory-mapped and checked."""
        words = Vocabulary.read(self.vocabulary).words
        return words, read_matrix(self.vectors, len(words))


@dataclass(frozen=True)
class PairsJob(EvaluateJob):
    """Scores one set of judged pairs."""

    name: str
    source: Path


@dataclass(frozen=True)
class AnalogiesJob(EvaluateJob):
    """Scores the analogies among the `restrict` most frequent words, or among all."""

    name: str
    source: Path
    restrict: int | None


@dataclass(frozen=True)
class NeighboursJob(EvaluateJob):
    """Finds the `count` nearest words of each word."""

    asked: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class MapJob(EvaluateJob):
    """Draws the map, with `frequent` words as its background."""

    asked: tuple[str, ...]
    frequent: int


def plan(context: Context, reports: Sequence[Report]) -> list[EvaluateJob]:
    """One job a test set, one for the neighbours, one for the map; the longest ones first."""
    params = context.section(EvaluateParams)
    trained = (
        context.data / model_folder("train", context.model) / "vectors.npy",
        context.vocabulary,
    )
    scores = context.work / "scores"
    asked = params.neighbours
    source = packaged(ANALOGY_FILE)
    questions = sum(map(len, read_questions(source).values()))
    jobs: list[EvaluateJob] = [MapJob(context.work / "map.png", MAP_SIZE, *trained, asked, params.map_words)]
    for name, restrict in reversed(ANALOGIES.items()):
        jobs.append(AnalogiesJob(scores / f"{name}.csv", questions, *trained, name, source, restrict))
    for name, path in ({name: packaged(file) for name, file in PAIRS.items()} | params.pairs).items():
        jobs.append(PairsJob(scores / f"{name}.csv", len(read_pairs(path)), *trained, name, path))
    jobs.append(NeighboursJob(context.work / "neighbours.json", len(asked), *trained, asked, params.neighbour_count))
    return jobs


def work(job: EvaluateJob) -> Report:
    """Does one part."""
    with one_thread():
        if isinstance(job, PairsJob):
            return score_pairs_job(job)
        if isinstance(job, AnalogiesJob):
            return score_analogies_job(job)
        if isinstance(job, NeighboursJob):
            return find_neighbours(job)
        assert isinstance(job, MapJob)
        return draw_map_job(job)


def score_pairs_job(job: PairsJob) -> Report:
    """Writes the table of the pairs; facts: {"scores": {name: ...}}. A model with n-grams answers for unseen words too;
    "words_spelled" says for how many.
    """
    words, matrix = job.read()
    spelled = spelled_words(words, unseen_of(job.vectors, Vocabulary.read(job.vocabulary)), job.source)
    if spelled:
        words, matrix = [*words, *spelled], np.vstack([matrix, *spelled.values()])
    _write_csv(job.output, pair_table(words, matrix, job.source))
    score = score_pairs(words, matrix, job.source)
    return Report(facts={"scores": {job.name: score | ({"words_spelled": len(spelled)} if spelled else {})}})


def score_analogies_job(job: AnalogiesJob) -> Report:
    """Writes the table of the sections; facts: {"scores": {name: ...}, "sections": {name: [...]}}."""
    words, matrix = job.read()
    sections = score_analogies(words, matrix, job.source, job.restrict)
    header = ["section", "questions", "answered", "correct", "accuracy", "coverage"]
    rows = [[each.name, each.questions, each.answered, each.correct, each.accuracy, each.coverage] for each in sections]
    _write_csv(job.output, [header, *(["" if cell is None else str(cell) for cell in row] for row in rows)])
    total = sections[-1]
    score: dict[str, Any] = {
        "accuracy": total.accuracy,
        "coverage": total.coverage,
        "questions": total.questions,
        "answered": total.answered,
        "correct": total.correct,
    }
    if total.accuracy is None:
        score["reason"] = f"for none of {total.questions} questions all four words are in the vocabulary"
    return Report(facts={"scores": {job.name: score}, "sections": {job.name: [asdict(each) for each in sections]}})


def find_neighbours(job: NeighboursJob) -> Report:
    """Writes {word: [{"word", "cosine"}, ...]}, null for a word outside the vocabulary."""
    vectors = Vectors(*job.read())
    found = {
        word: [{"word": near, "cosine": round(cosine, 4)} for near, cosine in vectors.neighbours(word, job.count)]
        if word in vectors
        else None
        for word in job.asked
    }
    write_json(job.output, found)
    return Report()


def draw_map_job(job: MapJob) -> Report:
    """Draws the neighbours of the words as groups amid the most frequent words."""
    vectors = Vectors(*job.read())
    groups = {
        word: [near for near, _ in vectors.neighbours(word, MAP_NEIGHBOURS)] for word in job.asked if word in vectors
    }
    # with nothing to draw at all, the few most frequent words are the map
    places = choose_places(vectors.words, groups, job.frequent if groups else max(job.frequent, 1))
    draw_map(places, lay_out(np.stack([vectors[place.word] for place in places])), job.output)
    return Report()


def finish(context: Context, reports: Sequence[Report]) -> Report:
    """Draws the loss, writes the report; facts: {"words", "dim", set: {"spearman" or "accuracy", "coverage", ...}}.

    Raises:
        InputError: a summary of an earlier stage is absent or damaged.
    """
    params = context.section(EvaluateParams)
    train = context.data / model_folder("train", context.model)
    found = {name: score for report in reports for name, score in report.facts.get("scores", {}).items()}
    sections = {name: each for report in reports for name, each in report.facts.get("sections", {}).items()}
    scores = {name: found[name] for name in (*PAIRS, *params.pairs, *ANALOGIES)}
    words, dim = read_matrix(train / "vectors.npy").shape
    history = read_history(train / "history.csv")
    plot_loss(history, context.work / "loss.png")
    near = _read_summary(context.work / "neighbours.json", "evaluate")
    findings = Findings(
        model=context.model,
        words=words,
        dim=dim,
        stages={name: _read_summary(context.data / name / "metrics.json", name) for name in _reported(context)}
        | {"train": _read_summary(train / "metrics.json", "train")},
        dropped=_read_summary(context.data / "clean" / "dropped.json", "clean"),
        history=history,
        scores=scores,
        sections={name: [Section(**each) for each in sections[name]] for name in ANALOGIES},
        neighbours={
            word: None if near[word] is None else [(each["word"], each["cosine"]) for each in near[word]]
            for word in params.neighbours
        },
    )
    with atomic_file(context.work / "report.md") as file:
        file.write(write_report(findings).encode())
    return Report(facts={"words": words, "dim": dim, **scores})


def inputs(context: Context) -> list[Path]:
    """The vectors, their words, the summaries that the report shows, and one's own pairs."""
    train = context.data / model_folder("train", context.model)
    return [
        train / "vectors.npy",
        *sorted((train / "tables").glob("*.npy")),
        train / "history.csv",
        train / "metrics.json",
        context.vocabulary,
        context.data / "clean" / "dropped.json",
        *(context.data / name / "metrics.json" for name in _reported(context)),
        *context.section(EvaluateParams).pairs.values(),
    ]


def _reported(context: Context) -> tuple[str, ...]:
    return (*REPORTED, READS[context.model])


def folder(context: Context) -> Path:
    """evaluate/<model>."""
    return model_folder("evaluate", context.model)


def write_beside(context: Context, published: Path) -> None:
    """What no two runs have equal: speed.csv and speed.png, how fast the training was that made these vectors, where
    this machine knows it; and the page that compares the models.
    """
    from tasks.scoring.plots import plot_speed

    write_comparison(context.data, context.model)

    run = context.data / model_folder("train", context.model) / "run.json"
    if run.is_file():
        plot_speed(_read_summary(run, "train"), published / "speed.png")


def _read_summary(path: Path, stage: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the stage {stage}") from None
    except ValueError:
        raise InputError(f"{path}: not JSON; run the stage {stage} again") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: should be a JSON object; run the stage {stage} again")
    return content


def _write_csv(target: Path, rows: Sequence[Sequence[str]]) -> None:
    with atomic_file(target, "w") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


STAGE = Stage(
    name="evaluate",
    about="similarity and analogy scores with coverage, neighbours, a map, a report",
    sections={"evaluate": EvaluateParams},
    folder=folder,
    per_model=True,
    inputs=inputs,
    writes=("report.md", "neighbours.json", "loss.png", "map.png", "scores"),
    rounds=(Round(plan, work),),
    finish=finish,
    beside=write_beside,
    code=(
        "tasks/evaluate.py",
        "tasks/models.py",
        "tasks/unseen.py",
        "tasks/vectors.py",
        "tasks/kernels/compiler.py",
        "tasks/kernels/random_streams.py",
        "tasks/kernels/subwords.py",
        "tasks/kernels/tables.py",
        "tasks/scoring/analogies.py",
        "tasks/scoring/comparison.py",
        "tasks/scoring/keyed.py",
        "tasks/scoring/one_thread.py",
        "tasks/scoring/plots.py",
        "tasks/scoring/report.py",
        "tasks/scoring/similarity.py",
        "tasks/scoring/word_map.py",
        "tasks/storage/atomic.py",
        "tasks/storage/matrix.py",
        "tasks/storage/parquet.py",
        "tasks/storage/schemas.py",
        "tasks/text/hangul.py",
        "tasks/text/slips.py",
        "tasks/text/spelling.py",
        "tasks/text/vocabulary.py",
    ),
    unit="questions",
)
