"""Training: it learns what is planted, ends with its best epoch, and the seed alone decides the last bit."""

import os
import signal
from typing import Any, get_args

import numpy as np
import pytest
from numpy.typing import NDArray
from support.classifiers import network, planted, ragged

from tasks.classifiers.batches import Labelled
from tasks.classifiers.encoding import BOS, Side
from tasks.classifiers.grid import NetworkName
from tasks.errors import Interrupted

pytestmark = pytest.mark.usefixtures("tensorflow")


def settings(**changed: Any) -> Any:
    from tasks.classifiers.training import TrainingSettings

    values: dict[str, Any] = {
        "epochs": 5, "patience": 5, "batch": 16, "learning_rate": 0.02, "buckets": 3, "length": 40,
        "padding": "post", "seed": 1,
    }  # fmt: skip
    return TrainingSettings(**values | changed)


def asked(built: Any, texts: Labelled) -> NDArray[np.float32]:
    from tasks.classifiers.training import answers, make_answer

    return answers(make_answer(built), texts.texts, 3, "post")


def loss(probabilities: NDArray[np.float32], labels: NDArray[np.int32]) -> float:
    return float(-np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-7)).mean())


@pytest.mark.parametrize("name", get_args(NetworkName))
def test_each_network_learns_the_word_that_tells(name: NetworkName) -> None:
    assert share_learned(network(name, dropout=0.2, classes=3), epochs=6) > 0.95


@pytest.mark.parametrize("name", ["lstm", "bilstm", "cnn", "kim"])
def test_it_learns_it_in_16_bits_too(name: NetworkName) -> None:
    built = network(name, dropout=0.2, classes=3, precision="bfloat16")
    assert share_learned(built, epochs=9) > 0.95
    assert built.get_layer("classes").input.dtype == "bfloat16"
    assert all(each.dtype == np.float32 for each in built.get_weights())


def share_learned(built: Any, epochs: int) -> float:
    """The share of other texts that it is right on."""
    from tasks.classifiers.training import make_answer, train

    learned, chosen_by, others = (planted(size, seed=seed, classes=3) for size, seed in ((300, 1), (60, 3), (150, 2)))
    history = train(built, make_answer(built), learned, chosen_by, settings(epochs=epochs))
    assert history[-1].loss < 0.5 * history[0].loss
    assert [each.epoch for each in history] == list(range(1, len(history) + 1))
    return float((asked(built, others).argmax(axis=1) == others.labels).mean())


def test_the_best_epoch_is_what_stays() -> None:
    from tasks.classifiers.history import best_epoch
    from tasks.classifiers.training import make_answer, train

    random = np.random.default_rng(5)
    texts, others = planted(40, seed=1), planted(200, seed=2)
    noisy = Labelled(texts.texts, random.permutation(texts.labels), texts.weights)  # can only be learned by heart
    built = network("average")
    history = train(built, make_answer(built), noisy, others, settings(epochs=40, patience=6, learning_rate=0.1))
    best = best_epoch(history)
    assert len(history) == best + 6 < 40, "it ended for want of patience"
    losses = [each.validation_loss for each in history]
    assert losses[best - 1] == min(losses) < losses[-1] - 0.01
    found = asked(built, others)
    assert loss(found, others.labels) == pytest.approx(losses[best - 1], abs=2e-6)
    assert history[best - 1].validation_accuracy == pytest.approx((found.argmax(1) == others.labels).mean(), abs=1e-6)


def test_the_last_epoch_is_what_stays_if_it_is_the_best() -> None:
    from tasks.classifiers.training import make_answer, train

    built, others = network("average"), planted(50, seed=2)
    history = train(built, make_answer(built), planted(200, seed=1), others, settings(epochs=3))
    assert history[-1].validation_loss == min(each.validation_loss for each in history)
    assert loss(asked(built, others), others.labels) == pytest.approx(history[-1].validation_loss, abs=2e-6)


def test_the_seed_decides_every_bit() -> None:
    from tasks.classifiers.training import make_answer, train

    def weights(seed: int, order: int) -> list[NDArray[np.float32]]:
        built = network("max", dropout=0.5, seed=seed)
        train(built, make_answer(built), planted(100, seed=1), planted(30, seed=2), settings(epochs=2, seed=order))
        found: list[NDArray[np.float32]] = built.get_weights()
        return found

    first, again, start, order = (weights(*seeds) for seeds in ((1, 1), (1, 1), (2, 1), (1, 2)))
    assert all((one == two).all() for one, two in zip(first, again, strict=True))
    for other in (start, order):
        assert all((one != two).any() for one, two in zip(first, other, strict=True))


def test_weights_of_classes_matter() -> None:
    from tasks.classifiers.training import make_answer, train

    random = np.random.default_rng(1)
    texts = ragged([[BOS, *random.integers(5, 30, 6).tolist()] for _ in range(200)])
    labels = (np.arange(200) % 10 == 0).astype(np.int32)  # nothing tells the rare class
    rare = []
    for weight in (1.0, 9.0):
        built = network("average")
        learned = Labelled(texts, labels, np.where(labels == 1, weight, 1.0).astype(np.float32))
        train(built, make_answer(built), learned, learned, settings(epochs=3))
        rare.append(float(asked(built, learned)[:, 1].mean()))
    assert rare[0] < 0.25 and 0.4 < rare[1] < 0.6


def test_answers_are_in_the_order_of_the_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.classifiers import training

    built, texts = network("kim"), planted(70, seed=4, longest=60)
    alone = np.concatenate(
        [built(texts.texts.text(number)[None], training=False).numpy() for number in range(len(texts))]
    )
    assert len(np.unique(alone[:, 0])) > 60
    monkeypatch.setattr(training, "ANSWERED_TOKENS", 300)  # so that there are many batches
    answer = training.make_answer(built)
    sides: tuple[Side, ...] = ("post", "pre")
    for padding in sides:
        for buckets in (1, 2, 5, 16):
            found = training.answers(answer, texts.texts, buckets, padding)
            np.testing.assert_allclose(found, alone, atol=1e-6)


def test_no_text_has_no_answer() -> None:
    assert len(asked(network("average"), planted(0, seed=1))) == 0


def test_every_text_that_is_learned_from_is_told() -> None:
    from tasks.classifiers.training import make_answer, train

    told: list[tuple[int, str]] = []
    built, learned = network("average"), planted(50, seed=1)
    train(
        built, make_answer(built), learned, learned, settings(epochs=2, batch=8),
        lambda amount, note="": told.append((int(amount), note)),
    )  # fmt: skip
    assert sum(amount for amount, _ in told) == 100 and max(amount for amount, _ in told) <= 8
    assert told[-1][1].startswith("epoch 1: loss 0.")


@pytest.mark.usefixtures("command_handlers")
def test_asked_to_stop_it_leaves() -> None:
    from tasks.classifiers.training import make_answer, train

    told: list[float] = []

    def stop(amount: float, note: str = "") -> None:
        told.append(amount)
        os.kill(os.getpid(), signal.SIGTERM)

    built = network("average")
    with pytest.raises(Interrupted):
        train(built, make_answer(built), planted(100, seed=1), planted(20, seed=2), settings(batch=8), stop)
    assert len(told) == 1
