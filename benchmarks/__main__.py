"""`python -m benchmarks`, which `make bench` calls: measures what is missing or outdated, writes docs/benchmarks.md."""

import argparse
import signal
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.corpus import Corpus, corpus_at
from benchmarks.page import shown, write_page
from benchmarks.result import read_result, result_file, state
from benchmarks.row import Row
from benchmarks.rows import ROWS
from benchmarks.runner import run_row
from tasks.exits import leaving
from tasks.progress import log_to_stderr
from tasks.project import project_root


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code (see `tasks.exits`)."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Ours beside the peers'.")
    parser.add_argument("--corpus", type=Path, help="a text file, a document a line; by default the bundled corpus")
    parser.add_argument("--pairs", type=Path, help="judged pairs of words, for the row korean")
    parser.add_argument("--reviews", type=Path, help="aclImdb_v1.tar.gz, for the rows classifier-cnn and -lstm")
    parser.add_argument("--only", nargs="+", choices=[row.name for row in ROWS], metavar="ROW", help="these rows")
    parser.add_argument("--quick", action="store_true", help="a look: one epoch, one round, on the head of the corpus")
    parser.add_argument("--force", action="store_true", help="measure rows anew that are up to date")
    parser.add_argument("--list", action="store_true", help="name the rows and say how they stand")
    parser.add_argument("--page", action="store_true", help="write the page from the results that there are")
    options = parser.parse_args(arguments)
    log_to_stderr()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    with leaving() as exit_code:
        bench = Bench(project_root(), corpus_at(options.corpus), options.quick, options.pairs, options.reviews)
        rows = chosen(options.only, options.quick)
        if options.list:
            for row in ROWS:
                named = " (only if named)" if row.optional else ""
                print(f"{row.name:<18} {state(bench_of(bench, row), row):<24} {row.title}{named}")
        elif options.page:
            print(write_page(bench.root, ROWS))
        else:
            for row in rows:
                run_row(bench_of(bench, row), row, options.force)
                report(bench, row)
    return exit_code()


def chosen(only: list[str] | None, quick: bool) -> list[Row]:
    """The rows to run, in their order: those that are named, else the quick ones, else all that are not optional."""
    if only:
        return [row for row in ROWS if row.name in only]
    return [row for row in ROWS if (row.quick if quick else not row.optional)]


def bench_of(bench: Bench, row: Row) -> Bench:
    """The run for this row: some measure the bundled corpus, whichever is asked for."""
    return replace(bench, corpus=Corpus()) if row.bundled else bench


def report(bench: Bench, row: Row) -> None:
    """Shows a row; and the page has it from now on, unless it was a quick look."""
    own = bench_of(bench, row)
    content = read_result(result_file(own, row))
    if content is not None:
        print(shown(row, content), flush=True)
    if not bench.quick:
        write_page(bench.root, ROWS)


if __name__ == "__main__":
    sys.exit(main())
