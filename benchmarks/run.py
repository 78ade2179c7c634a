"""`make bench`: training from the shards on disk, ours beside gensim's, in turn (A B A B …), on the same tokens.

Each side runs in a process of its own with the same cores, and with OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE unset for
both. What is timed is training alone; our compilation and our reading of shards count, the peer's reading does not.
Writes benchmarks/results/sgns-<corpus>.json and docs/benchmarks.md. Ratios count; seconds depend on the machine.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tasks.pipeline.environment import describe
from tasks.pipeline.workers import cores
from tasks.project import project_root
from tasks.request import request
from tasks.storage.atomic import atomic_file, write_json

PREPARED = ("download", "clean", "tokenize", "skipgrams")


def environment(threads: int) -> dict[str, str]:
    """What both sides run in."""
    unset = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    return kept | {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}


SETS = {"wordsim353": "WordSim-353", "simlex999": "SimLex-999", "google_analogies_30k": "analogies 30k"}
"""The scores of `benchmarks.quality` and their names on the page."""

PROFILE = "large"
"""Word2vec's own settings: what the peer knows too."""


def overrides(corpus: Path | None) -> list[str]:
    """The corpus that is measured; by default the bundled one."""
    if corpus is None:
        return []
    source = json.dumps([{"kind": "files", "path": str(corpus.resolve()), "format": "lines"}])
    return [f"corpus.sources={source}"]


def prepare(data: Path, changed: list[str]) -> None:
    """The stages before training, once for both sides."""
    for name in PREPARED:
        _stage(name, data, changed)


def ours(data: Path, changed: list[str], seed: int, deterministic: bool, threads: int) -> dict[str, Any]:
    """One training of ours; the stage's own seconds, with compilation."""
    from gensim.models import KeyedVectors

    from benchmarks.quality import scores
    from tasks.vectors import load

    shutil.rmtree(data / "train", ignore_errors=True)
    _stage("train", data, [*changed, f"train.seed={seed}", f"train.deterministic={deterministic}"], threads)
    run = json.loads((data / "train" / "sgns" / "run.json").read_text())
    vectors = load(data / "train" / "sgns")
    keyed = KeyedVectors(vectors.dim)
    keyed.add_vectors(list(vectors.words), vectors.matrix)
    return {
        "seconds": run["seconds"],
        "words": round(run["words_per_second"] * run["training_seconds"]),
        "scores": scores(keyed),
    }


def gensim(data: Path, params: dict[str, Any], seed: int, threads: int) -> dict[str, Any]:
    """One training of the peer's."""
    train, skipgrams = params["train"], params["skipgrams"]
    command = [
        sys.executable, "-m", "benchmarks.peer_gensim", str(data), "--threads", str(threads),
        "--dim", str(train["dim"]), "--epochs", str(train["epochs"]), "--seed", str(seed),
        "--window", str(skipgrams["window"]), "--subsample", str(skipgrams["subsample"]),
    ]  # fmt: skip
    done = subprocess.run(command, env=environment(threads), check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def spread(values: list[float]) -> dict[str, float]:
    """Median, least and greatest."""
    return {"median": round(statistics.median(values), 3), "min": round(min(values), 3), "max": round(max(values), 3)}


def compare(data: Path, changed: list[str], rounds: int) -> dict[str, Any]:
    """Rounds of ours (deterministic; free on all threads) and the peer's, one after the other, a seed each."""
    params = dict(request(PROFILE, tuple(changed), data).raw)
    threads = cores()
    runs: dict[str, list[dict[str, Any]]] = {"deterministic": [], "free": [], "gensim": []}
    for seed in range(1, rounds + 1):
        runs["deterministic"].append(ours(data, changed, seed, True, threads))
        runs["gensim"].append(gensim(data, params, seed, threads))
        runs["free"].append(ours(data, changed, seed, False, threads))
        print(
            f"round {seed} of {rounds}: "
            + ", ".join(f"{name} {each[-1]['seconds']:.1f} s" for name, each in runs.items())
        )
    result: dict[str, Any] = {"threads": threads, "rounds": rounds, "runs": runs, "environment": describe()}
    for name in ("deterministic", "free"):
        pairs = zip(runs["gensim"], runs[name], strict=True)
        result[f"ratio_{name}"] = spread([peer["seconds"] / mine["seconds"] for peer, mine in pairs])
    result["scores"] = {
        name: {key: _mean([run["scores"][key] for run in each]) for key in each[0]["scores"]}
        for name, each in runs.items()
    }
    result["params"] = {name: params[name] for name in ("skipgrams", "train", "tokenize")}
    return result


def write_page(target: Path, results: list[tuple[str, dict[str, Any]]]) -> None:
    """docs/benchmarks.md from the result files."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench` (`CORPUS=path` for a text of yours) from benchmarks/results/. Each round trains ours",
        "and gensim's in turn on the same tokens; a ratio is gensim's seconds over ours in the same round. Ours counts",
        "the whole stage: start of the kernels, reading the shards, training, writing. Scores are means over the",
        "rounds' seeds, in points of 100, with the standard deviation.",
    ]
    for name, result in results:
        train = result["params"]["train"]
        lines += [
            "",
            f"## {name}",
            "",
            f"dim {train['dim']}, {train['epochs']} epochs, window {result['params']['skipgrams']['window']}, "
            f"{result['threads']} threads, {result['rounds']} rounds; {result['environment']['processor']['name']}.",
            "",
            f"| trainer | times as fast as gensim: median (min, max) | {' | '.join(SETS.values())} |",
            f"| --- | --- |{' --- |' * len(SETS)}",
        ]
        for key, title in (
            ("deterministic", "ours, deterministic (one thread)"),
            ("free", f"ours, {result['threads']} threads"),
            ("gensim", f"gensim, {result['threads']} workers"),
        ):
            ratio = result.get(f"ratio_{key}")
            shown = f"{ratio['median']:.2f} ({ratio['min']:.2f}, {ratio['max']:.2f})" if ratio else "1"
            found = result["scores"][key]
            cells = [f"{found[each]['mean']:.1f} ± {found[each]['sd']:.1f}" for each in SETS]
            lines.append(f"| {title} | {shown} | {' | '.join(cells)} |")
    with atomic_file(target, "w") as file:
        file.write("\n".join([*lines, ""]))


def main() -> None:
    """Measures, and writes the results and the page."""
    parser = argparse.ArgumentParser(description="Training beside gensim's, on the same tokens.")
    parser.add_argument("--corpus", type=Path, help="a text file, one document a line; by default the bundled corpus")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, help="instead of the profile's")
    options = parser.parse_args()
    root = project_root()
    changed = overrides(options.corpus) + ([f"train.epochs={options.epochs}"] if options.epochs else [])
    with tempfile.TemporaryDirectory(prefix="wordloom-bench-") as folder:
        prepare(Path(folder), changed)
        result = compare(Path(folder), changed, options.rounds)
    name = options.corpus.name.split(".")[0] if options.corpus else "20newsgroups"
    write_json(root / "benchmarks" / "results" / f"sgns-{name}.json", result)
    refresh_page(root)
    print((root / "docs" / "benchmarks.md").read_text())


def refresh_page(root: Path) -> None:
    """docs/benchmarks.md from all the result files that there are."""
    results = root / "benchmarks" / "results"
    found = [
        (path.stem.removeprefix("sgns-"), json.loads(path.read_text())) for path in sorted(results.glob("sgns-*.json"))
    ]
    write_page(root / "docs" / "benchmarks.md", found)


def _stage(name: str, data: Path, changed: list[str], threads: int | None = None) -> None:
    command = [sys.executable, "-m", "tasks", name, "--profile", PROFILE, "--data", str(data)]
    for each in changed:
        command += ["--set", each]
    subprocess.run(command, env=environment(threads or cores()), check=True, capture_output=True)


def _mean(values: list[float]) -> dict[str, float]:
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return {"mean": round(statistics.mean(values), 2), "sd": round(deviation, 2)}


if __name__ == "__main__":
    main()
