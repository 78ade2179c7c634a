"""The command `wordloom`. Each command is a few lines: the work is done in `flows` and `tasks`."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from tasks.exits import leaving
from tasks.progress import log_to_stderr
from tasks.request import request

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Trains word embeddings from your text, keeps them fresh, and answers questions about them.",
    epilog="Exit codes: 0 done, 1 an error with its remedy, 2 wrong arguments, 3 another run holds the data folder, "
    "130 and 143 stopped (the same command goes on from there).",
)

Profile = Annotated[str | None, typer.Option(help="A file of profiles/ laid over params.yaml.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="One value laid over params.yaml; repeatable."),
]
Data = Annotated[
    Path | None, typer.Option(help="Folder for every artifact of the run, instead of data/. DVC is left alone.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
VectorsFile = Annotated[
    Path | None,
    typer.Option("--vectors", help="A model folder or a vector file; by default what the last run trained."),
]


@app.command()
def run(profile: Profile = None, overrides: Overrides = None, data: Data = None, as_json: AsJson = False) -> None:
    """Runs the whole pipeline as a Prefect flow. What is fresh is left alone; what was interrupted goes on."""
    from tasks.params import validate
    from wordloom.running import run_pipeline
    from wordloom.summary import show

    asked = request(profile, tuple(overrides or ()), data)
    validate(asked.raw)
    facts = run_pipeline(asked, profile, overrides or [])
    if as_json:
        print(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        show(asked)


@app.command()
def stage(name: str, profile: Profile = None, overrides: Overrides = None, data: Data = None) -> None:
    """Runs one stage, without Prefect and without DVC."""
    from tasks.__main__ import main as run_stage

    arguments = [name]
    for option, values in (("--profile", [profile]), ("--set", overrides or []), ("--data", [data])):
        for value in values:
            arguments += [option, str(value)] if value is not None else []
    raise typer.Exit(run_stage(arguments))


@app.command()
def stages(profile: Profile = None, overrides: Overrides = None, data: Data = None, as_json: AsJson = False) -> None:
    """Lists the stages, what each does, and whether its result is fresh."""
    from tasks.pipeline.carry_out import fresh
    from tasks.stages import stages as declared

    asked = request(profile, tuple(overrides or ()), data)
    rows = []
    for each in declared():
        context = asked.context(each)
        state = "fresh" if fresh(each, context) else "stale"
        rows.append(
            {"stage": each.name, "state": state, "folder": str(asked.data / each.folder(context)), "about": each.about}
        )
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    table = Table("stage", "state", "what it does")
    for row in rows:
        table.add_row(row["stage"], row["state"], row["about"])
    Console().print(table)


@app.command()
def neighbours(
    words: list[str], vectors: VectorsFile = None, k: Annotated[int, typer.Option(min=1, help="How many.")] = 10,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Shows the words nearest to each WORD, by cosine."""
    loaded = _vectors(vectors)
    _show_neighbours({word: loaded.neighbours(word, k) for word in words}, as_json)


@app.command()
def analogy(
    a: str, b: str, c: str, vectors: VectorsFile = None,
    k: Annotated[int, typer.Option(min=1, help="How many.")] = 10, as_json: AsJson = False,
) -> None:  # fmt: skip
    """A is to B as C is to … ?"""
    loaded = _vectors(vectors)
    _show_neighbours({f"{a} : {b} = {c} : ?": loaded.analogy(a, b, c, k)}, as_json)


@app.command()
def info(
    vectors: Annotated[Path | None, typer.Argument(help="A model folder or a vector file.")] = None,
    profile: Profile = None, overrides: Overrides = None, data: Data = None,
) -> None:  # fmt: skip
    """Prints the params and versions in force, and what a vector file was made from, back to the corpus."""
    from tasks.pipeline.environment import describe
    from tasks.provenance import trace
    from wordloom.summary import default_vectors

    asked = request(profile, tuple(overrides or ()), data)
    path = vectors or default_vectors(asked)
    content: dict[str, Any] = {"params": asked.raw, "environment": describe()}
    content["vectors"] = {"path": str(path), "made_from": trace(path)}
    print(json.dumps(content, indent=2, ensure_ascii=False))


@app.command()
def overdue(data: Data = None) -> None:
    """Says whether the last successful retraining is too long ago; if so, notifies and exits with 1. For a monitor."""
    from flows.overdue import notify_if_overdue

    if notify_if_overdue(request(data=data)):
        raise typer.Exit(1)


@app.command()
def serve(port: Annotated[int, typer.Option(help="Port of the dashboard on localhost.")] = 4200) -> None:
    """Starts a Prefect server, a worker and the deployments of prefect.yaml on this machine; Ctrl-C ends them."""
    from flows.serve import serve as serve_here

    serve_here(request().root, port)


def _vectors(path: Path | None) -> Any:
    from tasks.vectors import load

    from wordloom.summary import default_vectors

    return load(path or default_vectors(request()))


def _show_neighbours(found: dict[str, list[tuple[str, float]]], as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for title, nearest in found.items():
        table = Table("word", "cosine", title=title, title_justify="left")
        for word, cosine in nearest:
            table.add_row(word, f"{cosine:.3f}")
        Console().print(table)


def main() -> None:
    """The entry point: errors become one line and an exit code."""
    from tasks.interruption import install

    log_to_stderr()
    install()
    with leaving() as exit_code:
        app(standalone_mode=True)
    sys.exit(exit_code())


if __name__ == "__main__":
    main()
