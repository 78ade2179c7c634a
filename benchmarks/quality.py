"""The scores that both sides are judged by, in points of 100. `python -m benchmarks.quality VECTORS` prints them.

Spearman's correlation on WordSim-353 and SimLex-999, accuracy on Google's analogies among the 30,000 most frequent
words and among all; gensim's evaluators on gensim's copies of the sets, by way of `tasks.scoring`, whose answers to the
analogies are gensim's, found faster. VECTORS: a model's folder, word2vec's text format, or its binary one in a file
named *.bin; most frequent word first.
"""

import json
import sys
from pathlib import Path

from tasks.formats.word2vec import read_binary
from tasks.loading import load
from tasks.scoring.analogies import score_analogies
from tasks.scoring.keyed import packaged
from tasks.scoring.similarity import score_pairs
from tasks.vectors import Vectors

PAIRS = {"wordsim353": "wordsim353.tsv", "simlex999": "simlex999.txt"}
ANALOGIES = "questions-words.txt"
RESTRICTIONS = {"google_analogies_30k": 30_000, "google_analogies": None}

TITLES = {
    "wordsim353": "WordSim-353",
    "simlex999": "SimLex-999",
    "google_analogies_30k": "analogies, 30,000 words",
    "google_analogies": "analogies, all words",
}
"""The sets' names on the page."""


def scores(path: Path) -> dict[str, float | None]:
    """The score of each set; None where too few of its words are known."""
    vectors = Vectors(*read_binary(path)) if path.suffix == ".bin" else load(path)  # as the peers' programs write it
    found = {
        name: score_pairs(vectors.words, vectors.matrix, packaged(file))["spearman"] for name, file in PAIRS.items()
    }
    for name, restrict in RESTRICTIONS.items():
        found[name] = score_analogies(vectors.words, vectors.matrix, packaged(ANALOGIES), restrict)[-1].accuracy
    return {name: None if score is None else round(100 * score, 2) for name, score in found.items()}


if __name__ == "__main__":
    print(json.dumps(scores(Path(sys.argv[1]))))
