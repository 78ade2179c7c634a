"""A copy of the project with a tiny corpus, where a whole run takes seconds; a git and DVC project of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

from tasks.params import overlaid

ROOT = Path(__file__).resolve().parents[2]

FOLDERS = ("flows", "tasks", "wordloom", "data/bundled")
FILES = ("params.yaml", "dvc.yaml", "prefect.yaml", ".gitignore", ".dvcignore", "data/source.lock")
DOCUMENTS = 200

TINY: dict[str, Any] = {
    "corpus": {"sources": [{"kind": "files", "path": "corpus.txt", "format": "lines"}]},
    "download": {"shard_mb": 0.03},
    "tokenize": {"min_count": 2},
    "train": {"dim": 8, "epochs": 1},
    "run": {"workers": 2, "retries": 0},
}


def make_project(folder: Path) -> Path:
    """Copies the project into `folder`, and gives it the first documents of the bundled corpus, cut short."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        if (ROOT / name).is_file():
            shutil.copy2(ROOT / name, folder / name)
    texts = pq.ParquetFile(ROOT / "data" / "bundled" / "20newsgroups.parquet").read_row_group(0, ["text"])["text"]
    lines = [" ".join(text.as_py().split()[:100]) for text in texts[:DOCUMENTS]]
    (folder / "data" / "raw").mkdir(exist_ok=True)
    (folder / "data" / "raw" / "corpus.txt").write_text("\n".join(lines) + "\n", "utf-8")
    change_params(folder, TINY)
    environment = environment_of(folder)
    for command in (["git", "init", "--quiet"], [sys.executable, "-m", "dvc", "init", "--quiet"]):
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return folder


def change_params(folder: Path, above: Mapping[str, Any]) -> None:
    """Lays `above` over the params.yaml of `folder`."""
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(overlaid(yaml.safe_load(path.read_text("utf-8")), above), sort_keys=False), "utf-8")


def environment_of(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a command in `folder`: its own Prefect home, no server that another test has started."""
    foreign = ("PREFECT_API_URL", "PREFECT_HOME", "WORDLOOM_ROOT", "DVC_STAGE")
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    return kept | {"PREFECT_HOME": str(folder / ".prefect"), "DVC_NO_ANALYTICS": "1"} | more
