"""What `wordloom info` tells: the params and versions in force, and what vectors were made from, back to the corpus."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.text import Text

from tasks.pipeline.environment import describe
from tasks.provenance import Origin, trace
from tasks.request import Request
from wordloom.summary import near, trained_folder

TOOLS = ("wordloom", "dvc", "prefect")
"""Whose versions are told besides those of the libraries that compute."""


def gather(asked: Request, path: Path | None) -> dict[str, Any]:
    """Everything that is told, as plain data: {"project", "data", "versions", "processor", "params", "vectors"}.

    Args:
        asked: the setting whose params are told.
        path: a model's folder or a vector file; by default the vectors that the last run trained, None if there are
            none yet.

    Raises:
        InputError: `path` is nothing that the pipeline wrote.
    """
    environment = describe()
    path = path or trained_folder(asked)
    return {
        "project": str(asked.root),
        "data": str(asked.data),
        "versions": {"python": environment["python"], **_tools(), **environment["libraries"]},
        "processor": environment["processor"],
        "params": asked.raw,
        "vectors": None if path is None else {"path": str(path), "made_from": [_link(each) for each in trace(path)]},
    }


def show(content: dict[str, Any], params: bool) -> None:
    """Prints it for people; the params in force are left out where they may not be those of the vectors."""
    console = Console(soft_wrap=True, highlight=False)
    _show_rows(console, "Versions", list(content["versions"].items()))
    if params:
        _show_rows(console, "Params in force", _flat(content["params"]))
    vectors = content["vectors"]
    if vectors is None:
        console.print("No vectors yet: make run trains them.")
        return
    _show_rows(console, f"{near(Path(vectors['path']))} was made by these stages, the last one first", [])
    for link in vectors["made_from"]:
        title = f"{link['stage']}  in {near(Path(link['folder']))}, fingerprint {link['fingerprint']}"
        if not link["current"]:
            title += "; CHANGED SINCE: what lies there now is not what this was made from"
        given = [(f"from {name}", f"sha256 {sha256}") for name, sha256 in link["given"].items()]
        _show_rows(console, title, _flat(link["params"]) + given)


def _show_rows(console: Console, title: str, rows: list[tuple[str, str]]) -> None:
    """A heading, and a line for each name and value."""
    console.print(Text(title, style="bold"))
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        console.print(Text.assemble((f"  {name:<{width}}  ", "dim"), value))


def _flat(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """{"train": {"dim": 50}} -> [("train.dim", "50")]."""
    return [
        (f"{section}.{key}", _value(value)) for section, keys in params.items() for key, value in (keys or {}).items()
    ]


def _link(origin: Origin) -> dict[str, Any]:
    return {"folder": str(origin.folder), "current": origin.current, "given": origin.given(), **origin.manifest}


def _tools() -> dict[str, str]:
    found = {}
    for name in TOOLS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _value(value: Any) -> str:
    """As one would write it in params.yaml, on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")
