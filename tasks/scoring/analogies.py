"""Accuracy on analogies, "a is to b as c is to ?", answered by the word nearest to b - a + c (Mikolov et al. 2013).

gensim's `evaluate_word_analogies` reads the questions, keeps those whose words are all known, and counts; the share of
those is the coverage. It asks for one answer at a time, a whole pass over the vocabulary each, so here all answers are
found beforehand in blocks of matrix products, and gensim is handed them: the same answers, many times faster.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.errors import InputError
from tasks.scoring.keyed import EVERY_WORD, keyed_vectors, rows_by_upper_case
from tasks.storage.matrix import BLOCK_ROWS, Matrix

QUESTIONS_A_BLOCK = 1024

Question = tuple[str, str, str, str]


@dataclass(frozen=True)
class Section:
    """One kind of question: how many there are, how many could be answered, how many were answered rightly."""

    name: str
    questions: int
    answered: int
    correct: int

    @property
    def accuracy(self) -> float | None:
        """The share of right answers; None if there was none to give."""
        return round(self.correct / self.answered, 4) if self.answered else None

    @property
    def coverage(self) -> float:
        """The share of questions whose four words are all known."""
        return round(self.answered / self.questions, 4) if self.questions else 0.0


def read_questions(path: Path) -> dict[str, list[Question]]:
    """The questions by section, in upper case: ": section" lines, then "a b c d" lines.

    Raises:
        InputError: a line of another kind, or questions before the first section.
    """
    sections: dict[str, list[Question]] = {}
    name: str | None = None
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if line.startswith(": "):
            name = line.lstrip(": ").strip()
            sections[name] = []
            continue
        words = tuple(line.upper().split())
        if name is None or len(words) != 4:
            raise InputError(f'{path}: line {number} should be ": section" or four words, found {line[:60]!a}')
        sections[name].append(words)
    return sections


def score_analogies(words: Sequence[str], matrix: Matrix, path: Path, restrict: int | None) -> list[Section]:
    """The sections of a file of questions, answered and counted; the last one is the total.

    Args:
        words, matrix: the vectors, most frequent word first; float32 [size, dim].
        path: the questions.
        restrict: only the most frequent words count, as questions and as answers; None: all of them.
    """
    keyed = keyed_vectors(words, matrix, _answering_vectors())
    sections = read_questions(path)
    keyed.answers = nearest_answers(
        words[:restrict], matrix[:restrict], [each for some in sections.values() for each in some]
    )
    _, counted = keyed.evaluate_word_analogies(str(path), restrict_vocab=restrict or EVERY_WORD, dummy4unknown=False)
    sizes = [len(questions) for questions in sections.values()]
    return [
        Section(name, size, len(each["correct"]) + len(each["incorrect"]), len(each["correct"]))
        for name, size, each in zip([*sections, "total"], [*sizes, sum(sizes)], counted, strict=True)
    ]


@cache
def _answering_vectors() -> Any:
    from gensim.models import KeyedVectors

    class AnsweringVectors(KeyedVectors):  # type: ignore[misc]
        """KeyedVectors that knows the answers to the questions it will be asked."""

        answers: dict[tuple[str, str, str], tuple[str, float]]

        def most_similar(  # type: ignore[no-untyped-def]
            self, positive=None, negative=None, topn=10, restrict_vocab=None
        ) -> list[tuple[str, float]]:
            (b, c), (a,) = positive, negative
            return [self.answers[a, b, c]]

    return AnsweringVectors


def nearest_answers(
    words: Sequence[str], matrix: Matrix, questions: Sequence[Question]
) -> dict[tuple[str, str, str], tuple[str, float]]:
    """The best answer to each question (a, b, c, _) whose four words are known: the word and its cosine.

    None of the three words of a question, in any case variant, is an answer to it. Memory: two blocks of scores.
    """
    rows = rows_by_upper_case(words)
    asked = sorted({question[:3] for question in questions if all(word in rows for word in question)})
    if not asked:
        return {}
    terms = np.array([[rows[word] for word in question] for question in asked], np.int64)  # [asked, 3]: a, b, c
    targets = _unit(matrix[terms[:, 1]]) - _unit(matrix[terms[:, 0]]) + _unit(matrix[terms[:, 2]])
    targets = _unit(targets)
    excluded_question, excluded_row = _excluded(words, asked)
    best = np.full(len(asked), -np.inf, np.float32)
    answer = np.zeros(len(asked), np.int64)
    for first in range(0, len(words), BLOCK_ROWS):
        block = _unit(matrix[first : first + BLOCK_ROWS])
        for start in range(0, len(asked), QUESTIONS_A_BLOCK):
            part = slice(start, min(start + QUESTIONS_A_BLOCK, len(asked)))
            cosines = targets[part] @ block.T
            inside = (excluded_question >= part.start) & (excluded_question < part.stop)
            inside &= (excluded_row >= first) & (excluded_row < first + len(block))
            cosines[excluded_question[inside] - part.start, excluded_row[inside] - first] = -np.inf
            nearest = cosines.argmax(axis=1)
            highest = cosines[np.arange(len(cosines)), nearest]
            better = highest > best[part]  # strictly: a tie goes to the more frequent word
            answer[part] = np.where(better, nearest + first, answer[part])
            best[part] = np.where(better, highest, best[part])
    return {
        question: (words[row], float(cosine))
        for question, row, cosine in zip(asked, answer.tolist(), best, strict=True)
    }


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths: NDArray[np.float32] = np.linalg.norm(vectors, axis=1, keepdims=True).astype(np.float32)
    lengths[lengths == 0] = 1
    unit: NDArray[np.float32] = vectors / lengths
    return unit


def _excluded(
    words: Sequence[str], asked: Sequence[tuple[str, str, str]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The (question, row) pairs that are no answers."""
    wanted = {word for question in asked for word in question}
    variants: dict[str, list[int]] = {}
    for row, word in enumerate(words):
        upper = word.upper()
        if upper in wanted:
            variants.setdefault(upper, []).append(row)
    pairs = [(at, row) for at, question in enumerate(asked) for word in set(question) for row in variants[word]]
    pairs.sort()
    both = np.array(pairs, np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]
