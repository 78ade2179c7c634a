"""What a run ends with on the terminal: a page of figures, a few neighbours, and where the results lie."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tasks.errors import InputError
from tasks.models import model_folder
from tasks.progress import human
from tasks.request import Request

SHOWN_NEIGHBOURS = 6


def trained_folder(asked: Request) -> Path | None:
    """The folder of the vectors that the last run trained; None if there are none yet."""
    folder = asked.data / model_folder("train", asked.model)
    return folder if (folder / "vectors.npy").is_file() else None


def default_vectors(asked: Request) -> Path:
    """The folder of the vectors that the last run trained.

    Raises:
        InputError: there are none yet.
    """
    folder = trained_folder(asked)
    if folder is None:
        place = asked.data / model_folder("train", asked.model)
        raise InputError(f"{place}: no vectors yet; make run trains them, or name a file with --vectors")
    return folder


def show(asked: Request) -> None:
    """Prints the summary of what lies in the run's data folder."""
    console = Console()
    for title, rows in _sections(asked):
        table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 2))
        table.add_column(style="dim", min_width=18)
        table.add_column()
        for name, value in rows:
            table.add_row(name, Text(value))
        console.print(table)
    export, evaluate = (
        asked.data / model_folder("export", asked.model),
        asked.data / model_folder("evaluate", asked.model),
    )
    for name, path in (("vectors", export), ("report", evaluate / "report.md")):
        console.print(f"{name:<9}{near(path)}", highlight=False, markup=False, soft_wrap=True)


def _sections(asked: Request) -> list[tuple[str, list[tuple[str, str]]]]:
    download, clean = _facts(asked.data / "download"), _facts(asked.data / "clean")
    tokenize, skipgrams = _facts(asked.data / "tokenize"), _facts(asked.data / "skipgrams")
    train, scores = (
        _facts(asked.data / model_folder("train", asked.model)),
        _facts(asked.data / model_folder("evaluate", asked.model)),
    )
    run = asked.data / model_folder("train", asked.model) / "run.json"
    speed = _read(run) if run.is_file() else None  # vectors that came by `dvc pull` were trained elsewhere
    corpus = [
        ("documents", f"{download['documents']:,} in, {tokenize['documents']:,} out"),
        *[("  dropped", f"{count:,} {reason}") for reason, count in sorted(clean["dropped"].items()) if count],
        ("vocabulary", f"{tokenize['vocabulary']:,} words, {tokenize['tokens']:,} tokens"),
        ("pairs", f"{skipgrams['pairs']:,}"),
    ]
    training = [("loss", f"{train['loss']:.4f} a pair in the last epoch")]
    if speed is not None:
        training.append(("speed", f"{human(speed['words_per_second'])} words/s, {speed['seconds']:.1f} s"))
    scored = {name: value for name, value in scores.items() if isinstance(value, dict) and "coverage" in value}
    quality = [(name, _score(value)) for name, value in scored.items()]
    found = json.loads((asked.data / model_folder("evaluate", asked.model) / "neighbours.json").read_text("utf-8"))
    nearest = [(word, _words(entries)) for word, entries in found.items() if entries]
    return [("Corpus", corpus), ("Training", training), ("Scores", quality), ("Neighbours", nearest)]


def _score(value: dict[str, Any]) -> str:
    name = next(key for key in ("spearman", "accuracy") if key in value)
    score = "undefined" if value[name] is None else f"{value[name]:.3f}"
    return f"{score} {name}, {value['coverage']:.0%} covered"


def _words(entries: Sequence[Any]) -> str:
    return " ".join(str(entry["word"] if isinstance(entry, dict) else entry[0]) for entry in entries[:SHOWN_NEIGHBOURS])


def _facts(folder: Path) -> dict[str, Any]:
    return _read(folder / "metrics.json")


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def near(path: Path) -> str:
    """A path as one would type it from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
