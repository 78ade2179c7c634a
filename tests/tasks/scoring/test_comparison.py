"""The page that has the models beside each other."""

import json
from pathlib import Path
from typing import Any

from tasks.scoring.comparison import VOCABULARY, write_comparison


def write(data: Path, stage: str, model: str, name: str, content: dict[str, Any]) -> None:
    path = data / stage / model / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def test_all_that_is_known_of_each_model(tmp_path: Path) -> None:
    for model, rho, loss in (("cbow", None, 1.5), ("sgns", 0.5123, 2.25)):
        scores = {"wordsim353": {"spearman": rho, "coverage": 0.9}, "analogies": {"accuracy": 0.25, "coverage": 1.0}}
        write(tmp_path, "evaluate", model, "metrics.json", {"words": 10, "dim": 5, **scores})
        write(tmp_path, "train", model, "metrics.json", {"loss": loss})
        write(tmp_path, "evaluate", model, "manifest.json", {"inputs": {VOCABULARY: "a1"}})
    write(tmp_path, "evaluate", "glove", "manifest.json", {"inputs": {VOCABULARY: "of other tokens"}})
    write(tmp_path, "train", "sgns", "run.json", {"seconds": 12.34, "words_per_second": 1_234_567})
    write(tmp_path, "export", "sgns", "metrics.json", {"files": {"a": {"bytes": 1_000_000}, "b": {"bytes": 500_000}}})
    write_comparison(tmp_path, "sgns")
    assert (tmp_path / "evaluate" / "comparison.md").read_text().splitlines()[2:10] == [
        "| model | sgns | cbow |",
        "| --- | --- | --- |",
        "| wordsim353 | 0.512, 90% covered | undefined |",
        "| analogies | 0.250, 100% covered | 0.250, 100% covered |",
        "| loss | 2.2500 | 1.5000 |",
        "| words/s | 1.2 M |  |",
        "| seconds | 12.3 |  |",
        "| exported | 1.5 MB |  |",
    ]


def test_a_set_that_only_one_model_has_stays_in_its_column(tmp_path: Path) -> None:
    write(tmp_path, "evaluate", "sgns", "metrics.json", {"wordsim353": {"spearman": 0.5, "coverage": 1.0}})
    write(tmp_path, "evaluate", "cbow", "metrics.json", {"own": {"spearman": 0.25, "coverage": 1.0}})
    for model in ("sgns", "cbow"):
        write(tmp_path, "evaluate", model, "manifest.json", {"inputs": {VOCABULARY: "a1"}})
    write_comparison(tmp_path, "sgns")
    lines = (tmp_path / "evaluate" / "comparison.md").read_text().splitlines()
    assert "| wordsim353 | 0.500, 100% covered |  |" in lines and "| own |  | 0.250, 100% covered |" in lines
