"""Repeats the classifier studies of docs/classifiers.md. `python -m benchmarks.study --help`

Each study is the pipeline itself: vectors are trained, then the stage classify runs on a public dataset in its
original files. Stopped, it goes on where it was. The figures go to benchmarks/results/classifiers/, and from there into
the page.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.bench import CODE_ROOT
from benchmarks.page import filled
from benchmarks.result import machine
from tasks.classifiers.grid import OURS, RANDOM, TERMS
from tasks.classify_params import CLASSIFIERS
from tasks.storage.atomic import atomic_file, write_json

RESULTS = CODE_ROOT / "benchmarks" / "results" / "classifiers"

PAGE = CODE_ROOT / "docs" / "classifiers.md"

TRAINING = ("download", "clean", "tokenize", "skipgrams", "train")

Overrides = tuple[str, ...]


@dataclass(frozen=True)
class Study:
    """A dataset, the vectors it starts from, and what is laid over params.yaml.

    Attributes:
        name: of the study, and of the dataset.
        vectors: "english" or "korean".
        dataset: as in classify.datasets, with {originals} for the folder of the original files.
        values: as in the section classify.
    """

    name: str
    vectors: str
    dataset: Mapping[str, Any]
    values: Mapping[str, Any] = field(default_factory=dict)


ENGLISH = ("random", "ours-frozen", "ours-tuned", "glove-frozen", "glove-tuned")
FEWER = ("random", "ours-frozen", "ours-tuned", "glove-tuned")
KOREAN = ("random", "ours-frozen", "ours-tuned")
IMDB: Mapping[str, Any] = {"kind": "imdb", "path": "{originals}/aclImdb_v1.tar.gz"}
PLAIN: Mapping[str, Any] = {
    "models": ["lstm"], "vectors": ["random"], "max_words": 10_000, "mask": False, "buckets": 1, "epochs": 5,
}  # fmt: skip

STUDIES = (
    Study("sms", "english", {"kind": "sms"}, {"vectors": ENGLISH, "epochs": 30, "patience": 3}),
    Study(
        "nsmc", "korean", {"kind": "nsmc", "path": "{originals}/nsmc"},
        {"vectors": KOREAN, "grid": "cross", "models": ["tfidf", "kim", "average", "max", "cnn", "lstm", "bilstm"],
         "max_words": 30_000, "epochs": 6, "patience": 1, "batch": 128, "learning_rate": 0.002},
    ),
    Study(
        "imdb", "english", IMDB,
        {"vectors": ENGLISH, "grid": "cross", "models": ["tfidf", "cnn", "kim", "average", "max", "lstm", "bilstm"],
         "max_words": 10_000, "epochs": 6, "patience": 1},
    ),
    Study(
        "imdb_ours", "english", IMDB,
        {"vectors": ["ours-tuned"], "models": ["cnn", "kim"], "max_words": 10_000, "epochs": 8},
    ),
    Study("padding_pre", "english", {**IMDB, "limit": 10_000}, {**PLAIN, "padding": "pre"}),
    Study("padding_post", "english", {**IMDB, "limit": 10_000}, {**PLAIN, "padding": "post"}),
    Study(
        "newsgroups", "english", {"kind": "20newsgroups", "path": "{originals}/20news-bydate.tar.gz"},
        {"vectors": ENGLISH, "grid": "cross", "models": ["tfidf", "average", "max", "cnn", "kim", "lstm", "bilstm"],
         "dropout": 0.7, "max_words": 40_000, "max_length": 600, "epochs": 30, "patience": 3, "learning_rate": 0.005},
    ),
    Study(
        "sms_stratified", "english", {"kind": "sms", "split": {"by": "stratified"}},
        {"vectors": FEWER, "grid": "cross", "models": ["tfidf", "kim", "average", "max", "cnn", "lstm", "bilstm"],
         "epochs": 30, "patience": 3},
    ),
)  # fmt: skip


def main() -> None:
    """Runs the studies that are asked for, one after the other, and writes the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.study", description=__doc__.splitlines()[0])
    parser.add_argument("--originals", type=Path, help="folder of aclImdb_v1.tar.gz, 20news-bydate.tar.gz and nsmc/")
    parser.add_argument("--english", type=Path, help="English text, a document a line, for the vectors")
    parser.add_argument("--glove", type=Path, help="a file of pretrained GloVe vectors")
    parser.add_argument("--work", type=Path, default=CODE_ROOT / "data" / ".runs" / "study", help="for the artifacts")
    parser.add_argument("--only", nargs="+", choices=[study.name for study in STUDIES], help="these studies alone")
    parser.add_argument("--page", action="store_true", help="write the page from what was measured, run nothing")
    options = parser.parse_args()
    if not options.page:
        for study in STUDIES:
            if not options.only or study.name in options.only:
                run_study(study, options)
    write_page()


def run_study(study: Study, options: argparse.Namespace) -> None:
    """Trains the vectors if they are not there yet, classifies, and keeps the figures."""
    if not (options.originals and options.english and options.glove):
        sys.exit("python -m benchmarks.study: --originals, --english and --glove are needed; see --help")
    data = options.work / study.vectors
    corpus = _corpus(study.vectors, options)
    for stage in TRAINING:
        _stage(stage, data, corpus)
    dataset = json.loads(json.dumps(study.dataset).replace("{originals}", str(options.originals.resolve())))
    values = {"datasets": {study.name: dataset}, "pretrained": {"glove": str(options.glove.resolve())}, **study.values}
    _stage("classify", data, [*corpus, *(f"classify.{key}={json.dumps(value)}" for key, value in values.items())])
    folder = data / "classify" / study.name
    metrics, run = (json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("metrics", "run"))
    for file in metrics["files"]:
        file["name"] = Path(file["name"]).name
    write_json(
        RESULTS / f"{study.name}.json",
        {"dataset": study.dataset, "values": study.values, "metrics": metrics,
         "seconds": run["seconds"], "row_seconds": run["row_seconds"], "machine": machine()},
    )  # fmt: skip


def _corpus(vectors: str, options: argparse.Namespace) -> list[str]:
    """The overrides for the vectors: English text and the training reviews of IMDB; the training reviews of NSMC."""
    if vectors == "korean":
        source = {"kind": "files", "path": str((options.originals / "nsmc" / "ratings_train.txt").resolve()),
                  "format": "tsv", "text": "document"}  # fmt: skip
        return ["profile=nsmc", f"corpus.sources={json.dumps([source])}"]
    reviews = {"kind": "url", "url": (options.originals / "aclImdb_v1.tar.gz").resolve().as_uri(),
               "pattern": "aclImdb/train/*"}  # fmt: skip
    text = {"kind": "files", "path": str(options.english.resolve()), "format": "lines"}
    return ["profile=large", f"corpus.sources={json.dumps([text, reviews])}", "clean.markup=true"]


def _stage(name: str, data: Path, overrides: Sequence[str]) -> None:
    profile, *sets = overrides
    command = [sys.executable, "-m", "tasks", name, "--data", str(data), "--profile", profile.partition("=")[2]]
    for each in sets:
        command += ["--set", each]
    done = subprocess.run(command, cwd=CODE_ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def write_page() -> None:
    """Fills the tables of docs/classifiers.md, between `<!-- study NAME -->` and `<!-- end -->`."""
    page = PAGE.read_text("utf-8")
    for study in STUDIES:
        path = RESULTS / f"{study.name}.json"
        if path.is_file():
            table = "\n".join(_table(json.loads(path.read_text("utf-8"))))
            page = filled(page, f"<!-- study {study.name} -->", table)
    with atomic_file(PAGE, "w") as file:
        file.write(page)


def _table(content: Mapping[str, Any]) -> list[str]:
    """Rows: classifiers; columns: vectors; a cell: accuracy and macro F1, mean ± standard deviation over the seeds."""
    metrics = content["metrics"]
    rows, best = metrics["rows"], metrics["best"]
    settings = sorted({name for each in rows.values() for name in each}, key=_place)
    lines = ["| | " + " | ".join(settings) + " |", "| --- " * (1 + len(settings)) + "|"]
    for model, found in sorted(rows.items(), key=lambda each: CLASSIFIERS.index(each[0])):
        cells = []
        for name in settings:
            cell = found.get(name)
            mark = " *" if (model, name) == (best["model"], best["vectors"]) else ""
            cells.append("" if cell is None else f"{_points(cell, 'accuracy')}; {_points(cell, 'macro_f1')}{mark}")
        lines.append(f"| {model} | " + " | ".join(cells) + " |")
    texts, encoding, processor = metrics["documents"], metrics["encoding"], content["machine"]["processor"]["name"]
    about = [
        f"{texts['train']:,} and {texts['test']:,} texts, {encoding['words']:,} words known; {encoding['length']:,} "
        f"are read, and {encoding['covered']:.1%} of the texts are no longer.",
        f"{metrics['trained']} classifiers in {content['seconds'] / 60:.0f} minutes on {processor} with "
        f"{content['machine']['cores']} cores.",
    ]
    return [*lines, "", " ".join(about)]


def _place(vectors: str) -> tuple[bool, bool, bool, str]:
    """Of a setting in the table: what has none of vectors, random ones, ours, others."""
    return vectors != TERMS, vectors != RANDOM, not vectors.startswith(OURS), vectors


def _points(cell: Mapping[str, Any], name: str) -> str:
    return f"{100 * cell[name]:.2f} ± {100 * cell[name + '_spread']:.2f}"


if __name__ == "__main__":
    main()
