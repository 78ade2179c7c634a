"""docs/benchmarks.md from the result files: how to read it, then a section a corpus and a table a row."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.chart import draw
from benchmarks.quality import TITLES
from benchmarks.result import read_result
from benchmarks.row import Figure, Row
from benchmarks.summary import MEAN_MARGIN, SET_MARGIN
from tasks.storage.atomic import atomic_file

WITH_TABLES = ("README.md", "docs/models.md")
"""Other pages that show tables of rows."""

SHOWN_OF_A_TEXT = 12
"""Characters."""

COMPARED = {"baseline / own": "times as fast", "own / baseline": "times as much"}

Content = Mapping[str, Any]
Found = list[tuple[str, list[tuple[Row, Content]]]]
"""By corpus, the rows that have a result."""

INTRODUCTION = f"""# Benchmarks

Written by `make bench` from benchmarks/results/; `make bench CORPUS=path` measures a text of yours, a document a line,
and `make bench-quick` has a look in minutes.

In each round all contenders of a row measure in turn (A B A B …), each in a process of its own, on the same cores, with
the same settings of BLAS, on the same tokens; round n has the seed n. Seconds depend on the machine; ratios much less.
A cell such as `2.10 (2.05–2.20); 48.1` is a ratio to the line marked * in the same round, as median (least–greatest),
and the median of the figure itself. Compiled kernels come from numba's cache where an earlier round has left them.
What would make less than 50,000 words a second measures on the first million words.

Scores are points of 100, mean ± standard error over the seeds, by the same code for both sides: Spearman's correlation
on WordSim-353 and SimLex-999, accuracy on Google's analogies. A line is not worse than its peer if it is below it by no
more than max({SET_MARGIN:g} point, 2 standard errors of the difference) in each set, and by no more than
{MEAN_MARGIN:g} points in the mean over the sets. Where three seeds leave that open, there are five.
"""


def write_page(root: Path, rows: Sequence[Row]) -> Path:
    """Writes docs/benchmarks.md and its chart; returns the page's path."""
    found = results(root / "benchmarks" / "results", rows)
    page, chart = root / "docs" / "benchmarks.md", root / "docs" / "benchmarks.png"
    lines = [INTRODUCTION]
    if draw(chart, found):
        lines += [f"![Speed and quality beside the peers]({chart.name})", ""]
    if not found:
        lines += ["No row has been measured yet.", ""]
    for corpus, measured in found:
        lines += [f"## {corpus}", "", *_corpus_lines(measured)]
        for row, content in measured:
            lines += section(row, content)
    with atomic_file(page, "w") as file:
        file.write("\n".join(lines).rstrip("\n") + "\n")
    for path in (root / name for name in WITH_TABLES):
        if path.is_file():
            _fill_tables(path, found)
    return page


def _fill_tables(page: Path, found: Found) -> None:
    """Puts the table of a row between `<!-- row NAME of CORPUS -->` and `<!-- end -->`."""
    text = page.read_text("utf-8")
    for corpus, measured in found:
        for row, content in measured:
            table = "\n".join(line for line in section(row, content) if line.startswith("|"))
            text = filled(text, f"<!-- row {row.name} of {corpus} -->", table)
    if text != page.read_text("utf-8"):
        with atomic_file(page, "w") as file:
            file.write(text)


def filled(text: str, begin: str, table: str) -> str:
    """The text with this table between the line `begin` and the next `<!-- end -->`, wherever they stand."""
    escaped = f"{begin}\n{table}\n<!-- end -->".replace("\\", r"\\")
    return re.sub(f"{re.escape(begin)}\n.*?<!-- end -->", escaped, text, flags=re.DOTALL)


def results(folder: Path, rows: Sequence[Row]) -> Found:
    """The results that there are, in the order of the rows."""
    found: Found = []
    for corpus in sorted(path for path in folder.glob("*") if path.is_dir()):
        read = [(row, read_result(corpus / f"{row.name}.json")) for row in rows]
        measured: list[tuple[Row, Content]] = [(row, content) for row, content in read if content is not None]
        if measured:
            found.append((corpus.name, measured))
    return found


def section(row: Row, content: Content) -> list[str]:
    """The lines of one row: what it is, its table, and what is to be said of it."""
    summary = content["summary"]
    sets = [name for name in TITLES if any(name in each["scores"] for each in summary["contenders"].values())]
    figures = [figure for figure in row.figures if any(_has(each, figure) for each in summary["contenders"].values())]
    compared = summary["baseline"] is not None and any(each["verdict"] for each in summary["contenders"].values())
    head = ["", *(_head(figure) for figure in figures), *(TITLES[name] for name in sets)]
    head += ["beside *"] if compared else []
    lines = [f"### {row.title}", "", _settings(row, content), ""]
    if summary["contenders"]:
        lines += [_table_row(head), _table_row(["---"] * len(head))]
    for contender in row.contenders:
        each = summary["contenders"].get(contender.name)
        if each is None:
            continue
        mark = " *" if contender.name == summary["baseline"] else ""
        cells = [contender.title + mark, *(_figure(each, figure) for figure in figures)]
        cells += [_score(each["scores"].get(name)) for name in sets]
        cells += [_verdict(each["verdict"])] if compared else []
        lines.append(_table_row(cells))
    lines += ["", *_remarks(row, content)]
    return lines


def _settings(row: Row, content: Content) -> str:
    rounds = content["rounds"]
    machines = sorted(
        {f"{one['machine']['processor']['name']} with {one['machine']['cores']} core(s)" for one in rounds}
    )
    ended = max((one["machine"]["finished"][:10] for one in rounds), default="")
    changed = [f"`{each}`" for each in content["depends_on"]["changed"]]
    count = f"{len(rounds)} round{'' if len(rounds) == 1 else 's'}"
    return " ".join([row.about, f"Row `{row.name}`: " + ", ".join([count, *changed, *machines, ended]) + "."])


def _corpus_lines(measured: Sequence[tuple[Row, Content]]) -> list[str]:
    """The size of the corpus, if one of the rows has seen it tokenized."""
    known = [content["corpus"] for _, content in measured if "tokens" in content["corpus"]]
    if not known:
        return []
    facts = known[-1]
    counts = f"{facts['documents']:,} documents, {facts['tokens']:,} tokens, {facts['vocabulary']:,} words"
    return [f"{counts} in the vocabulary.", ""]


def _remarks(row: Row, content: Content) -> list[str]:
    lines = []
    if content["summary"]["same"] is not None:
        lines.append(f"The same in every line of each round: {'yes' if content['summary']['same'] else 'NO'}.")
    titles = {contender.name: contender.title for contender in row.contenders}
    lines += [f"Not measured: {titles.get(name, name)}: {why}." for name, why in sorted(content["failed"].items())]
    if content["capped"]:
        lines.append(f"Ended after {content['cap_seconds'] / 60:.0f} minutes, {_of_rounds(content)}.")
    elif len(content["rounds"]) < content["rounds_wanted"]:
        lines.append(f"Unfinished: {_of_rounds(content)}.")
    return [part for line in lines for part in (line, "")]


def _of_rounds(content: Content) -> str:
    return f"with {len(content['rounds'])} of {content['rounds_wanted']} rounds"


def _has(summary: Content, figure: Figure) -> bool:
    return figure.name in summary["figures"] or figure.name in summary["texts"]


def _head(figure: Figure) -> str:
    return f"{figure.title} ({COMPARED[figure.ratio]})" if figure.ratio else figure.title


def _figure(summary: Content, figure: Figure) -> str:
    if figure.name in summary["texts"]:
        return ", ".join(text[:SHOWN_OF_A_TEXT] for text in summary["texts"][figure.name])
    if figure.name not in summary["figures"]:
        return ""
    value = f"{summary['figures'][figure.name]['median']:,.{figure.digits}f}"
    ratio = summary["ratios"].get(figure.name)
    if ratio is None:
        return value
    return f"{_times(ratio['median'])} ({_times(ratio['min'])}–{_times(ratio['max'])}); {value}"


def _times(ratio: float) -> str:
    """Three digits: 2.10, 21.0, 210."""
    return f"{ratio:,.{2 if ratio < 10 else 1 if ratio < 100 else 0}f}"


def _score(score: Content | None) -> str:
    if score is None:
        return ""
    error = score["standard_error"]
    return f"{score['mean']:.1f}" + ("" if error is None else f" ± {error:.1f}")


def _verdict(verdict: Content | None) -> str:
    if verdict is None:
        return ""
    mean = f"mean {verdict['mean_difference']:+.2f}"
    if verdict["passed"]:
        return f"not worse ({mean})"
    worse = [
        f"{TITLES[name]} {each['difference']:+.2f}, margin {each['margin']:.2f}"
        for name, each in verdict["sets"].items()
        if not each["passed"]
    ]
    return f"WORSE ({'; '.join([*worse, mean])})"


def _table_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def shown(row: Row, content: Content) -> str:
    """One row for the terminal."""
    return "\n".join(section(row, content))
