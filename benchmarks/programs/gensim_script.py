"""What one would write by hand with gensim. `python -m benchmarks.programs.gensim_script TEXT SETTINGS OUT`

Raw text, a document a line, to vectors in word2vec's text format: letters alone, lower case, documents of one word
dropped, Word2Vec. SETTINGS is a JSON object with gensim's arguments. Prints {"words"}: how many have a vector.
"""

import json
import re
import sys

from gensim.models import Word2Vec


def main() -> None:
    """Cleans, trains, saves."""
    file, settings, target = sys.argv[1:]
    others = re.compile("[^a-zA-Z]")
    with open(file, encoding="utf-8") as lines:
        documents = [[sys.intern(word) for word in others.sub(" ", line).lower().split()] for line in lines]
    model = Word2Vec([words for words in documents if len(words) > 1], **json.loads(settings))
    model.wv.save_word2vec_format(target)
    print(json.dumps({"words": len(model.wv)}))


if __name__ == "__main__":
    main()
