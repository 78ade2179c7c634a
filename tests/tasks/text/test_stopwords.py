"""Stopword lists, bundled and the user's own."""

from pathlib import Path

import pytest

from tasks.errors import InputError
from tasks.text.stopwords import BUNDLED, find_list, languages, read_list


def test_the_bundled_lists() -> None:
    assert languages() == ["english", "korean"]
    english = read_list(find_list("english"))
    assert len(english) == 179 and {"i", "the", "wouldn't"} <= english
    korean = read_list(find_list("korean"))
    assert len(korean) == 679 and {"!", "그리고", "있다"} <= korean


def test_every_bundled_list_names_its_source() -> None:
    readme = (BUNDLED / "README.md").read_text("utf-8")
    assert all(f"`{language}.txt`" in readme for language in languages())


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_bytes("\ufeffalpha\r\n\r\n beta \r\n".encode())
    assert read_list(find_list(str(path))) == {"alpha", "beta"}


def test_an_unknown_name_says_which_are_known() -> None:
    with pytest.raises(InputError, match=r"'klingon' is neither a bundled language \(english, korean\) nor a file"):
        find_list("klingon")


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_bytes(b"ok\n\xff\xfe")
    with pytest.raises(InputError, match=r"mine\.txt: not UTF-8 at byte 3"):
        read_list(path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("\n")
    with pytest.raises(InputError, match="no word in it"):
        read_list(path)
