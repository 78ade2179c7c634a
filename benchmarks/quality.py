"""The scores that both sides are judged by: gensim's evaluators on gensim's sets, in points of 100."""

from typing import Any

from gensim.test.utils import datapath


def scores(vectors: Any) -> dict[str, float]:
    """WordSim-353 and SimLex-999 (Spearman) and the Google analogies (accuracy, restrict 30,000), x 100."""
    wordsim = vectors.evaluate_word_pairs(datapath("wordsim353.tsv"))
    simlex = vectors.evaluate_word_pairs(datapath("simlex999.txt"))
    analogies, _ = vectors.evaluate_word_analogies(datapath("questions-words.txt"), restrict_vocab=30_000)
    return {
        "wordsim353": round(100 * float(wordsim[1][0]), 2),
        "simlex999": round(100 * float(simlex[1][0]), 2),
        "google_analogies_30k": round(100 * float(analogies), 2),
    }
