"""The page and its chart, from result files alone."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.toy_row import TOY, make_bench

from benchmarks.bench import Bench
from benchmarks.page import write_page
from benchmarks.row import Contender, Row
from benchmarks.runner import run_row


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return make_bench(tmp_path / "project")


def page(bench: Bench, *rows: Row) -> str:
    return write_page(bench.root, rows).read_text()


def table(text: str) -> list[list[str]]:
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows]


def test_a_row_becomes_a_table_with_ratios_scores_and_verdict(bench: Bench) -> None:
    run_row(bench, TOY)
    text = page(bench, TOY)
    assert "## corpus" in text and "### A toy" in text and "3 rounds" in text
    head, line, peer, ours = table(text)
    assert head == ["", "seconds (times as fast)", "hash", "WordSim-353", "SimLex-999", "beside *"]
    assert set(line) == {"---"} and len(line) == len(head)
    hashes = ", ".join(f"{seed:064x}"[:12] for seed in (1, 2, 3))
    assert peer == ["the peer *", "8.0", hashes, "52.0 ± 0.6", "50.0 ± 0.0", ""]
    worse = "WORSE (SimLex-999 -1.50, margin 1.00; mean -1.50)"
    assert ours == ["ours", "2.00 (2.00–2.00); 4.0", hashes, "50.5 ± 0.6", "48.5 ± 0.0", worse]
    assert "The same in every line of each round: yes." in text


def test_the_chart_is_drawn_and_shown_if_there_is_something_to_draw(bench: Bench) -> None:
    run_row(bench, TOY)
    assert "![" in page(bench, TOY) and (bench.root / "docs" / "benchmarks.png").read_bytes().startswith(b"\x89PNG")
    assert "![" not in page(bench, replace(TOY, chart=False))
    assert not (bench.root / "docs" / "benchmarks.png").exists()


def test_nothing_measured_is_said_and_no_figure_stands_there(bench: Bench) -> None:
    text = page(bench, TOY)
    assert "No row has been measured yet." in text and not table(text)


def test_who_could_not_measure_is_named(bench: Bench) -> None:
    (bench.root / "fail").write_text("peer 1")
    run_row(bench, TOY)
    text = page(bench, TOY)
    assert "Not measured: the peer: engine: it is broken." in text and str(bench.root) not in text
    assert [row[0] for row in table(text)[2:]] == ["ours"] and "beside *" not in text


def test_an_unfinished_row_says_so(bench: Bench) -> None:
    def measure_once(bench: Bench, seed: int) -> dict[str, float]:
        if seed > 1:
            raise KeyboardInterrupt
        return {"seconds": 1.0}

    row = replace(TOY, contenders=(Contender("peer", "the peer", measure_once),), same=None)
    with pytest.raises(KeyboardInterrupt):
        run_row(bench, row)
    assert "Unfinished: with 1 of 3 rounds." in page(bench, row)


def test_a_table_is_put_into_other_pages_where_they_ask_for_it(bench: Bench) -> None:
    run_row(bench, TOY)
    page_before = "# Mine\n\n<!-- row {} of corpus -->\n{}<!-- end -->\n\nMore.\n"
    readme = bench.root / "README.md"
    readme.write_text(page_before.format(TOY.name, "| old |\n") + page_before.format("other", "stays\n"))
    page(bench, TOY)
    first = readme.read_text()
    assert "| old |" not in first and "stays\n<!-- end -->" in first
    assert table(first)[2:] == table(page(bench, TOY))[2:4] and first.endswith("More.\n")
    assert readme.read_text() == first
