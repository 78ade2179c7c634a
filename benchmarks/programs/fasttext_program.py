"""The fastText program. `python -m benchmarks.programs.fasttext_program FILE SETTINGS OUT`

Runs in the peers' environment. FILE is a text of tokens, a document a line; SETTINGS a JSON object with fastText's own
arguments. Writes the vectors to OUT, in word2vec's binary format. Prints {"training_seconds"}; fastText does not tell
reading the vocabulary from training.
"""

import json
import sys
import time

import fasttext
import numpy as np

END_OF_LINE = "</s>"
"""fastText's own word for the end of a line: no word of the corpus."""


def main() -> None:
    """Trains once and prints the seconds."""
    file, settings, target = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
    fasttext.FastText.unsupervised_default["seed"] = settings.pop("seed")  # the program has it, its function does not
    started = time.monotonic()
    model = fasttext.train_unsupervised(file, verbose=0, **settings)
    seconds = time.monotonic() - started
    words = [word for word in model.get_words() if word != END_OF_LINE]
    with open(target, "wb") as out:
        out.write(f"{len(words)} {model.get_dimension()}\n".encode())
        for word in words:
            out.write(word.encode() + b" " + np.asarray(model.get_word_vector(word), np.float32).tobytes() + b"\n")
    print(json.dumps({"training_seconds": round(seconds, 3)}))


if __name__ == "__main__":
    main()
