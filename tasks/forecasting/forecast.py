"""Forecasts what every stage of a run will make and take, from a sample that goes through the real stages.

Everything that grows with the corpus is taken from the sample and multiplied; what does not (starting, imports, the
compilation of kernels) is told apart by a first pass over next to nothing. The sizes of the tables follow from the
number of words, which grows more slowly than the corpus (`growth`).
"""

import math
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tasks.cooccurrences import FEWEST_PARTS, CooccurrencesParams
from tasks.evaluate import ANALOGIES, ANALOGY_FILE
from tasks.export import ExportParams
from tasks.forecasting.classifying import foretell, is_here
from tasks.forecasting.corpus import (
    Corpus,
    find_corpus,
    keep_cells,
    lay_down,
    lengthen_epoch,
    read_ids,
    scale_of,
    stand_in,
    widen,
)
from tasks.forecasting.growth import Growth, extrapolate
from tasks.forecasting.rehearsal import Act, Rehearsal, Script, folder_bytes, rehearse
from tasks.forecasting.result import Forecast, StageForecast
from tasks.forecasting.side_by_side import stage_memory, stage_seconds
from tasks.forecasting.tables import bytes_a_word, numbers_a_word, used_buckets
from tasks.kernels.reading import read_counts
from tasks.models import READS
from tasks.params import overlaid
from tasks.pipeline.stage import Section
from tasks.request import Request
from tasks.scoring.analogies import read_questions
from tasks.scoring.keyed import packaged, rows_by_upper_case
from tasks.skipgrams import SkipgramsParams
from tasks.stages import stage
from tasks.text.vocabulary import Vocabulary
from tasks.tokenize import TokenizeParams
from tasks.train_params import FasttextParams, GloveParams, TrainParams

SAMPLE_BYTES = 8_000_000
"""Of text, for the second pass: two shards, and enough to tell the number of words from."""

NO_SAMPLE = 2
"""A corpus of at most so many samples is not sampled: it goes through the stages as it will in the run."""

SMALL_PART = 16
"""The first pass has the sample's size divided by this."""

TRAINING_SECONDS = 3.0
"""Of training, from which its speed is told."""

TABLE_BYTES = 128 << 20
"""Of the largest table that is tried out: it fits no cache, so a larger one is no slower."""

VECTORS = 7_000
"""With so many export and evaluate are tried out."""

KEPT_SHARDS = 5
"""Of documents: so much more memory a long download keeps at hand for the next ones. 28 shards took 31 MB more than
two, and ten times as many no more."""

WORD_BYTES = 260
"""Of memory that a word takes as a Python string with its number in a dictionary and its place in a list."""

DOCUMENT_BYTES = 64
"""Of memory for each document, while duplicates are looked for."""


class Counted(NamedTuple):
    """The co-occurrences of the sample.

    Attributes:
        found: what counting took.
        tokens: of the sample.
        cells: that there are.
        share: of the cells that `expected_cells` says.
    """

    found: Rehearsal
    tokens: int
    cells: int
    share: float


class Epoch(NamedTuple):
    """What a model learns from.

    Attributes:
        unit: pairs or cells.
        examples: of an epoch on the corpus.
        sample: of an epoch on the sample.
    """

    unit: str
    examples: float
    sample: int


def forecast(asked: Request, free_memory: int, sample_bytes: int = SAMPLE_BYTES) -> Forecast:
    """Samples the corpus, rehearses every stage, and tells what the run will take.

    Args:
        asked: the run.
        free_memory: bytes; the rehearsals keep well within it.
        sample_bytes: of text; a corpus that is hardly larger (NO_SAMPLE) is tried out whole.

    Raises:
        InputError: nothing of the corpus is here.
        WordloomError: the sample does not go through a stage.
    """
    corpus = find_corpus(asked)
    with tempfile.TemporaryDirectory(prefix="wordloom-plan-") as folder:
        return _Rehearsals(asked, corpus, Path(folder), free_memory, sample_bytes).forecast()


class _Rehearsals:
    """The rehearsals of one forecast, stage after stage, and what the later ones need to know from the earlier.

    Attributes:
        scale: how many times as many documents the corpus has as the sample.
        shards: of documents, that the corpus becomes.
        growth: the words and tokens of the corpus.
        model: whose stages are rehearsed now; None: stages that are the same for all.
        words_tried: rows of the tables that are tried out.
        sample_pairs: that are drawn on the sample.
        sample_words: all words of the sample.
    """

    def __init__(self, asked: Request, corpus: Corpus, folder: Path, free_memory: int, sample_bytes: int) -> None:
        self.asked, self.corpus, self.folder, self.free_memory = asked, corpus, folder, free_memory
        self.model: str | None = None
        small = lay_down(asked, corpus, sample_bytes // SMALL_PART, folder / "small")
        few = {"tokenize": {"min_count": 1, "max_size": self._words_to_try()}}
        self.small = replace(small, raw=overlaid(small.raw, few))
        self.sample = lay_down(asked, corpus, NO_SAMPLE * sample_bytes, folder / "whole")
        if not self.sample.complete:
            self.sample = lay_down(asked, corpus, sample_bytes, folder / "sample")
        self.small_share = self.small.taken / max(1.0, self.sample.taken)
        self.draws = self.section("skipgrams", SkipgramsParams).draws

    def forecast(self) -> Forecast:
        rows = [self.download(), self.clean(), self.tokenize()]
        counted = self.count_sample() if self.asked.wants(stage("cooccurrences")) else None
        self.sample_words = Vocabulary.read(self.sample.data / "tokenize" / "vocabulary.parquet")
        self.widen_sample()
        epochs: dict[str, Epoch] = {}  # by the stage that is learned from
        if self.asked.wants(stage("skipgrams")):
            rows.append(self.skipgrams())
            pairs = rows[-1].makes["pairs"] / self.draws
            epochs["skipgrams"] = Epoch("pairs", pairs, self.lengthen(pairs))
        if counted is not None:
            rows.append(self.cooccurrences(counted))
            kept = keep_cells(self.sample.data / "cooccurrences" / "shards", self.words_tried)
            epochs["cooccurrences"] = Epoch("cells", rows[-1].makes["cells"], kept)
        for model in self.asked.models:
            self.model = model
            rows += [self.train(epochs[READS[model]]), *self.export_and_evaluate()]
        wanted = self.asked.datasets if self.asked.wants(stage("classify")) else ()
        here = [dataset for dataset in wanted if is_here(self.asked, dataset)]
        rows += [self.classify(dataset) for dataset in here]
        cache = sum(row.disk for row in rows if row.stage != "skipgrams") if self.asked.tracked else 0
        sampled = self.sample.taken / max(1, self.corpus.bytes)
        remote = [dataset for dataset in wanted if dataset not in here]
        return Forecast(rows, self.corpus.absent, remote, sampled, self.asked.workers, cache)

    def section(self, name: str, kind: type[Section]) -> Section:
        return self.asked.context(stage(name), self.model).section(kind)

    def rehearse(self, name: str, seconds: float | None = None, data: Path | None = None) -> Rehearsal:
        """One stage on the small corpus and on the sample, or on other `data`, cut short after so many seconds; on the
        sample with workers, where that is what the run will do.
        """
        chosen = {} if self.model is None else {"train": {"model": self.model}}
        first = Act(data=self.small.data, raw=overlaid(self.small.raw, chosen))
        second = Act(data=data or self.sample.data, raw=overlaid(self.sample.raw, chosen), seconds=seconds)
        draws = self.draws if name == "skipgrams" else 1
        if self.sample.complete and seconds is None and data is None and draws == 1:
            alike = second.model_copy(update={"workers": self.asked.workers})
            return rehearse(Script(stage=name, acts=(alike, first), whole=True))
        return rehearse(Script(stage=name, acts=(first, second)))

    def row(
        self,
        name: str,
        makes: dict[str, float],
        disk: float,
        work: float,
        memory: float,
        seconds: float,
        dataset: str | None = None,
    ) -> StageForecast:
        declared = stage(name)
        context = self.asked.context(declared, self.model, dataset)
        standing = folder_bytes(self.asked.data / declared.folder(context))
        counts = {key: round(value) for key, value in makes.items()}
        work = max(work, disk)  # which has the manifest besides
        return StageForecast(
            name, dataset or self.model, counts, round(disk), round(work), round(memory), round(seconds, 2), standing
        )

    def seconds(self, found: Rehearsal, jobs: list[int], scale: float) -> float:
        return stage_seconds(found, self.small_share, self.asked.workers, jobs, scale)

    def download(self) -> StageForecast:
        found = self.rehearse("download")
        passed = found.second
        self.scale = scale_of(self.corpus, self.sample, passed.facts["sources"])
        self.shards = max(
            passed.facts["shards"], math.ceil(passed.facts["bytes"] * self.scale / self.sample.shard_bytes)
        )
        makes = {"documents": passed.facts["documents"] * self.scale}
        disk = passed.published_bytes * self.scale
        if self.corpus.downloaded:
            return replace(self.row("download", makes, disk, 0, 0, 0), work=0)
        work = passed.work_bytes * self.scale
        memory = found.second_bytes + (0 if self.sample.complete else KEPT_SHARDS * self.sample.shard_bytes)
        return self.row("download", makes, disk, work, memory, self.seconds(found, [], self.scale))

    def clean(self) -> StageForecast:
        found = self.rehearse("clean")
        passed = found.second
        more = max(0.0, passed.facts["documents_in"] * (self.scale - 1))
        return self.row(
            "clean",
            {"documents": passed.facts["documents_out"] * self.scale},
            passed.published_bytes * self.scale,
            passed.work_bytes * self.scale,
            stage_memory(found, self.asked.workers, self.shards, parent=more * DOCUMENT_BYTES),
            self.seconds(found, [self.shards] * 2, self.scale),
        )

    def tokenize(self) -> StageForecast:
        found = self.rehearse("tokenize")
        passed, folder = found.second, self.sample.data / "tokenize"
        params = self.section("tokenize", TokenizeParams)
        counted = passed.facts["vocabulary"]
        self.growth = Growth(passed.facts["distinct_words"], counted, passed.facts["tokens"])
        if not self.sample.complete:
            ids, offsets = read_ids(folder / "documents")
            self.growth = extrapolate(ids, offsets, self.scale, params.min_count)
            if params.max_size is not None and params.max_size < self.growth.words:
                inside = float(np.count_nonzero(ids <= params.max_size))
                self.growth = self.growth._replace(words=params.max_size, tokens=round(inside * self.scale))
        vocabulary = (folder / "vocabulary.parquet").stat().st_size
        disk, work = (
            (size - vocabulary) * self.scale + vocabulary * self.growth.words / counted
            for size in (passed.published_bytes, passed.work_bytes)
        )
        makes = {"words": float(self.growth.words), "tokens": float(self.growth.tokens)}
        memory = stage_memory(
            found,
            self.asked.workers,
            self.shards,
            parent=WORD_BYTES * max(0, self.growth.distinct - passed.facts["distinct_words"]),
            worker=WORD_BYTES * max(0, self.growth.words - counted),
        )
        return self.row("tokenize", makes, disk, work, memory, self.seconds(found, [self.shards] * 2, self.scale))

    def widen_sample(self) -> None:
        """Gives the sample the vocabulary that the corpus is going to have."""
        self.words_tried = min(self.growth.words, self._words_to_try())
        if not self.sample.complete or self.words_tried < self.growth.words:
            min_count = self.section("tokenize", TokenizeParams).min_count
            widen(self.sample.data / "tokenize", self.words_tried, self.scale, min_count)

    def count_sample(self) -> Counted:
        """Rehearses the counting, on the sample as it is: what is counted has to be what the vocabulary says."""
        from tasks.kernels.cooccurrence import expected_cells

        counts = read_counts(self.sample.data / "tokenize" / "vocabulary.parquet")
        found = self.rehearse("cooccurrences")
        params = self.section("cooccurrences", CooccurrencesParams)
        cells: int = found.second.facts["cells"]
        share = cells / expected_cells(counts, params.window, params.symmetric)
        return Counted(found, int(counts.sum()), cells, share)

    def cooccurrences(self, counted: Counted) -> StageForecast:
        """Cells grow more slowly than text; the sample tells what share there is of those that chance would make."""
        from tasks.kernels.cooccurrence import expected_cells

        params = self.section("cooccurrences", CooccurrencesParams)
        counts = read_counts(self.sample.data / "tokenize" / "vocabulary.parquet")
        rare = np.full(self.growth.words - len(counts), counts[-1])
        cells = counted.share * expected_cells(np.concatenate([counts, rare]), params.window, params.symmetric)
        scale, passed = cells / counted.cells, counted.found.second
        jobs = max(FEWEST_PARTS, self.shards)
        return self.row(
            "cooccurrences",
            {"cells": cells},
            passed.published_bytes * scale,
            passed.published_bytes * scale + 8 * self.growth.tokens,
            stage_memory(counted.found, self.asked.workers, jobs, worker=8 * float(counts[0])),
            self.seconds(counted.found, [self.shards, jobs], self.growth.tokens / counted.tokens),
        )

    def skipgrams(self) -> StageForecast:
        found = self.rehearse("skipgrams")
        passed = found.second
        scale = self.growth.tokens / passed.facts["tokens"] * self.draws
        self.sample_pairs: int = passed.facts["pairs"]
        jobs = self.shards * self.draws
        return self.row(
            "skipgrams",
            {"tokens": passed.facts["kept_tokens"] * scale, "pairs": passed.facts["pairs"] * scale},
            passed.published_bytes * scale,
            passed.work_bytes * scale,
            stage_memory(found, self.asked.workers, jobs),
            self.seconds(found, [jobs], scale),
        )

    def lengthen(self, pairs: float) -> int:
        """Makes the sample's windows an epoch in which training takes steps as large as in one of so many pairs (CBOW's
        are half as large: a few per cent more time); tells how many pairs that epoch has.
        """
        from tasks.kernels.window_learner import MOST_PAIRS, STEPS_AN_EPOCH

        copies = max(1, round(min(pairs, MOST_PAIRS * STEPS_AN_EPOCH) / self.sample_pairs))
        lengthen_epoch(self.sample.data / "skipgrams" / "shards", copies)
        return self.sample_pairs * copies

    def train(self, epoch: Epoch) -> StageForecast:
        from tasks.kernels.tiles import CELL_BYTES

        params, words = self.section("train", TrainParams), self.growth.words
        found = self.rehearse("train", TRAINING_SECONDS)
        training = found.second.share_seconds or found.second.facts["run"]["training_seconds"]
        speed = epoch.sample * found.second.share / training
        once = found.start_seconds + found.first.seconds - found.first.facts["run"]["training_seconds"]
        trained = epoch.examples * params.epochs / speed
        seconds = once + found.second.seconds - training + trained
        grams = self._ngram_rows(params)
        kept, saved = (4 * (words * numbers + grams * params.dim) for numbers in numbers_a_word(params))
        checkpoints = trained > params.checkpoint_seconds
        work: float = saved + max(saved, kept) if checkpoints else kept  # a checkpoint, and the next one or the results
        if epoch.unit == "cells":
            work += CELL_BYTES * epoch.examples
        more_grams = max(0, grams - self._ngram_rows_tried(params))
        rows = words - self.words_tried + more_grams // 2  # n-grams have theirs in one table of the two
        more = rows * bytes_a_word(params) + words * params.dim  # which numbers are finite: a byte each
        return self.row(
            "train",
            {"words": words, epoch.unit: epoch.examples * params.epochs},
            kept,
            work,
            found.second_bytes + more,
            seconds,
        )

    def export_and_evaluate(self) -> list[StageForecast]:
        words = self.growth.words
        whole = Vocabulary.read(self.sample.data / "tokenize" / "vocabulary.parquet")
        some = whole.limited(1, VECTORS)
        data = self.folder / f"vectors-{self.model}"
        params = self.section("train", TrainParams)
        dim = params.dim * (2 if isinstance(params, GloveParams) and params.output == "both" else 1)
        stand_in(self.small.data, data, self.model or self.asked.models[0], some, dim)
        more = (words - len(some)) * (dim * 5 + 2 * WORD_BYTES)

        limit = self.section("export", ExportParams).max_words or words
        found = self.rehearse("export", data=data)
        scale = min(words, limit) / min(len(some), limit)
        rows = params.bucket if isinstance(params, FasttextParams) and params.maxn else 0
        fixed = 4 * dim * rows  # fastText's .bin has a row for every bucket
        jobs = len(found.second.rounds[0])
        export = self.row(
            "export",
            {"words": min(words, limit)},
            (found.second.published_bytes - fixed) * scale + fixed,
            (found.second.work_bytes - fixed) * scale + fixed,
            stage_memory(found, self.asked.workers, jobs, worker=more),
            stage_seconds(found, 0.0, self.asked.workers, [jobs], scale),
        )

        found = self.rehearse("evaluate", data=data)
        growths = {
            name: _questions(whole, limit) * min(words, limit or words) / (_questions(some, limit) * len(some))
            for name, limit in ANALOGIES.items()
        }
        jobs = len(found.second.rounds[0])
        drawing = dict(found.second.rounds[0])["map"]  # of as many words in both passes
        evaluate = self.row(
            "evaluate",
            {"words": words},
            found.second.published_bytes,
            found.second.work_bytes,
            stage_memory(found, self.asked.workers, jobs, worker=more),
            stage_seconds(
                found,
                drawing / found.second.seconds,
                self.asked.workers,
                [jobs],
                1.0,
                lambda name: growths.get(name, 1.0),
            ),
        )
        return [export, evaluate]

    def classify(self, dataset: str) -> StageForecast:
        found = foretell(self.asked, dataset, self.folder / f"dataset-{dataset}")
        makes = {"classifiers": float(found.classifiers)}
        return self.row("classify", makes, found.disk, found.work, found.memory, found.seconds, dataset)

    def _ngram_rows(self, params: TrainParams) -> int:
        """How many buckets the n-grams of the corpus' words will use: it grows with a power of the number of words."""
        if not isinstance(params, FasttextParams) or not params.maxn:
            return 0
        words = self.sample_words.spelled
        half, whole = (used_buckets(words[:count], params) for count in (max(1, len(words) // 2), len(words)))
        power = math.log2(max(1.0, whole / max(1, half)))
        expected: float = whole * (self.growth.words / len(words)) ** power
        return min(params.bucket, math.ceil(expected))

    def _ngram_rows_tried(self, params: TrainParams) -> int:
        """How many the rehearsal had, whose vocabulary has words in it that stand for others."""
        if not isinstance(params, FasttextParams) or not params.maxn:
            return 0
        tried = Vocabulary.read(self.sample.data / "tokenize" / "vocabulary.parquet")
        return used_buckets(tried.spelled, params)

    def _words_to_try(self) -> int:
        """Rows with which training is tried out, so that it takes at most a quarter of the memory that is free."""
        params = self.section("train", TrainParams)
        return max(2, min(TABLE_BYTES // (4 * params.dim), self.free_memory // (4 * bytes_a_word(params))))


def _questions(vocabulary: Vocabulary, limit: int | None) -> int:
    """The analogies whose words are all among the first `limit` words; at least 1, since they are divided by."""
    known = rows_by_upper_case(vocabulary.words[:limit])
    sections = read_questions(packaged(ANALOGY_FILE)).values()
    return max(1, sum(all(word in known for word in question) for questions in sections for question in questions))
