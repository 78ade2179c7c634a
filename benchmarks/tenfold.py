"""What is laid over the profile for a sample of the corpus, so that ten times the corpus is ten times as much."""

from benchmarks.bench import Bench
from benchmarks.corpus import Sample
from benchmarks.ours import params


def settings_of(bench: Bench, sample: Sample) -> tuple[str, ...]:
    """Nothing but for ten times the corpus, where every document stands ten times: they stay, and words have to be ten
    times as frequent, so that there are as many.
    """
    if sample != "tenfold":
        return ()
    min_count = 10 * params(bench, bench.work)["tokenize"]["min_count"]
    return "clean.duplicates=false", f"tokenize.min_count={min_count}"
