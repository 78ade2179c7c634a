"""Pictures: equal values are equal bytes, and every odd history gives a picture or a clear line."""

import csv
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from tasks.errors import InputError
from tasks.scoring.plots import plot_loss, plot_speed, read_history
from tasks.scoring.word_map import Place, choose_places, draw_map, lay_out


def drawn(path: Path) -> bool:
    """Whether a PNG holds anything but white."""
    return bool((imread(path)[..., :3] < 0.9).any())


@pytest.mark.parametrize(
    "text",
    [
        "epoch,loss,learning_rate\n1,0.5,0.02\n2,0.4,0.01\n",
        "epoch,loss\n1,0.5\n",
        "loss,note\n0.5,first\n0.4,second\n",
        "epoch,loss,learning_rate\n" + "".join(f"{n / 10},{1 / (n + 1)},{0.1 / (n + 1)}\n" for n in range(100)),
    ],
)
def test_the_loss_is_drawn_from_any_history(tmp_path: Path, text: str) -> None:
    (tmp_path / "history.csv").write_text(text)
    history = read_history(tmp_path / "history.csv")
    plot_loss(history, tmp_path / "a.png")
    plot_loss(history, tmp_path / "b.png")
    assert drawn(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize("text", ["", "epoch,loss\n", "epoch,learning_rate\n1,0.5\n", "epoch,loss\n1,nan\n"])
def test_a_history_without_loss_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "history.csv").write_text(text)
    with pytest.raises(InputError, match="run the stage train again"):
        read_history(tmp_path / "history.csv")
    with pytest.raises(InputError, match=r"run the stage train$"):
        read_history(tmp_path / "absent.csv")


@pytest.mark.parametrize("unit", ["seconds", "epoch"])
def test_the_speed_is_drawn_and_written(tmp_path: Path, unit: str) -> None:
    speed = [{unit: number, "words_per_second": 1e6 + number} for number in range(3)]
    assert plot_speed({"speed": speed}, tmp_path / "speed.png")
    assert drawn(tmp_path / "speed.png")
    with open(tmp_path / "speed.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["words_per_second"]) for row in rows] == [1e6, 1e6 + 1, 1e6 + 2]


def test_a_run_without_speed_draws_nothing(tmp_path: Path) -> None:
    assert not plot_speed({}, tmp_path / "speed.png")
    assert not plot_speed({"speed": []}, tmp_path / "speed.png")
    assert not list(tmp_path.iterdir())


def test_each_word_has_one_place_and_groups_come_first() -> None:
    places = choose_places(["the", "of", "tire"], {"engine": ["tire", "wheel"], "moon": None, "car": ["wheel"]}, 3)
    assert places == [
        Place("engine", 0, True),
        Place("car", 1, True),
        Place("tire", 0, False),
        Place("wheel", 0, False),
        Place("the", None, False),
        Place("of", None, False),
    ]


def test_the_map_keeps_planted_groups_together(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    centers = np.repeat(random.normal(size=(4, 30)), 25, axis=0)
    matrix = (centers + 0.2 * random.normal(size=(100, 30))).astype(np.float32)
    positions = lay_out(matrix)
    assert np.array_equal(positions, lay_out(matrix))
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (distances.argmin(axis=1) // 25 == np.arange(100) // 25).all()
    places = [Place(f"w{row}", row // 25, row % 25 == 0) for row in range(100)]
    draw_map(places, positions, tmp_path / "a.png")
    draw_map(places, positions, tmp_path / "b.png")
    assert drawn(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize(
    "words", [["one"], ["one", "two"], ["a", "b", "c", "d", "e", "f"], ["안녕", "$x$", "a_b^c", "한국어"]]
)
def test_few_words_equal_vectors_and_letters_that_the_font_lacks(tmp_path: Path, words: list[str]) -> None:
    places = choose_places(words, {words[0]: words[1:]}, 10)
    for number, matrix in enumerate((np.ones((len(words), 3)), np.zeros((len(words), 1)), np.eye(len(words), 8))):
        positions = lay_out(matrix.astype(np.float32))
        assert np.isfinite(positions).all()
        draw_map(places, positions, tmp_path / f"{number}.png")
        assert (tmp_path / f"{number}.png").is_file()
