"""Each network: padding and neighbours say nothing, its answer is a distribution, its embedding changes or stays."""

import random
from collections.abc import Callable
from functools import cache
from typing import Any, get_args

import numpy as np
import pytest
from numpy.typing import NDArray
from support.classifiers import NOISE, network, pad, planted, ragged

from tasks.classifiers.batches import Labelled
from tasks.classifiers.encoding import BOS, PAD, SPECIAL, Ragged, Side
from tasks.classifiers.grid import NetworkName

pytestmark = pytest.mark.usefixtures("tensorflow")

NETWORKS: tuple[NetworkName, ...] = get_args(NetworkName)

IDS = len(SPECIAL) + 3 + NOISE
Answer = Callable[[NDArray[np.int32]], NDArray[np.float32]]


@pytest.fixture(scope="module")
def texts() -> Ragged:
    """Of all lengths that matter to windows of five, an empty one too."""
    drawn = np.random.default_rng(4)
    lengths = (1, 2, 4, 5, 6, 9, 10, 11, 15, 16)
    return ragged([[BOS, *drawn.integers(2, IDS, length - 1).tolist()] for length in lengths])


@cache
def answering(name: NetworkName, mask: bool) -> Answer:
    """A network none of whose numbers is zero but those of padding, where it is masked."""
    from tasks.classifiers.training import make_answer

    built = network(name, mask=mask, classes=3)
    drawn = np.random.default_rng(5)
    embedding, *others = (drawn.normal(0, 0.7, each.shape).astype(np.float32) for each in built.get_weights())
    embedding[PAD] *= not mask
    built.set_weights([embedding, *others])
    answer = make_answer(built)
    return lambda ids: answer(ids).numpy()


def alone(answer: Answer, texts: Ragged) -> NDArray[np.float32]:
    """Each text by itself, without padding."""
    return np.concatenate([answer(texts.text(number)[None]) for number in range(len(texts))])


@pytest.mark.parametrize("side", ["post", "pre"])
@pytest.mark.parametrize("name", NETWORKS)
def test_padding_and_neighbours_say_nothing(texts: Ragged, name: NetworkName, side: Side) -> None:
    answer = answering(name, True)
    expected = alone(answer, texts)
    assert np.abs(expected - expected.mean(axis=0)).max() > 0.05, "it does tell texts apart"
    everything = np.arange(len(texts))
    for length in (16, 17, 23, 40):
        together = answer(pad(texts, everything, length, side))
        np.testing.assert_allclose(together, expected, atol=1e-5)
    backwards = answer(pad(texts, everything[::-1].copy(), 24, side))
    np.testing.assert_allclose(backwards[::-1], expected, atol=1e-5)
    some = np.array([3, 1])
    np.testing.assert_allclose(answer(pad(texts, some, 8, side)), expected[some], atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_without_a_mask_padding_is_read(texts: Ragged, name: NetworkName) -> None:
    answer = answering(name, False)
    padded = answer(pad(texts, np.arange(len(texts)), 40, "post"))
    assert np.abs(padded - alone(answer, texts)).max() > 0.01


@pytest.mark.parametrize("name", NETWORKS)
def test_an_answer_is_a_distribution(texts: Ragged, name: NetworkName) -> None:
    found = answering(name, True)(pad(texts, np.arange(len(texts)), 20, "post"))
    assert found.shape == (len(texts), 3) and found.dtype == np.float32
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("name", ["average", "lstm", "cnn"])
def test_only_rows_that_occur_are_tuned(name: NetworkName) -> None:
    built = network(name, tuned=True)
    before, after = trained(built, few_words())
    (start, *others), (end, *changed) = before, after
    occurred = np.unique(few_words().texts.flat)
    rest = np.setdiff1d(np.arange(len(start)), occurred)
    assert PAD in rest and len(rest) > 15
    np.testing.assert_array_equal(start[rest], end[rest])
    assert (start[occurred] != end[occurred]).any(axis=1).mean() > 0.8, "a maximum passes some over"
    assert all((one != other).any() for one, other in zip(others, changed, strict=True))


@pytest.mark.parametrize("side", ["post", "pre"])
@pytest.mark.parametrize("name", NETWORKS)
def test_padding_stays_zeros_where_it_is_masked(name: NetworkName, side: Side) -> None:
    for mask in (True, False):
        _, (end, *_) = trained(network(name, mask=mask), few_words(), side)
        assert end[PAD].any() != mask and end[BOS].any()


@pytest.mark.parametrize("name", ["average", "cnn"])
def test_a_frozen_embedding_stays(name: NetworkName) -> None:
    (start, *others), (end, *changed) = trained(network(name, tuned=False), few_words())
    np.testing.assert_array_equal(start, end)
    assert all((one != other).any() for one, other in zip(others, changed, strict=True))


def few_words() -> Labelled:
    """Texts that have the first half of the words only."""
    texts = planted(48, seed=6)
    flat = np.where(texts.texts.flat < 18, texts.texts.flat, texts.texts.flat - 15).astype(np.int32)
    return Labelled(Ragged(flat, texts.texts.offsets), texts.labels, texts.weights)


def trained(
    built: Any, texts: Labelled, side: Side = "post"
) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]:
    """All numbers before and after an epoch; the embedding's are the first."""
    from tasks.classifiers.training import TrainingSettings, make_answer, train

    before = built.get_weights()
    train(built, make_answer(built), texts, texts, TrainingSettings(1, 1, 8, 0.01, 3, 40, side, 1))
    return before, built.get_weights()


def test_a_network_starts_from_the_matrix_and_the_seed() -> None:
    from tasks.classifiers.embedding import random_matrix

    first, again, other = (network("kim", seed=seed).get_weights() for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[0], random_matrix(2 + NOISE, 8, 1))
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert any((one != two).any() for one, two in zip(first[1:], other[1:], strict=True))


@pytest.mark.parametrize("name", NETWORKS)
def test_what_else_draws_in_the_process_changes_no_network(name: NetworkName) -> None:
    from keras import ops

    states = []
    for others in (1, 2):
        random.seed(others)  # as if another thread had drawn; Keras takes its own seeds from there
        built = network(name, dropout=0.5)
        states.append([ops.convert_to_numpy(each) for each in built.variables])
    for one, two in zip(*states, strict=True):
        np.testing.assert_array_equal(one, two)


def test_both_ways_of_an_lstm_start_at_numbers_of_their_own() -> None:
    weights = network("bilstm").get_weights()[1:]
    forwards, backwards = weights[:3], weights[3:6]
    for one, other in zip(forwards[:2], backwards[:2], strict=True):
        assert one.shape == other.shape and (one != other).all()


def test_the_shapes_are_those_of_the_papers() -> None:
    sizes = {name: network(name).get_layer("classes").input.shape[-1] for name in ("average", "cnn", "kim")}
    assert sizes == {"average": 8, "cnn": 8, "kim": 24}


def test_the_mean_of_frozen_vectors_is_normalized_and_nothing_is_left_out() -> None:
    for tuned in (True, False):
        built = network("average", tuned=tuned, dropout=0.5)
        spread = [layer for layer in built.layers if type(layer).__name__ == "BatchNormalization"]
        left_out = [layer.rate for layer in built.layers if hasattr(layer, "rate")]
        assert (len(spread), sum(left_out) > 0) == ((0, True) if tuned else (1, False))
