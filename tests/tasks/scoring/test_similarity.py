"""Similarity scores: gensim's figure with its coverage, null with a reason where there is none."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from tasks.errors import InputError
from tasks.scoring.keyed import packaged
from tasks.scoring.similarity import Pair, pair_table, read_pairs, score_pairs

WORDS = ["north", "east", "south", "west", "Northeast"]
MATRIX = np.array([[0, 1], [1, 0], [0, -1], [-1, 0], [1, 1.1]], np.float32)
PAIRS = "one\ttwo\thuman\nnorth\tSouth\t0\nnorth\teast\t5\nEAST\tnortheast\t8\nnorth\tnortheast\t9\nnorth\tmoon\t3\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "pairs.tsv"
    path.write_text(text, "utf-8")
    return path


def test_the_score_counts_known_pairs_only(tmp_path: Path) -> None:
    path = written(tmp_path, PAIRS)
    score = score_pairs(WORDS, MATRIX, path)
    expected = spearmanr([0, 5, 8, 9], [-1, 0, 1 / math.hypot(1, 1.1), 1.1 / math.hypot(1, 1.1)])[0]
    assert score == {"spearman": pytest.approx(expected), "coverage": 0.8, "pairs": 5, "pairs_known": 4}
    table = pair_table(WORDS, MATRIX, path)
    assert table[0] == ["first", "second", "judgement", "cosine"]
    assert table[1] == ["north", "South", "0", "-1.0000"]
    assert table[-1] == ["north", "moon", "3", ""]


def test_the_most_frequent_of_several_case_variants_is_taken(tmp_path: Path) -> None:
    words = [*WORDS, "NORTH"]
    matrix = np.concatenate([MATRIX, -MATRIX[:1]])
    assert pair_table(words, matrix, written(tmp_path, PAIRS))[1][3] == "-1.0000"
    assert score_pairs(words, matrix, written(tmp_path, PAIRS))["spearman"] == 1.0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sun\tmoon\t3\nsun\tstar\t4\nsun\tsky\t5\n", "only 0 of 3 pairs are in the vocabulary"),
        ("north\teast\t3\neast\twest\t4\nsun\tsky\t5\n", "only 2 of 3 pairs are in the vocabulary"),
        ("north\teast\t3\neast\twest\t3\nwest\tnorth\t3\n", "all judgements or all cosines are equal"),
    ],
)
def test_a_score_that_does_not_exist_is_null_with_a_reason(tmp_path: Path, text: str, reason: str) -> None:
    score = score_pairs(WORDS, MATRIX, written(tmp_path, text))
    assert score["spearman"] is None
    assert score["reason"] == reason


def test_files_with_headers_comments_marks_and_windows_line_ends(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeffnorth\teast\t5\r\n# comment\r\n\r\neast\tsouth\t6.5\r\nwest\tnorth\t1\r\n")
    assert read_pairs(path) == [Pair("north", "east", 5), Pair("east", "south", 6.5), Pair("west", "north", 1)]
    assert score_pairs(WORDS, MATRIX, path)["pairs_known"] == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no pairs"),
        ("word\tword\tscore\n", "no pairs"),
        ("a\tb\t1\na b 2\n", "line 2"),
        ("a\tb\t1\na\tb\tnan\n", "line 2"),
        ("a\tb\t1\na\tb\t1\t2\n", "line 2"),
        ("a\tb\t1\n\tb\t1\n", "line 2"),
        ("a\tb\tc\nd\te\tf\n", "line 2"),
    ],
)
def test_bad_files_name_the_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_pairs(written(tmp_path, text))


def test_absent_and_undecodable_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"evaluate\.pairs"):
        read_pairs(tmp_path / "absent")
    (tmp_path / "x").write_bytes(b"\xff\xfe\n")
    with pytest.raises(InputError, match="not UTF-8"):
        read_pairs(tmp_path / "x")


def test_gensims_package_has_the_sets_whole() -> None:
    assert len(read_pairs(packaged("wordsim353.tsv"))) == 353
    assert len(read_pairs(packaged("simlex999.txt"))) == 999
    with pytest.raises(InputError, match="has lost this test set"):
        packaged("no_such_set.tsv")
