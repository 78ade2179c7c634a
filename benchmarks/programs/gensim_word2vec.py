"""gensim's Word2Vec. `python -m benchmarks.programs.gensim_word2vec FILE SETTINGS OUT`

FILE is a text of tokens, a document a line. SETTINGS is a JSON object: gensim's own arguments, and "mode": "list" reads
the documents into memory beforehand, "file" lets gensim read them. Writes the vectors to OUT, in word2vec's binary
format. Prints {"training_seconds"}: of training alone, without the vocabulary, and without reading in mode "list".
"""

import json
import sys
import time
from typing import Any

from gensim.models import Word2Vec


def main() -> None:
    """Trains once and prints the seconds."""
    file, settings, target = sys.argv[1:]
    arguments: dict[str, Any] = json.loads(settings)
    epochs = arguments["epochs"]
    corpus: dict[str, Any] = {"corpus_file": file}
    if arguments.pop("mode") == "list":
        with open(file, encoding="utf-8") as lines:
            corpus = {"corpus_iterable": [list(map(sys.intern, line.split())) for line in lines]}
    model = Word2Vec(**arguments)
    model.build_vocab(**corpus)
    started = time.monotonic()
    model.train(**corpus, total_examples=model.corpus_count, total_words=model.corpus_total_words, epochs=epochs)
    seconds = time.monotonic() - started
    model.wv.save_word2vec_format(target, binary=True)
    print(json.dumps({"training_seconds": round(seconds, 3)}))


if __name__ == "__main__":
    main()
