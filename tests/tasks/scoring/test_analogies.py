"""Analogies: the answers found in blocks are gensim's own; planted analogies are solved; nothing known is null."""

from pathlib import Path

import numpy as np
import pytest

from tasks.errors import InputError
from tasks.scoring import analogies
from tasks.scoring.analogies import nearest_answers, read_questions, score_analogies
from tasks.scoring.keyed import EVERY_WORD, keyed_vectors, packaged

QUESTIONS = """: capitals
Athens Greece Oslo Norway
Oslo Norway Rome Italy
Athens Greece Atlantis Nowhere
: other
one two Three four
"""


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "questions.txt"
    path.write_text(QUESTIONS)
    return path


def planted() -> tuple[list[str], np.ndarray]:
    """Countries are their capitals and a step; the other words are noise."""
    random = np.random.default_rng(0)
    capitals = random.normal(size=(3, 16))
    words = ["athens", "oslo", "rome", "greece", "norway", "italy", *(f"noise{number}" for number in range(50))]
    noise = random.normal(size=(50, 16))
    return words, np.concatenate([capitals, capitals + 1.5 * random.normal(size=16), noise]).astype(np.float32)


def test_planted_analogies_are_solved(questions: Path) -> None:
    sections = score_analogies(*planted(), questions, None)
    assert [(each.name, each.questions, each.answered, each.correct) for each in sections] == [
        ("capitals", 3, 2, 2),
        ("other", 1, 0, 0),
        ("total", 4, 2, 2),
    ]
    assert [each.accuracy for each in sections] == [1.0, None, 1.0]
    assert [each.coverage for each in sections] == [0.6667, 0.0, 0.5]


def test_restricted_to_the_most_frequent_words(questions: Path) -> None:
    assert score_analogies(*planted(), questions, 5)[-1].answered == 1
    assert score_analogies(*planted(), questions, 3)[-1].accuracy is None


@pytest.mark.parametrize("restrict", [None, 300])
def test_the_answers_are_gensims_own(restrict: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    # real questions over a vocabulary of their own words, lower- and upper-case variants, and others
    monkeypatch.setattr(analogies, "BLOCK_ROWS", 64)
    monkeypatch.setattr(analogies, "QUESTIONS_A_BLOCK", 10)
    path = packaged("questions-words.txt")
    names = sorted({word for some in list(read_questions(path).values())[:2] for each in some for word in each})
    random = np.random.default_rng(11)
    words = [word.lower() if random.random() < 0.8 else word for word in names]
    words += [name.title() for name in names[:40]]
    words = list(dict.fromkeys(words[row] for row in random.permutation(len(words))))
    countries = np.array([random.normal(size=8) for _ in words], np.float32)
    ours = score_analogies(words, countries, path, restrict)
    keyed = keyed_vectors(words, countries)
    score, sections = keyed.evaluate_word_analogies(str(path), restrict_vocab=restrict or EVERY_WORD)
    assert [(each.correct, each.answered) for each in ours] == [
        (len(each["correct"]), len(each["correct"]) + len(each["incorrect"])) for each in sections
    ]
    assert ours[-1].answered > 1000
    assert ours[-1].accuracy == pytest.approx(score, abs=1e-4)

    first = words[: restrict or len(words)]
    asked = [each for some in read_questions(path).values() for each in some]
    answers = nearest_answers(first, countries[: len(first)], asked)
    rows = {word.upper(): row for row, word in reversed(list(enumerate(first)))}
    for (a, b, c), (answer, cosine) in list(answers.items())[::97]:
        three = {a, b, c}
        expected = keyed.most_similar(
            positive=[first[rows[b]], first[rows[c]]], negative=[first[rows[a]]], topn=20, restrict_vocab=len(first)
        )
        wanted = next(pair for pair in expected if pair[0].upper() not in three)
        assert answer == wanted[0]
        assert cosine == pytest.approx(wanted[1], abs=1e-5)


def test_the_google_analogies_are_whole() -> None:
    sections = read_questions(packaged("questions-words.txt"))
    assert len(sections) == 14
    assert sum(map(len, sections.values())) == 19544


@pytest.mark.parametrize("text", ["a b c d\n", ": section\na b c\n", ": section\na b c d e\n"])
def test_a_bad_line_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "questions"
    path.write_text(text)
    with pytest.raises(InputError, match=f"line {text.count(':') + 1} should be"):
        read_questions(path)
