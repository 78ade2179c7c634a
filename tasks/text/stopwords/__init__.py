"""Stopword lists: one word a line, bundled beside this file under a language's name, or a file of the user's own."""

from pathlib import Path

from tasks.errors import InputError

BUNDLED = Path(__file__).resolve().parent

PROJECT_ROOT = BUNDLED.parents[2]
"""Relative paths in params.yaml start here."""


def languages() -> list[str]:
    """The names of the bundled lists."""
    return sorted(path.stem for path in BUNDLED.glob("*.txt"))


def find_list(name: str, knob: str = "clean.stopwords") -> Path:
    """The file that `name` stands for: the bundled list of that language, else a path. `knob` named it.

    Raises:
        InputError: it is neither.
    """
    if name in languages():
        return BUNDLED / f"{name}.txt"
    path = PROJECT_ROOT / name
    if not path.is_file():
        known = ", ".join(languages())
        raise InputError(f"{knob}: {name!r} is neither a bundled language ({known}) nor a file; name one of them")
    return path


def read_list(path: Path) -> frozenset[str]:
    """The words of a list; blank lines are skipped, and there are no comments: any mark may be a word.

    Raises:
        InputError: the file is not UTF-8, or holds no word.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 at byte {error.start}; save the stopword list as UTF-8") from None
    words = frozenset(line.strip() for line in lines) - {""}
    if not words:
        raise InputError(f"{path}: no word in it; a stopword list has one word a line")
    return words
