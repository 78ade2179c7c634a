"""Forecasts what every stage of a run will make and take, from a sample that goes through the real stages.

Everything that grows with the corpus is taken from the sample and multiplied; what does not (starting, imports, the
compilation of kernels) is told apart by a first, small pass. The sizes of the tables follow from the number of words,
which grows more slowly than the corpus (`growth`).
"""

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tasks.export import ExportParams
from tasks.forecasting.corpus import (
    Corpus,
    Sample,
    find_corpus,
    lay_down,
    lengthen_epoch,
    read_ids,
    scale_of,
    stand_in,
    widen,
)
from tasks.forecasting.growth import Growth, extrapolate
from tasks.forecasting.rehearsal import Act, Passed, Rehearsal, Script, rehearse
from tasks.pipeline.workers import cores
from tasks.request import Request
from tasks.skipgrams import SkipgramsParams
from tasks.stages import stage
from tasks.text.vocabulary import Vocabulary
from tasks.tokenize import TokenizeParams
from tasks.train import TrainParams

SAMPLE_BYTES = 8_000_000
"""Of text, for the second pass: two shards, from which the number of words can be told."""

SMALL_BYTES = 500_000
"""Of text, for the first pass."""

TRAINING_SECONDS = 3.0
"""Of training, from which its speed is told."""

TABLE_BYTES = 128 << 20
"""Of the largest table that is tried out: it fits no cache, so a larger one is no slower."""

EXPORTED_WORDS = 5_000
"""Vectors with which export and evaluate are tried out."""

WORD_BYTES = 260
"""Of memory that a word takes as a Python string with its number in a dictionary and its place in a list."""

DOCUMENT_BYTES = 64
"""Of memory for each document, while duplicates are looked for."""

CHECKPOINT_ROOM = 2
"""Files as large as both tables that lie on the disk while training: the checkpoint, and its successor or the result."""


@dataclass(frozen=True)
class StageForecast:
    """What one stage will make and take.

    Attributes:
        stage: its name.
        makes: what comes out, by name: documents, tokens, words, pairs.
        disk: bytes of its artifact.
        work: bytes of its unfinished work, the artifact among them, when it is largest.
        memory: bytes, of all its processes together, when it is largest.
        seconds: from the start of its process to its end.
        standing: bytes of the artifact that lies there now and will be replaced.
    """

    stage: str
    makes: dict[str, int]
    disk: int
    work: int
    memory: int
    seconds: float
    standing: int = 0


@dataclass(frozen=True)
class Forecast:
    """What a run will make and take.

    Attributes:
        stages: in order.
        absent: sources that are not here yet and are left out.
        sampled: the share of the corpus that the forecast rests on.
        workers: jobs side by side.
        cache: bytes of the copies that DVC keeps of the artifacts, after the run.
    """

    stages: list[StageForecast] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    sampled: float = 1.0
    workers: int = 1
    cache: int = 0

    @property
    def seconds(self) -> float:
        return sum(each.seconds for each in self.stages)

    @property
    def memory(self) -> int:
        """Of the stage that takes most; stages follow one another."""
        return max(each.memory for each in self.stages)

    @property
    def disk(self) -> int:
        """The most that the run takes at once, besides what lies there now."""
        taken = highest = 0
        for each in self.stages:
            highest = max(highest, taken + each.work)
            taken += each.disk - each.standing
        return max(highest, taken + self.cache)


@dataclass(frozen=True)
class _Stages:
    """Puts together what passes took; knows how many jobs run side by side."""

    workers: int

    def seconds(self, found: Rehearsal, jobs: Sequence[int], scale: float, kinds: dict[str, float]) -> float:
        """Of a stage whose jobs are shared out.

        Args:
            found: the rehearsal.
            jobs: how many jobs each round has.
            scale: how many times as much there is to do as in the second pass.
            kinds: the same for jobs of a kind (the name of its class) that grow otherwise.
        """
        imports = max(0.0, found.first.seconds - found.second.seconds * _ratio(found))
        total = found.start_seconds + found.second.other_seconds * scale
        pooled = False
        for number, one_round in zip(jobs, found.second.rounds, strict=True):
            work = [seconds * kinds.get(kind, scale) for kind, seconds in one_round]
            side_by_side = min(self.workers, number)
            if side_by_side > 1:
                pooled = True
                total += found.start_seconds + imports
            longest = max(work) if number == len(work) else sum(work) / max(1, number)
            total += max(longest, sum(work) / max(1, side_by_side))
        return total + (0.0 if pooled else imports)

    def memory(self, found: Rehearsal, jobs: int, parent: float = 0.0, worker: float = 0.0) -> int:
        """Of a stage whose jobs are shared out; `parent` and `worker`: what grows beyond the second pass."""
        side_by_side = min(self.workers, jobs)
        if side_by_side <= 1:
            return round(found.second_bytes + max(parent, worker))
        return round(found.bare_bytes + parent + side_by_side * (found.second_bytes + worker))


def _ratio(found: Rehearsal) -> float:
    """How much of the first pass was work, judged by the second: next to nothing, the first corpus is small."""
    return SMALL_BYTES / SAMPLE_BYTES if found.second.facts else 0.0


def forecast(asked: Request) -> Forecast:
    """Samples the corpus, rehearses every stage, and tells what the run will take.

    Raises:
        InputError: nothing of the corpus is here, or the sample does not go through a stage.
    """
    corpus = find_corpus(asked)
    with tempfile.TemporaryDirectory(prefix="wordloom-plan-") as folder:
        return _Play(asked, corpus, Path(folder)).forecast()


class _Play:
    """One forecast: the small corpus and the sample, and what is known so far."""

    def __init__(self, asked: Request, corpus: Corpus, folder: Path) -> None:
        self.asked, self.corpus, self.folder = asked, corpus, folder
        self.small = lay_down(asked, corpus, SMALL_BYTES, folder / "small")
        self.sample = lay_down(asked, corpus, SAMPLE_BYTES, folder / "sample")
        self.stages = _Stages(asked.workers)
        self.train = asked.context(stage("train")).section(TrainParams)
        self.scale = 1.0
        self.shards = 1
        self.growth = Growth(0, 0, 0)

    def forecast(self) -> Forecast:
        rows = [self.download(), self.clean(), self.tokenize(), self.skipgrams()]
        rows += [self.trained(rows[-1].makes["pairs"])]
        rows += self.vectors_read()
        cached = sum(row.disk for row in rows if row.stage != "skipgrams") if self.asked.tracked else 0
        taken = sum(each.taken for each in self.sample.sampled)
        return Forecast(rows, self.corpus.absent, taken / max(1, self.corpus.bytes), self.asked.workers, cached)

    def rehearse(self, name: str, seconds: float | None = None, second: Path | None = None) -> Rehearsal:
        small, sample = self.small, self.sample
        acts = Act(data=small.data, raw=small.raw), Act(data=second or sample.data, raw=sample.raw, seconds=seconds)
        return rehearse(Script(stage=name, acts=acts))

    def row(
        self, name: str, makes: dict[str, float], disk: float, work: float, memory: float, seconds: float
    ) -> StageForecast:
        from tasks.forecasting.rehearsal import folder_bytes

        declared = stage(name)
        standing = folder_bytes(self.asked.data / declared.folder(self.asked.context(declared)))
        counts = {key: round(value) for key, value in makes.items()}
        return StageForecast(name, counts, round(disk), round(work), round(memory), round(seconds, 2), standing)

    def download(self) -> StageForecast:
        found = self.rehearse("download")
        passed = found.second
        self.scale = scale_of(self.corpus, self.sample, passed.facts["sources"])
        limit = self.sample.raw["download"]["shard_mb"] * 1e6
        self.shards = max(passed.facts["shards"], math.ceil(passed.facts["bytes"] * self.scale / limit))
        makes = {"documents": passed.facts["documents"] * self.scale}
        disk = passed.published_bytes * self.scale
        if self.corpus.downloaded:
            return self.row("download", makes, disk, 0, 0, 0.0)
        seconds = self.stages.seconds(found, [], self.scale, {})
        return self.row("download", makes, disk, passed.work_bytes * self.scale, found.second_bytes, seconds)

    def clean(self) -> StageForecast:
        found = self.rehearse("clean")
        passed = found.second
        documents = passed.facts["documents_in"] * (self.scale - 1)
        return self.row(
            "clean",
            {"documents": passed.facts["documents_out"] * self.scale},
            passed.published_bytes * self.scale,
            passed.work_bytes * self.scale,
            self.stages.memory(found, self.shards, parent=max(0.0, documents) * DOCUMENT_BYTES),
            self.stages.seconds(found, [self.shards] * 2, self.scale, {}),
        )

    def tokenize(self) -> StageForecast:
        found = self.rehearse("tokenize")
        passed, folder = found.second, self.sample.data / "tokenize"
        params = self.asked.context(stage("tokenize")).section(TokenizeParams)
        vocabulary = (folder / "vocabulary.parquet").stat().st_size
        words = passed.facts["vocabulary"]
        if self.sample.complete:
            self.growth = Growth(passed.facts["distinct_words"], words, passed.facts["tokens"])
        else:
            ids, offsets = read_ids(folder / "documents")
            self.growth = extrapolate(ids, offsets, self.scale, params.min_count)
            if params.max_size is not None and params.max_size < self.growth.words:
                inside = np.count_nonzero(ids <= params.max_size) * self.scale
                self.growth = self.growth._replace(words=params.max_size, tokens=round(inside))
            self.rows = min(self.growth.words, self.rows_to_try())
        disk, work = (
            (size - vocabulary) * self.scale + vocabulary * self.growth.words / words
            for size in (passed.published_bytes, passed.work_bytes)
        )
        row = self.row(
            "tokenize",
            {
                "documents": passed.facts["documents"] * self.scale,
                "words": self.growth.words,
                "tokens": self.growth.tokens,
            },
            disk,
            work,
            self.stages.memory(
                found,
                self.shards,
                parent=WORD_BYTES * max(0, self.growth.distinct - passed.facts["distinct_words"]),
                worker=WORD_BYTES * max(0, self.growth.words - words),
            ),
            self.stages.seconds(found, [self.shards] * 2, self.scale, {}),
        )
        if not self.sample.complete:
            widen(folder, self.growth, self.rows, self.scale, params.min_count)
        return row

    def rows_to_try(self) -> int:
        return max(1, TABLE_BYTES // (4 * self.columns))

    @property
    def columns(self) -> int:
        from tasks.kernels.tables import LANES

        return -(-self.train.dim // LANES) * LANES

    def skipgrams(self) -> StageForecast:
        found = self.rehearse("skipgrams")
        passed = found.second
        draws = self.asked.context(stage("skipgrams")).section(SkipgramsParams).draws
        self.token_scale = self.growth.tokens / max(1, passed.facts["tokens"])
        scale = self.token_scale * draws
        self.sample_pairs = passed.facts["pairs"]
        return self.row(
            "skipgrams",
            {"tokens": passed.facts["kept_tokens"] * scale, "pairs": passed.facts["pairs"] * scale},
            passed.published_bytes * scale,
            passed.work_bytes * scale,
            self.stages.memory(found, self.shards * draws),
            self.stages.seconds(found, [self.shards * draws], scale, {}),
        )

    def trained(self, pairs: int) -> StageForecast:
        from tasks.kernels.training import MOST_PAIRS, STEPS_AN_EPOCH

        params = self.train
        draws = self.asked.context(stage("skipgrams")).section(SkipgramsParams).draws
        side_by_side = params.streams if params.deterministic else cores()
        epoch = pairs / draws
        wanted = min(epoch, MOST_PAIRS * STEPS_AN_EPOCH * side_by_side)
        copies = max(1, round(wanted / self.sample_pairs))
        lengthen_epoch(self.sample.data / "skipgrams" / "shards", copies)
        found = self.rehearse("train", TRAINING_SECONDS)
        trained_seconds = found.second.share_seconds or found.second.facts["run"]["training_seconds"]
        speed = self.sample_pairs * copies * found.second.share / trained_seconds
        once = found.first.seconds - found.first.facts["run"]["training_seconds"]
        once += found.second.seconds - trained_seconds
        seconds = found.start_seconds + once + epoch * params.epochs / speed
        words = self.growth.words
        tables = 2 * words * params.dim * 4
        saves = seconds > params.checkpoint_seconds
        copies_of_tables = params.streams + 1 if params.deterministic and params.streams > 1 else 1
        a_word = 2 * 4 * (self.columns * copies_of_tables + params.dim)
        memory = found.second_bytes + words * params.dim + (words - self.tried) * a_word
        return self.row(
            "train",
            {"words": words, "pairs": round(epoch * params.epochs)},
            tables,
            tables * (CHECKPOINT_ROOM if saves else 1),
            memory,
            seconds,
        )

    @property
    def tried(self) -> int:
        return self.growth.words if self.sample.complete else self.rows

    def vectors_read(self) -> list[StageForecast]:
        limit = self.asked.context(stage("export")).section(ExportParams).max_words
        vocabulary = Vocabulary.read(self.sample.data / "tokenize" / "vocabulary.parquet")
        some = vocabulary.limited(1, EXPORTED_WORDS)
        target = self.folder / "stand-in"
        stand_in(self.small.data, target, self.asked.model, some, self.train.dim)
        words = self.growth.words
        exported = min(words, limit or words)
        scale = exported / min(len(some), limit or len(some))
        found = self.rehearse("export", second=target)
        jobs = len(found.second.rounds[0])
        grown = max(0, words - len(some)) * (self.train.dim * 5 + 2 * WORD_BYTES)
        export = self.row(
            "export",
            {"words": exported},
            found.second.published_bytes * scale,
            found.second.work_bytes * scale,
            self.stages.memory(found, jobs, worker=grown),
            self.stages.seconds(found, [jobs], scale, {}),
        )
        found = self.rehearse("evaluate", second=target)
        jobs = len(found.second.rounds[0])
        kinds = {"AnalogiesJob": words / len(some), "PairsJob": 1.0, "MapJob": 1.0, "NeighboursJob": 1.0}
        evaluate = self.row(
            "evaluate",
            {"words": words},
            found.second.published_bytes,
            found.second.work_bytes,
            self.stages.memory(found, jobs, worker=grown),
            self.stages.seconds(found, [jobs], 1.0, kinds),
        )
        return [export, evaluate]
