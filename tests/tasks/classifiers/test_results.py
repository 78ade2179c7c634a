"""The picture of a comparison."""

import warnings
from pathlib import Path

import pytest

from tasks.classifiers.grid import BASELINE, TERMS, Row
from tasks.classifiers.results import cells, plot_comparison

BASELINE_ROW, NETWORK_ROW = Row(BASELINE, TERMS, 1), Row("cnn", "random", 1)


@pytest.mark.parametrize("rows", [[BASELINE_ROW], [NETWORK_ROW], [BASELINE_ROW, NETWORK_ROW]])
def test_any_rows_make_a_picture(rows: list[Row], tmp_path: Path) -> None:
    figures = {"accuracy": 0.9, "macro_f1": 0.8, "calibration_error": 0.01, "validation_accuracy": 0.85}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot_comparison(cells(dict.fromkeys(rows, figures)), tmp_path / "comparison.png")
    assert (tmp_path / "comparison.png").read_bytes().startswith(b"\x89PNG")
