"""Row models: the models beside each other, each with its values in the profile: quality, time, memory, size."""

import json
import shutil
from functools import partial

from benchmarks.bench import Bench
from benchmarks.ours import prepared, run_stage, score, stage_command
from benchmarks.processes import module, run_json
from benchmarks.row import Contender, Figure, Measured, Row
from tasks.models import MODELS, READS


def measure(bench: Bench, seed: int, model: str) -> Measured:
    """One model: the stage that it learns from, and its training."""
    seeded = (f"skipgrams.seed={seed}", f"train.seed={seed}", f"train.model={model}")
    data = prepared(bench, bench.whole, seeded[0])
    made_from = data / READS[model]
    for left in (made_from, data / "train", data / ".work"):
        shutil.rmtree(left, ignore_errors=True)
    run_stage(bench, READS[model], data, *seeded)
    usage, _ = run_json(bench, module("benchmarks.programs.watched", *stage_command(bench, "train", data, *seeded)))
    folder = data / "train" / model
    before, training = (json.loads((each / "run.json").read_text())["seconds"] for each in (made_from, folder))
    return {
        "epochs": json.loads((folder / "metrics.json").read_text())["epochs"],
        "preparing_seconds": before,
        "seconds": training,
        "anonymous_mb": usage["anonymous_mb"],
        "model_mb": round(sum(path.stat().st_size for path in folder.rglob("*.npy")) / 1e6, 1),
        "scores": score(bench, folder),
    }


MODELS_BESIDE = Row(
    name="models",
    title="The models beside each other",
    about=(
        "Each with its values in the profile large, dim 100; windows of 1 to 5 words, co-occurrences within 10. The "
        "windows of all epochs are drawn before, and so are counted the co-occurrences."
    ),
    contenders=tuple(Contender(model, model, partial(measure, model=model)) for model in MODELS),
    figures=(
        Figure("epochs", "epochs"),
        Figure("preparing_seconds", "windows or cells, s", 1),
        Figure("seconds", "training, s", 1),
        Figure("anonymous_mb", "anonymous memory, MB"),
        Figure("model_mb", "files, MB"),
    ),
    rounds=3,
    cap_seconds=3600,
    stages=("skipgrams", "cooccurrences", "train"),
    models=MODELS,
    sources=(
        "benchmarks/ours.py",
        "benchmarks/programs/watched.py",
        "benchmarks/quality.py",
        "benchmarks/rows/models.py",
    ),
    libraries=("numba", "numpy"),
)
