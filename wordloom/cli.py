"""The command `wordloom`. Each command is a few lines: the work is done in `flows` and `tasks`."""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tasks.exits import leaving
from tasks.progress import log_to_stderr
from tasks.request import request
from tasks.stages import NAMES

RUN, ASK, SCHEDULE = "Run the pipeline", "Ask about vectors", "On a schedule"
"""The panels of `wordloom --help`."""

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Trains word embeddings from your text, keeps them fresh, and answers questions about them.",
    epilog="Exit codes: 0 done, 1 an error with its remedy, 2 wrong arguments, 3 another run holds the data folder, "
    "130 and 143 stopped (the same command goes on from there).",
)

Profile = Annotated[
    str | None, typer.Option(help="Lay this over params.yaml: the name of a file in profiles/, or a path.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Lay one value over both, for example train.dim=50."),
]
Data = Annotated[
    Path | None,
    typer.Option(
        help="Folder of all artifacts, instead of data/ (or of data/.runs/NAME with --profile or --set). "
        "DVC is left alone."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
HowMany = Annotated[int, typer.Option("--count", "-k", min=1, help="How many.")]
VectorsFile = Annotated[
    Path | None,
    typer.Option("--vectors", help="A model folder or a vector file; by default what the last run trained."),
]


def _known_stage(name: str) -> str:
    if name not in NAMES:
        raise typer.BadParameter(f"there is no stage {name!r}; the stages are {', '.join(NAMES)}")
    return name


@app.command(rich_help_panel=RUN)
def run(profile: Profile = None, overrides: Overrides = None, data: Data = None, as_json: AsJson = False) -> None:
    """Runs the whole pipeline as a Prefect flow. What is fresh is left alone; what was interrupted goes on."""
    from wordloom.running import run_pipeline
    from wordloom.summary import show

    asked = request(profile, tuple(overrides or ()), data)
    facts = run_pipeline(asked, profile, overrides or [])
    if as_json:
        print(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        show(asked)


@app.command(rich_help_panel=RUN)
def plan(profile: Profile = None, overrides: Overrides = None, data: Data = None, as_json: AsJson = False) -> None:
    """Forecasts what a run will make and take: pairs, disk, memory and time of each stage. Changes nothing.

    A sample of the corpus goes through the real stages in a temporary folder, and what they took is extrapolated. All
    stages count, as if nothing were fresh. Exits with 1 if the disk or the memory is not there.
    """
    from tasks.forecasting.forecast import forecast
    from tasks.pipeline.workers import cores
    from wordloom.plan import as_json as plain
    from wordloom.plan import hint_streams, judge, room_for, show

    asked = request(profile, tuple(overrides or ()), data)
    room = room_for(asked.data)
    found = forecast(asked, room.memory)
    verdict = judge(found, room, asked.data)
    hint = hint_streams(asked, cores())
    if as_json:
        print(json.dumps(plain(found, room, verdict, hint), indent=2, ensure_ascii=False))
    else:
        show(found, room, verdict, hint)
    if verdict.refusals:
        raise typer.Exit(1)


@app.command(rich_help_panel=RUN)
def stage(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"{', '.join(NAMES)}.", callback=_known_stage)],
    profile: Profile = None, overrides: Overrides = None, data: Data = None,
) -> None:  # fmt: skip
    """Runs one stage, without Prefect and without DVC. Its inputs must be there."""
    from tasks.__main__ import main as run_stage

    arguments = [name]
    for option, values in (("--profile", [profile]), ("--set", overrides or []), ("--data", [data])):
        for value in values:
            arguments += [option, str(value)] if value is not None else []
    raise typer.Exit(run_stage(arguments))


@app.command(rich_help_panel=RUN)
def stages(profile: Profile = None, overrides: Overrides = None, data: Data = None, as_json: AsJson = False) -> None:
    """Lists the stages, what each does, and whether its result is up to date."""
    from wordloom.states import MEANING, states

    rows = states(request(profile, tuple(overrides or ()), data))
    if as_json:
        print(json.dumps([asdict(row) | {"folder": str(row.folder)} for row in rows], indent=2))
        return
    table = Table("stage", "of", "state", "what it does")
    for row in rows:
        table.add_row(row.stage, row.variant or "", row.state, row.about)
    console = Console()
    console.print(table)
    for state in sorted({row.state for row in rows}):
        console.print(f"{state}: {MEANING[state]}", highlight=False)


@app.command(rich_help_panel=ASK)
def neighbours(
    words: Annotated[list[str], typer.Argument(metavar="WORD…", help="Words of the vocabulary.")],
    vectors: VectorsFile = None, k: HowMany = 10, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Shows the words nearest to each WORD, by cosine.

    Where the model has n-grams, WORD may be any; of an unknown one, words that it may be a misspelling of come first.
    """
    loaded = _vectors(vectors)
    found = {word: loaded.neighbours(word, k) for word in words}
    unknown = {word: [near for near, _ in found[word]] for word in words if word not in loaded}
    _show_neighbours(
        found, as_json, {word: _unknown(loaded.one_slip_away(word, nearest)) for word, nearest in unknown.items()}
    )


@app.command(rich_help_panel=ASK)
def analogy(
    a: Annotated[str, typer.Argument(help="man")], b: Annotated[str, typer.Argument(help="king")],
    c: Annotated[str, typer.Argument(help="woman")],
    vectors: VectorsFile = None, k: HowMany = 10, as_json: AsJson = False,
) -> None:  # fmt: skip
    """A is to B as C is to … ? For example: man king woman."""
    loaded = _vectors(vectors)
    _show_neighbours({f"{a} : {b} = {c} : ?": loaded.analogy(a, b, c, k)}, as_json, remarks={})


@app.command(rich_help_panel=ASK)
def classify(
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT…", help="Texts; without any, one a line from stdin.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="The folder of a trained classifier, such as data/classify/sms/cnn/ours-tuned-1."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Says which class each TEXT is of, by a classifier that the stage classify has trained."""
    from tasks.classifiers.saved import read_classifier
    from wordloom.answers import best_classifier, show

    asked = texts or [line.rstrip("\n") for line in sys.stdin]
    classifier = read_classifier(model or best_classifier(request().data))
    probabilities = classifier.probabilities(asked)
    if as_json:
        rows = [dict(zip(classifier.labels, map(float, each), strict=True)) for each in probabilities]
        print(json.dumps([{"text": text, "classes": row} for text, row in zip(asked, rows, strict=True)],
                         indent=2, ensure_ascii=False))  # fmt: skip
    else:
        show(asked, classifier.labels, probabilities)


@app.command(rich_help_panel=ASK)
def ratios(
    first: Annotated[str, typer.Argument(help="ice")], second: Annotated[str, typer.Argument(help="steam")],
    probes: Annotated[list[str], typer.Argument(metavar="PROBE…", help="solid gas water fashion")],
    profile: Profile = None, overrides: Overrides = None, data: Data = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Tells which PROBE goes with FIRST and which with SECOND: how often each stands near (stage cooccurrences)."""
    from tasks.ratios import ratios as find_ratios

    found = find_ratios(request(profile, tuple(overrides or ()), data).data, first, second, probes)
    if as_json:
        print(json.dumps([asdict(each) for each in found], indent=2, ensure_ascii=False))
        return
    table = Table("k", f"P(k | {first})", f"P(k | {second})", "ratio")
    for each in found:
        ratio = "" if each.ratio is None else f"{each.ratio:.3g}"
        table.add_row(Text(each.probe), f"{each.first:.3g}", f"{each.second:.3g}", ratio)
    Console(highlight=False).print(table)


@app.command(rich_help_panel=ASK)
def info(
    vectors: Annotated[
        Path | None, typer.Argument(help="A model folder or a vector file; by default what the last run trained.")
    ] = None,
    profile: Profile = None, overrides: Overrides = None, data: Data = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Tells the versions and params in force, and what vectors were made from, stage by stage back to the corpus."""
    from wordloom.info import gather, show

    content = gather(request(profile, tuple(overrides or ()), data), vectors)
    if as_json:
        print(json.dumps(content, indent=2, ensure_ascii=False))
    else:
        show(content, params=vectors is None)


@app.command(rich_help_panel=SCHEDULE)
def overdue(data: Data = None) -> None:
    """Says whether the last successful retraining is too long ago; if so, notifies and exits with 1. For a monitor."""
    from flows.overdue import notify_if_overdue

    if notify_if_overdue(request(data=data)):
        raise typer.Exit(1)


@app.command(rich_help_panel=SCHEDULE)
def serve(port: Annotated[int, typer.Option(help="Port of the dashboard on localhost.")] = 4200) -> None:
    """Starts a Prefect server, a worker and the deployments of prefect.yaml on this machine; Ctrl-C ends them."""
    from flows.serve import serve as serve_here

    serve_here(request().root, port)


def _vectors(path: Path | None) -> Any:
    from tasks.loading import load
    from wordloom.summary import default_vectors

    return load(path or default_vectors(request()))


def _unknown(meant: list[str]) -> str:
    return f" is unknown; one slip away: {', '.join(meant)}" if meant else " is unknown; by its n-grams:"


def _show_neighbours(found: dict[str, list[tuple[str, float]]], as_json: bool, remarks: Mapping[str, str]) -> None:
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for title, nearest in found.items():
        console = Console(highlight=False)
        console.print(Text(title, style="bold"), Text(remarks.get(title, "")), sep="", soft_wrap=True)
        table = Table("word", "cosine")
        for word, cosine in nearest:
            table.add_row(Text(word), f"{cosine:.3f}")
        console.print(table)


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
