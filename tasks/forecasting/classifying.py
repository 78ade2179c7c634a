"""What the stage classify is going to make and take for one dataset, from some of its texts.

Each classifier is trained for one epoch on few texts and then on more, which tells what it costs once and what for each
text. How many epochs a network takes is decided by texts that it does not learn from; that is guessed from what others
took on public datasets.
"""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.classifiers.grid import BASELINE, OURS, RANDOM
from tasks.classify_params import DatasetParams
from tasks.datasets.loading import downloads, load
from tasks.datasets.params import TEST, TRAIN
from tasks.datasets.splitting import sample_splits
from tasks.forecasting.rehearsal import Act, Rehearsal, Script, folder_bytes, rehearse
from tasks.request import Request
from tasks.stages import stage
from tasks.text.vocabulary import Vocabulary
from tasks.train_params import TrainParams

CHARACTERS = 1_000_000
"""Of the training texts, in the second trial."""

SMALL_PART = 8
"""The first trial has so much less."""

TOKENIZING, TRAINING = 1, 2
"""Of a trial's rounds, which read the texts, split them into words, and train all classifiers."""

ANSWERED = 1 / 3
"""What it costs to ask about a text, as a share of learning from it."""

BEST_EPOCH, FALL = 25.0, 0.3
"""A network is at its best after about BEST_EPOCH / steps^FALL epochs of so many steps. Found in the mean, and said by
this: 8 and 7 on SMS (63 steps), 12 and 5 on 20 Newsgroups (160), 3 and 4 on IMDB (352), 3 and 3 on NSMC (1,055)."""

TOKEN_BYTES = 100
"""Of memory for each word of all texts, while the baseline counts them."""

WORD_BYTES = 16
"""On disk, of a word in the list beside a saved network."""


@dataclass(frozen=True)
class Classifying:
    """What is foretold of one dataset.

    Attributes:
        classifiers: that are trained.
        disk, work, memory, seconds: as in `tasks.forecasting.result.StageForecast`.
    """

    classifiers: int
    disk: float
    work: float
    memory: float
    seconds: float


@dataclass(frozen=True)
class Trial:
    """Texts on which every classifier is trained for one epoch.

    Attributes:
        table: the texts, schemas.DOCUMENTS.
        act: the pass that trains.
        folder: of what it makes.
        dim: numbers of a vector.
    """

    table: pa.Table
    act: Act
    folder: Path
    dim: int

    @property
    def words(self) -> int:
        """Of its vocabulary."""
        return len(Vocabulary.read(self.folder / "texts" / "vocabulary.parquet"))

    @property
    def tokens(self) -> int:
        """Of all its texts."""
        ids = pq.read_table(self.folder / "texts" / "encoded.parquet", columns=["ids"])["ids"]
        return int(pc.sum(pc.list_value_length(ids)).as_py())


def is_here(asked: Request, dataset: str) -> bool:
    """Whether the dataset lies on this disk; else it has to be fetched before anything can be told of it."""
    return not downloads(_params(asked, dataset).dataset)


def foretell(asked: Request, dataset: str, folder: Path) -> Classifying:
    """Rehearses the classifiers of a dataset that is on this disk.

    Args:
        asked: the run.
        dataset: its name.
        folder: where the rehearsal may write.

    Raises:
        InputError: the dataset cannot be read.
        WordloomError: its texts do not go through the stage.
    """
    params = _params(asked, dataset)
    started = time.monotonic()
    table = load(params.dataset, params.folder, (), folder / "unpacked").table
    loading = time.monotonic() - started
    characters = pc.mean(pc.utf8_length(table.filter(pc.equal(table["split"], TRAIN))["text"])).as_py()
    limit = max(1, round(CHARACTERS / max(1.0, characters)))
    # The first network of a process waits for TensorFlow, so there are two of each in the first trial.
    ours = OURS in params.sources
    dim = asked.context(stage("train"), params.learned).section(TrainParams).dim if ours else params.dim
    lay_down = partial(_trial, asked, dataset, params, dim)
    few = lay_down(_some(table, max(1, limit // SMALL_PART)), [1, 2], folder / "few")
    some = lay_down(_some(table, limit), [1], folder / "some")
    found = rehearse(Script(stage="classify", acts=(few.act, some.act), dataset=dataset))

    rows = expected_rows(params)
    classifiers = max(1, round(sum(rows.values())))
    at_once = min(asked.workers, classifiers)
    scale = table.num_rows / some.table.num_rows
    words = _words(few, some, scale, params.max_words)
    disk = _disk(rows, some, scale, words - some.words)
    beside = scale * max(0, found.second.work_bytes - found.second.published_bytes)
    matrices = 4 * some.dim * words * len(params.sources)
    memory = found.bare_bytes + at_once * found.second_bytes + TOKEN_BYTES * some.tokens * (scale - 1)
    splitting = scale * sum(seconds for _, seconds in found.second.rounds[TOKENIZING]) / asked.workers
    each, start = _row_seconds(params, found, few.table, some.table, table)
    training = sum(number * each[name] for name, number in rows.items()) / at_once
    seconds = found.start_seconds + loading + splitting + start + training
    return Classifying(classifiers, disk, disk + beside + matrices, memory, seconds)


def expected_rows(params: DatasetParams) -> dict[str, float]:
    """How many classifiers of each name are trained; of a cross, whose best one is not known yet, the mean."""
    rows: dict[str, float] = {BASELINE: 1.0} if BASELINE in params.models else {}
    for name in params.networks:
        if params.grid == "full" or name == params.networks[0]:
            settings = float(len(params.vectors))
        else:
            settings = 1 + (len(params.vectors) - 1) / len(params.networks)
        rows[name] = len(params.seeds) * settings
    return rows


def expected_epochs(params: DatasetParams, learned: int) -> float:
    """How many epochs a network takes that learns from so many texts."""
    steps = math.ceil(learned * (1 - params.validation) / params.batch)
    return min(params.epochs, max(1.0, BEST_EPOCH / math.pow(steps, FALL)) + params.patience)


def _params(asked: Request, dataset: str) -> DatasetParams:
    return asked.context(stage("classify"), dataset=dataset).section(DatasetParams)


def _some(table: pa.Table, limit: int) -> pa.Table:
    """A draw of so many texts of each split, with one of each label to learn from."""
    splits, labels = (np.array(table[name].to_pylist()) for name in ("split", "label"))
    learned = np.flatnonzero(splits == TRAIN)
    firsts = learned[np.unique(labels[learned], return_index=True)[1]]
    return table.take(pa.array(np.union1d(sample_splits(splits.tolist(), limit, 1), firsts)))


def _trial(
    asked: Request, dataset: str, params: DatasetParams, dim: int, table: pa.Table, seeds: list[int], folder: Path
) -> Trial:
    """Lays down texts, and how they are to be classified: by all classifiers, for one epoch each."""
    folder.mkdir(parents=True)
    path = folder / "texts.parquet"
    pq.write_table(table.select(["text", "label", "split"]), path)
    values = params.model_dump(mode="json", exclude={"dataset", "treatment"}) | {
        "text": params.treatment.model_dump(mode="json"),
        "vectors": [RANDOM],
        "dim": dim,
        "grid": "full",
        "epochs": 1,
        "seeds": seeds,
    }
    datasets = {dataset: {"kind": "table", "path": str(path), "values": values}}
    raw = {**asked.raw, "classify": {**asked.raw["classify"], "datasets": datasets}}
    data = folder / "data"
    return Trial(table, Act(data=data, raw=raw), data / "classify" / dataset, dim)


def _words(few: Trial, some: Trial, scale: float, most: int | None) -> int:
    """Of the whole vocabulary, which grows with a power of the number of texts."""
    texts = some.table.num_rows / few.table.num_rows
    power = math.log(max(1.0, some.words / few.words)) / math.log(texts) if texts > 1 else 1.0
    words = round(some.words * math.pow(scale, power))
    return words if most is None else min(words, most)


def _disk(rows: Mapping[str, float], some: Trial, scale: float, more_words: int) -> float:
    """Of so many classifiers with so many words more than the trial, and of `scale` times its texts."""
    disk = scale * folder_bytes(some.folder / "texts")
    for name, number in rows.items():
        more = 0 if name == BASELINE else more_words * (4 * some.dim + WORD_BYTES)
        disk += number * (folder_bytes(some.folder / name) + more)
    return disk


def _row_seconds(
    params: DatasetParams, found: Rehearsal, few: pa.Table, some: pa.Table, whole: pa.Table
) -> tuple[Mapping[str, float], float]:
    """What each classifier takes on the whole dataset, by name; and what a process takes once before its first."""
    once = [seconds for _, seconds in found.first.rounds[TRAINING]]
    more = [seconds for _, seconds in found.second.rounds[TRAINING]]
    start = found.start_seconds
    each: dict[str, float] = {}
    if BASELINE in params.models:
        each[BASELINE] = _line(once.pop(0), more.pop(0), _effort(few), _effort(some), _effort(whole))
    epochs = expected_epochs(params, whole.num_rows - _asked(whole))
    for place, name in enumerate(params.networks):
        cold, warm = once[2 * place : 2 * place + 2]
        each[name] = _line(warm, more[place], _effort(few), _effort(some), _effort(whole, epochs))
        start += max(0.0, cold - warm)
    return each, start


def _line(low: float, high: float, few: float, some: float, whole: float) -> float:
    """On the line through `low` at `few` and `high` at `some`, what is at `whole`; it does not fall."""
    slope = max(0.0, (high - low) / (some - few)) if some > few else 0.0
    return high + slope * (whole - some)


def _asked(table: pa.Table) -> int:
    return int(pc.sum(pc.equal(table["split"], TEST)).as_py())


def _effort(table: pa.Table, epochs: float = 1) -> float:
    """The texts that are learned from in all epochs, and those that are asked about, which count less."""
    learned: int = table.num_rows - _asked(table)
    return epochs * learned + ANSWERED * _asked(table)
