"""The studies of the classifiers: their values fit the section classify, and the page has what was measured."""

import json
from pathlib import Path

import pytest

from benchmarks import study
from tasks.classify_params import ClassifyParams

CELL = {"accuracy": 0.98123, "accuracy_spread": 0.001, "macro_f1": 0.95, "macro_f1_spread": 0.0, "seeds": 3}

CONTENT = {
    "metrics": {
        "documents": {"train": 4459, "test": 1115},
        "encoding": {"words": 3497, "length": 52, "covered": 0.98},
        "rows": {"tfidf": {"terms": CELL}, "cnn": {"random": CELL, "ours-tuned": CELL | {"accuracy": 0.9912}}},
        "best": {"model": "cnn", "vectors": "ours-tuned"},
        "trained": 7,
    },
    "seconds": 120.0,
    "machine": {"processor": {"name": "a processor"}, "cores": 2},
}


@pytest.mark.parametrize("each", study.STUDIES, ids=lambda each: each.name)
def test_a_study_is_what_the_section_takes(each: study.Study) -> None:
    given = {"datasets": {each.name: each.dataset}, "pretrained": {"glove": "glove.txt"}, **each.values}
    params = ClassifyParams.model_validate(given).for_dataset(each.name)
    assert params.dataset.kind == each.dataset["kind"]
    assert f"<!-- study {each.name} -->\n" in study.PAGE.read_text("utf-8")


def test_the_page_has_a_table_of_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "classifiers.md"
    page.write_text("# A\n<!-- study sms -->\nold\n<!-- end -->\nB\n<!-- study imdb -->\nkept\n<!-- end -->\n", "utf-8")
    (tmp_path / "sms.json").write_text(json.dumps(CONTENT), "utf-8")
    monkeypatch.setattr(study, "PAGE", page)
    monkeypatch.setattr(study, "RESULTS", tmp_path)
    study.write_page()
    assert page.read_text("utf-8") == (
        "# A\n<!-- study sms -->\n"
        "| | terms | random | ours-tuned |\n"
        "| --- | --- | --- | --- |\n"
        "| tfidf | 98.12 ± 0.10; 95.00 ± 0.00 |  |  |\n"
        "| cnn |  | 98.12 ± 0.10; 95.00 ± 0.00 | 99.12 ± 0.10; 95.00 ± 0.00 * |\n\n"
        "4,459 and 1,115 texts, 3,497 words known; 52 are read, and 98.0% of the texts are no longer. "
        "7 classifiers in 2 minutes on a processor with 2 cores.\n"
        "<!-- end -->\nB\n<!-- study imdb -->\nkept\n<!-- end -->\n"
    )
