"""How vectors of Korean words bear being asked. `python -m benchmarks.programs.misspelled VECTORS PAIRS`

VECTORS: a model's folder. PAIRS: judged pairs. Prints {"spearman", "coverage", "found", "found_by_ngrams"}: of the
pairs, those counted whose words have vectors, by their n-grams too; and of WORDS frequent words of two syllables or
more with one letter (jamo) changed, the share, in percent, that is among its misspelling's ten nearest neighbours, with
words that are one slip away first and without.
"""

import json
import random
import sys
from pathlib import Path

import numpy as np

from tasks.loading import load
from tasks.scoring.similarity import score_pairs, spelled_words
from tasks.text.hangul import FINALS, INITIALS, VOWELS, compose, decompose
from tasks.vectors import Vectors

WORDS, NEIGHBOURS = 100, 10

FREQUENT = 5_000
"""Words among which those are drawn."""

SEED = 1
"""The same words for all models with the same vocabulary, and the same letters."""


def is_hangul(word: str) -> bool:
    """Whether a word has two characters or more, all of them syllables."""
    return len(word) > 1 and all("가" <= character <= "힣" for character in word)


def unknown_misspelling(word: str, vectors: Vectors, chance: random.Random) -> str:
    """The word with one letter of one syllable changed, so that it is none of the words."""
    while (found := misspell(word, chance)) in vectors:
        continue
    return found


def misspell(word: str, chance: random.Random) -> str:
    """The word with one letter of one syllable changed."""
    units = [decompose(character) for character in word]
    at, part = chance.randrange(len(units)), chance.randrange(3)
    letters = (INITIALS, VOWELS, FINALS)[part]
    other = chance.choice([letter for letter in letters if letter != units[at][part]])
    units[at] = units[at][:part] + other + units[at][part + 1 :]
    return compose("".join(units))


def found_again(vectors: Vectors, slips: bool) -> float:
    """The share, in percent, of misspelled words that are found; none by a model without n-grams."""
    if vectors.unseen is None:
        return 0.0
    chance = random.Random(SEED)
    candidates = [word for word in vectors.words[:FREQUENT] if is_hangul(word)]
    hits = 0
    for word in chance.sample(candidates, min(WORDS, len(candidates))):
        misspelled = unknown_misspelling(word, vectors, chance)
        hits += word in dict(vectors.neighbours(misspelled, NEIGHBOURS, slips))
    return round(100 * hits / min(WORDS, len(candidates)), 1)


def main() -> None:
    """Scores one model."""
    folder, pairs = map(Path, sys.argv[1:])
    vectors = load(folder)
    spelled = spelled_words(vectors.words, vectors.unseen, pairs)
    score = score_pairs([*vectors.words, *spelled], np.vstack([vectors.matrix, *spelled.values()]), pairs)
    content = {
        "spearman": round(100 * score["spearman"], 2),
        "coverage": round(100 * score["coverage"], 1),
        "found": found_again(vectors, slips=True),
        "found_by_ngrams": found_again(vectors, slips=False),
    }
    print(json.dumps(content))


if __name__ == "__main__":
    main()
