"""fastText from training to files: it learns what is planted, resumes, answers for unseen words; gensim and the program
read its models.
"""

import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models.fasttext import load_facebook_model
from support.planted import outputs, write_shards

from tasks import export
from tasks.errors import InputError, Interrupted
from tasks.formats.fasttext import read_model
from tasks.loading import load
from tasks.pipeline.stage import Context, Report
from tasks.text.vocabulary import Vocabulary
from tasks.train import finish, plan, work
from tasks.train_params import FasttextParams, TrainParams

pytestmark = pytest.mark.usefixtures("command_handlers")

STEMS = ("birth", "place", "apple", "river", "stone", "cloud")
"""One a cluster, so that what is spelled alike is used alike."""

WORDS = tuple(f"{stem}{ending}" for stem in STEMS for ending in "abcdefgh")


def documents() -> list[list[str]]:
    """Each has words of one stem."""
    rng = np.random.default_rng(1)
    return [[f"{stem}{ending}" for ending in rng.choice(list("abcdefgh"), 15)] for stem in rng.choice(STEMS, 400)]


def write_corpus(data: Path, found: list[list[str]]) -> None:
    """The vocabulary and windows of the documents in two shards."""
    counts = Counter(word for document in found for word in document).most_common()
    Vocabulary(tuple(word for word, _ in counts), np.array([count for _, count in counts])).write(
        data / "tokenize" / "vocabulary.parquet"
    )
    ids = {word: number for number, (word, _) in enumerate(counts, 1)}
    encoded = [[ids[word] for word in document] for document in found]
    write_shards(data, [[encoded[:200], encoded[200:]]])


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("planted")
    write_corpus(data, documents())
    return data


def params(**values: Any) -> TrainParams:
    own = {"bucket": 3000, "maxn": 5} | values
    return TrainParams(model="fasttext", dim=16, epochs=4, learning_rate=0.05, fasttext=own).for_model("fasttext")


def run(data: Path, threads: int = 1, **values: Any) -> Report:
    """Trains into the folder of the model."""
    context = Context(data, data / "train" / "fasttext", {"train": params(**values)}, "fasttext", threads=threads)
    return finish(context, [work(job) for job in plan(context, ())])


def beside(planted: Path, folder: Path) -> Path:
    """Another data folder with the same windows."""
    folder.mkdir()
    for name in ("tokenize", "skipgrams"):
        (folder / name).symlink_to(planted / name)
    return folder


@pytest.fixture(scope="module")
def trained(planted: Path) -> Path:
    run(planted)
    return planted / "train" / "fasttext"


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_the_planted_clusters_are_found_again(planted: Path, tmp_path: Path, architecture: str) -> None:
    data = beside(planted, tmp_path / "data")
    facts = run(data, architecture=architecture, epochs=10).facts
    vectors = load(data / "train" / "fasttext")
    assert all(vectors.neighbours(word, 1)[0][0][:5] == word[:5] for word in WORDS)
    assert facts["loss_per_epoch"][-1] < 0.8 * facts["loss_per_epoch"][0]


def test_it_answers_for_words_that_it_never_saw(trained: Path) -> None:
    vectors = load(trained)
    assert set(vectors.words) == set(WORDS) and "appple" not in vectors
    near = [word for word, _ in vectors.neighbours("appple", 3)]
    assert all(word.startswith("apple") for word in near)
    near = [word for word, _ in vectors.neighbours("birthplace", 8)]
    assert {word[:5] for word in near} <= {"birth", "place"}
    with pytest.raises(InputError, match="none of its n-grams is in any of them"):
        vectors["zzzz"]
    with pytest.raises(InputError, match="no n-gram of it of 3 to 5 characters"):
        load(trained)[""]


def test_only_buckets_in_use_are_kept(trained: Path) -> None:
    kept = {path.stem: np.load(path) for path in (trained / "tables").iterdir()}
    assert kept["ngrams"].shape == (len(kept["buckets"]), 16) and len(kept["buckets"]) < 500
    assert kept["hashing"].tolist() == [3, 5, 3000] and kept["words"].shape == (48, 16)


def test_a_run_that_is_asked_to_stop_again_and_again_ends_with_the_same_bytes(
    planted: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = beside(planted, tmp_path / "whole"), beside(planted, tmp_path / "broken")
    monkeypatch.setattr("tasks.kernels.window_learner.STEPS_AN_EPOCH", 6)
    run(whole, threads=2)
    os.kill(os.getpid(), signal.SIGTERM)
    stops = 0
    for _ in range(500):
        try:
            run(broken)
            break
        except Interrupted:
            stops += 1
    assert stops > 10
    one, other = (outputs(data / "train" / "fasttext") for data in (whole, broken))
    assert one == other and "tables/ngrams.npy" in one


@pytest.fixture(scope="module")
def exported(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    context = Context(
        trained.parents[1], tmp_path_factory.mktemp("export"), {"export": export.ExportParams()}, "fasttext"
    )
    for job in export.plan(context, ()):
        export.work(job)
    return context.work / "vectors.fasttext.bin"


UNSEEN = ["appple", "birthplace", "stony", "cloudstone"]


def test_gensim_reads_the_model(trained: Path, exported: Path) -> None:
    ours, theirs = load(trained), load_facebook_model(str(exported)).wv
    assert theirs.index_to_key == ours.words and (theirs.min_n, theirs.max_n, theirs.bucket) == (3, 5, 3000)
    for word in (*WORDS, *UNSEEN):
        np.testing.assert_allclose(ours[word], theirs[word], atol=1e-5)


def test_the_program_reads_the_model(trained: Path, exported: Path) -> None:
    fasttext = pytest.importorskip("fasttext", reason="the fastText program is not installed")
    ours, theirs = load(trained), fasttext.load_model(str(exported))
    assert theirs.get_words(on_unicode_error="strict") == ours.words
    for word in (*WORDS, *UNSEEN):
        np.testing.assert_allclose(ours[word], theirs.get_word_vector(word), atol=1e-5)


def test_we_read_it_as_it_was_trained(trained: Path, exported: Path) -> None:
    ours, again = load(trained), load(exported)
    for word in (*WORDS, *UNSEEN):
        np.testing.assert_allclose(ours[word], again[word], atol=1e-6)
    model = read_model(exported)
    np.testing.assert_array_equal(model.outputs, np.load(trained / "context_vectors.npy"))


def test_its_own_values_are_checked() -> None:
    assert isinstance(params(), FasttextParams) and {"minn", "maxn", "bucket"} < params().determining().keys()
    with pytest.raises(ValueError, match="minn should be at most maxn"):
        params(minn=6, maxn=3)
    with pytest.raises(ValueError, match="tensorflow has sgns and glove only"):
        TrainParams(model="fasttext", engine="tensorflow").for_model("fasttext")
