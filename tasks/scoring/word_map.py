"""A map of the vectors: the neighbours of some words as coloured groups, amid the most frequent words as grey dots.

t-SNE (van der Maaten and Hinton 2008) on cosine distance, begun from the principal components, on one thread: equal
vectors give equal maps. Nearness within a group means something, the distance between far groups little.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tasks.scoring.one_thread import one_thread
from tasks.scoring.plots import FAINT, INK, new_figure, save_figure
from tasks.storage.matrix import Matrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox, BboxBase

GROUP_COLORS = (
    *("#2f6690", "#c8752d", "#3d8361", "#a23b4a", "#6c5b9e"),
    *("#8a6d3b", "#2a8c9c", "#b05a94", "#56636f", "#8f9130"),
)
"""Of equal weight on white; they repeat after ten groups."""

LONGEST_LABEL = 24
FEWEST_WORDS = 5
"""Below this t-SNE has nothing to arrange, and the principal components are the map."""


@dataclass(frozen=True)
class Place:
    """A word on the map; `group` is the index of the word that it is a neighbour of, or None for the background."""

    word: str
    group: int | None
    head: bool


def choose_places(words: Sequence[str], neighbours: Mapping[str, Sequence[str] | None], frequent: int) -> list[Place]:
    """Each group's word and its neighbours (in the first group that has them), then the frequent words."""
    groups = [(word, near) for word, near in neighbours.items() if near is not None]
    heads = [word for word, _ in groups]
    places = {word: Place(word, number, True) for number, word in enumerate(heads)}
    for number, (_, near) in enumerate(groups):
        for word in near:
            places.setdefault(word, Place(word, number, False))
    for word in words[:frequent]:
        places.setdefault(word, Place(word, None, False))
    return list(places.values())


def lay_out(vectors: Matrix) -> NDArray[np.float64]:
    """Where each of some words lies: float64 [words, 2], from their vectors, float32 [words, dim]."""
    from sklearn.manifold import TSNE

    matrix = vectors.astype(np.float64)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    unit = matrix / np.where(lengths == 0, 1, lengths)
    with one_thread():
        flat = _principal_components(unit)
        spread = flat[:, 0].std()
        if len(unit) < FEWEST_WORDS or spread == 0:
            return flat
        tsne = TSNE(
            init=flat / spread * 1e-4,
            perplexity=min(15.0, (len(unit) - 1) / 3),
            metric="euclidean",
            max_iter=600,
            random_state=0,
            n_jobs=1,
        )
        return np.asarray(tsne.fit_transform(unit), np.float64)


def _principal_components(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """The first two principal components of each row: float64 [rows, 2]; the largest entry of each is positive."""
    left, values, _ = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    flat = np.zeros((len(vectors), 2))
    count = min(2, len(values))
    flat[:, :count] = left[:, :count] * values[:count]
    largest = flat[np.abs(flat).argmax(axis=0), [0, 1]]
    return np.where(largest < 0, -flat, flat)


def draw_map(places: Sequence[Place], positions: NDArray[np.float64], target: Path) -> None:
    """Draws the map as PNG; a label that would cover another one is left out, except those of the groups' own words."""
    figure = new_figure(11, 8.2)
    axes = figure.subplots()
    axes.set_title("Words near each other are used alike", loc="left", color=INK, fontsize=13, fontweight="bold")
    axes.axis("off")
    axes.margins(0.04)
    background = np.array([place.group is None for place in places])
    axes.scatter(positions[background, 0], positions[background, 1], s=7, color="#d3d9df", linewidths=0, zorder=1)
    colored = [number for number, place in enumerate(places) if place.group is not None]
    axes.scatter(
        positions[colored, 0],
        positions[colored, 1],
        s=[46 if places[number].head else 15 for number in colored],
        c=[_color(places[number]) for number in colored],
        linewidths=0,
        zorder=3,
    )
    note = "t-SNE of cosine distances; in colour the nearest words of each bold word, in grey the most frequent words"
    axes.text(0, -0.01, note, transform=axes.transAxes, color=FAINT, fontsize=8.5, va="top")
    figure.canvas.draw()
    figure.set_layout_engine("none")  # the labels are placed for this layout
    taken: list[Bbox] = []
    order = sorted(range(len(places)), key=lambda number: (not places[number].head, places[number].group is None))
    drawable = _drawable([place.word for place in places])
    for number in order:
        if drawable[number]:
            _label(axes, places[number], positions[number], taken)
    save_figure(figure, target)


OFFSETS = (
    ((5, 0), "left", "center"),
    ((-5, 0), "right", "center"),
    ((0, 4), "center", "bottom"),
    ((0, -4), "center", "top"),
    ((3, 5), "left", "bottom"),
    ((-3, 5), "right", "bottom"),
    ((3, -5), "left", "top"),
    ((-3, -5), "right", "top"),
)
"""Where a label may stand around its dot, in points, best first."""


def _label(axes: "Axes", place: Place, position: NDArray[np.float64], taken: "list[Bbox]") -> None:
    from matplotlib.patheffects import withStroke

    background = place.group is None
    text = axes.annotate(
        place.word[:LONGEST_LABEL],
        (float(position[0]), float(position[1])),
        OFFSETS[0][0],
        textcoords="offset points",
        fontsize=11.5 if place.head else 6 if background else 8,
        fontweight="bold" if place.head else "normal",
        color="#a9b3bd" if background else _color(place),
        path_effects=[withStroke(linewidth=2, foreground="white")],
        zorder=1 if background else 5 if place.head else 4,
    )
    for shift, horizontal, vertical in OFFSETS:
        text.set_position(shift)
        text.set(ha=horizontal, va=vertical)
        box = text.get_window_extent()
        if _inside(box, axes.figure.bbox) and not any(box.overlaps(other) for other in taken):
            taken.append(box)
            return
    if place.head:
        taken.append(box)
    else:
        text.remove()


def _inside(box: "Bbox", figure: "BboxBase") -> bool:
    return bool(box.x0 >= figure.x0 and box.x1 <= figure.x1 and box.y0 >= figure.y0 and box.y1 <= figure.y1)


def _color(place: Place) -> str:
    return GROUP_COLORS[(place.group or 0) % len(GROUP_COLORS)]


def _drawable(words: Sequence[str]) -> list[bool]:
    """Whether matplotlib's own font has every letter of a word; and "$" would begin a formula."""
    from matplotlib.font_manager import findfont
    from matplotlib.ft2font import FT2Font

    font = FT2Font(findfont("DejaVu Sans"))
    return ["$" not in word and all(font.get_char_index(ord(letter)) for letter in word) for word in words]
