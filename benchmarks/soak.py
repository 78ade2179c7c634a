"""A long run under faults: a text file end to end through Prefect with processes, killed twice with SIGKILL.

`make soak CORPUS=path` (one document a line). First an unbroken run, then one that is killed at two random moments and
started again each time; both must end with the same bytes. Writes benchmarks/results/soak.json and docs/soak.md.
"""

import argparse
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tasks.forecasting.memory import family
from tasks.pipeline.environment import describe
from tasks.project import project_root
from tasks.stages import NAMES
from tasks.storage.atomic import atomic_file, write_json

GRACE_SECONDS = 5.0
"""After the kill of a parent: by then none of its processes may be alive."""


def command(corpus: Path, data: Path) -> list[str]:
    """The run that is soaked."""
    source = json.dumps([{"kind": "files", "path": str(corpus), "format": "lines"}])
    return [
        sys.executable, "-m", "wordloom.cli", "run", "--profile", "large", "--data", str(data),
        "--set", f"corpus.sources={source}", "--set", "run.runner=processes",
    ]  # fmt: skip


def runs_folder(root: Path) -> Path:
    """Where runs that differ from params.yaml lie; on the disk of data/, which has the room."""
    folder = root / "data" / ".runs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def unbroken(corpus: Path, data: Path) -> float:
    """Runs to the end; returns the seconds."""
    started = time.monotonic()
    subprocess.run(command(corpus, data), check=True)
    return time.monotonic() - started


def killed(corpus: Path, data: Path, after: float) -> dict[str, Any]:
    """Runs, kills the parent alone after `after` seconds, and says what had been reached and who survived."""
    process = subprocess.Popen(command(corpus, data), start_new_session=True)
    time.sleep(after)
    processes = family(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(GRACE_SECONDS)
    survivors = [pid for pid in processes if alive(pid)]
    reached = [name for name in NAMES if list(data.glob(f"{name}/**/manifest.json"))]
    return {"after_seconds": round(after, 1), "finished_stages": reached, "survivors": len(survivors)}


def alive(pid: int) -> bool:
    """Whether a process still runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def outputs(data: Path) -> dict[str, Any]:
    """The hashes of everything that a run published, by stage."""
    found = sorted(data.glob("*/manifest.json")) + sorted(data.glob("*/*/manifest.json"))
    return {json.loads(path.read_text())["stage"]: json.loads(path.read_text())["outputs"] for path in found}


def facts(data: Path, name: str) -> dict[str, Any]:
    """A stage's metrics and run, together."""
    folder = next(path.parent for path in sorted(data.glob(f"{name}/**/manifest.json")))
    content: dict[str, Any] = json.loads((folder / "metrics.json").read_text())
    content |= json.loads((folder / "run.json").read_text())
    return content


def main() -> None:
    """Soaks and writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("corpus", type=Path, help="a text file, one document a line (plain or .gz, .bz2, .xz, .zst)")
    parser.add_argument("--seed", type=int, default=None, help="of the moments of the kills")
    options = parser.parse_args()
    root = project_root()
    seed = options.seed if options.seed is not None else int.from_bytes(os.urandom(4), "little")
    moments = random.Random(seed)
    with tempfile.TemporaryDirectory(dir=runs_folder(root), prefix="soak-") as folder:
        whole, broken = Path(folder) / "unbroken", Path(folder) / "killed"
        seconds = unbroken(options.corpus.resolve(), whole)
        kills = [killed(options.corpus.resolve(), broken, moments.uniform(0.1, 0.6) * seconds) for _ in range(2)]
        last = unbroken(options.corpus.resolve(), broken)
        made = [name for name in NAMES if list(whole.glob(f"{name}/**/manifest.json"))]
        result = {
            "corpus_tokens": facts(whole, "tokenize")["tokens"],
            "unbroken_seconds": round(seconds, 1),
            "kills": kills,
            "last_run_seconds": round(last, 1),
            "jobs_resumed": {name: facts(broken, name).get("jobs_resumed") for name in made},
            "same_bytes": outputs(whole) == outputs(broken),
            "peak_rss_mb_largest_process": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
            "stage_seconds": {name: facts(whole, name).get("seconds") for name in made},
            "seed": seed,
            "environment": describe(),
        }
    write_json(root / "benchmarks" / "results" / "soak.json", result)
    write_page(root / "docs" / "soak.md", result)
    print(json.dumps(result, indent=2))
    if not result["same_bytes"] or any(kill["survivors"] for kill in kills):
        sys.exit("soak: the killed run did not end as the unbroken one")


def write_page(target: Path, result: dict[str, Any]) -> None:
    """The figures as a page."""
    rows = [
        f"| {name} | {seconds} | {result['jobs_resumed'][name]} |" for name, seconds in result["stage_seconds"].items()
    ]
    kills = [
        f"- after {kill['after_seconds']} s, with {', '.join(kill['finished_stages']) or 'no stage'} finished; "
        f"{kill['survivors']} processes survived the parent"
        for kill in result["kills"]
    ]
    lines = [
        "# Soak",
        "",
        "Written by `make soak CORPUS=path`: a text end to end through Prefect with the process pool and the profile",
        "large, then the same run killed twice (SIGKILL of the parent) at random moments and started again. Last time:",
        "",
        f"- {result['corpus_tokens']:,} tokens in the vocabulary; {result['environment']['processor']['name']}",
        f"- unbroken: {result['unbroken_seconds']} s; the last of the broken runs: {result['last_run_seconds']} s",
        *kills,
        f"- same bytes in every artifact as the unbroken run: {'yes' if result['same_bytes'] else 'NO'}",
        f"- peak memory of the largest process: {result['peak_rss_mb_largest_process']} MB",
        "",
        "| stage | seconds, unbroken | jobs taken up by the last broken run |",
        "| --- | --- | --- |",
        *rows,
        "",
    ]
    with atomic_file(target, "w") as file:
        file.write("\n".join(lines))


if __name__ == "__main__":
    main()
