"""Spearman's correlation of the vectors' cosines with people's judgements (WordSim-353, SimLex-999, one's own pairs).

The score is gensim's `evaluate_word_pairs`, over the pairs whose two words are known; their share stands beside it. A
score that does not exist (too few pairs, no variation) is None with a reason, never NaN.
"""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.errors import InputError
from tasks.scoring.keyed import EVERY_WORD, keyed_vectors, rows_by_upper_case
from tasks.storage.matrix import Matrix

FEWEST_PAIRS = 3
"""With two pairs every correlation is 1 or -1."""


@dataclass(frozen=True)
class Pair:
    """Two words and how similar people find them."""

    first: str
    second: str
    judgement: float


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of a file: "word<TAB>word<TAB>score" a line; the first line may be a header, "#" begins a comment.

    Raises:
        InputError: the file is absent, empty, or has a line of another kind; with the line.
    """
    pairs: list[Pair] = []
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; see evaluate.pairs in params.yaml") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8") from None
    first = True
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        pair = _pair(line)
        if pair is None and not first:
            raise InputError(
                f"{path}: line {number} should be two words and a score with tabs between, found {line[:60]!a}"
            )
        if pair is not None:
            pairs.append(pair)
        first = False
    if not pairs:
        raise InputError(f'{path}: no pairs in it; a line should be "word<TAB>word<TAB>score"')
    return pairs


def _pair(line: str) -> Pair | None:
    try:
        first, second, score = line.split("\t")
        judgement = float(score)
    except ValueError:
        return None
    return Pair(first, second, judgement) if first and second and math.isfinite(judgement) else None


def score_pairs(words: Sequence[str], matrix: Matrix, path: Path) -> dict[str, Any]:
    """Scores the vectors on one file of pairs; case makes no difference.

    Returns:
        {"spearman", "coverage", "pairs", "pairs_known"}, and "reason" if spearman is None.
    """
    pairs = read_pairs(path)
    rows = rows_by_upper_case(words)
    known = sum(pair.first.upper() in rows and pair.second.upper() in rows for pair in pairs)
    score: dict[str, Any] = {
        "spearman": None,
        "coverage": round(known / len(pairs), 4),
        "pairs": len(pairs),
        "pairs_known": known,
    }
    if known < FEWEST_PAIRS:
        return score | {"reason": f"only {known} of {len(pairs)} pairs are in the vocabulary"}
    spearman = _spearman(words, matrix, path)
    if not math.isfinite(spearman):
        return score | {"reason": "all judgements or all cosines are equal"}
    return score | {"spearman": round(spearman, 4)}


def _spearman(words: Sequence[str], matrix: Matrix, path: Path) -> float:
    import warnings

    from scipy.stats import ConstantInputWarning, NearConstantInputWarning

    keyed = keyed_vectors(words, matrix)
    with warnings.catch_warnings():  # what they warn of comes out as NaN, which the caller explains
        warnings.simplefilter("ignore", ConstantInputWarning)
        warnings.simplefilter("ignore", NearConstantInputWarning)
        _, spearman, _ = keyed.evaluate_word_pairs(str(path), restrict_vocab=EVERY_WORD, encoding="utf-8-sig")
    return float(spearman[0])


def spelled_words(
    words: Sequence[str], unseen: Callable[[str], NDArray[np.float32]] | None, path: Path
) -> dict[str, NDArray[np.float32]]:
    """The vectors, float32 [dim], of the words of a file that are not among `words`, where `unseen` has an answer."""
    found: dict[str, NDArray[np.float32]] = {}
    if unseen is None:
        return found
    known = rows_by_upper_case(words)
    for word in dict.fromkeys(word for pair in read_pairs(path) for word in (pair.first, pair.second)):
        if word.upper() not in known:
            with suppress(InputError):
                found[word] = unseen(word)
    return found


def pair_table(words: Sequence[str], matrix: Matrix, path: Path) -> list[list[str]]:
    """One row a pair: both words, the judgement, and the cosine, empty if one of the words is unknown."""
    rows = rows_by_upper_case(words)
    table = [["first", "second", "judgement", "cosine"]]
    for pair in read_pairs(path):
        first, second = rows.get(pair.first.upper()), rows.get(pair.second.upper())
        cosine = ""
        if first is not None and second is not None:
            cosine = f"{_cosine(matrix[first], matrix[second]):.4f}"
        table.append([pair.first, pair.second, f"{pair.judgement:g}", cosine])
    return table


def _cosine(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    lengths = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / lengths if lengths else 0.0
