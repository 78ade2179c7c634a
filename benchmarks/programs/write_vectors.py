"""A file of made-up vectors. `python -m benchmarks.programs.write_vectors FILE KIND WORDS DIM`

KIND: binary or text, in word2vec's format. Prints {"bytes"}.
"""

import json
import sys
from pathlib import Path

import numpy as np

from tasks.formats import word2vec

BLOCK = 100_000
"""Words written at a time."""


def word(number: int) -> str:
    """A word of its own for each number, some eight letters long."""
    return f"word{number}"


def main() -> None:
    """Writes the file, whole or not at all."""
    path, kind, words, dim = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    random = np.random.default_rng(0)
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "text":
        matrix = random.normal(size=(words, dim)).astype(np.float32)
        word2vec.write_text(path, [word(number) for number in range(words)], matrix)
    else:
        unfinished = path.with_suffix(".part")
        with open(unfinished, "wb") as file:
            file.write(b"%d %d\n" % (words, dim))
            for first in range(0, words, BLOCK):
                block = random.standard_normal((min(BLOCK, words - first), dim), np.float32)
                file.writelines(
                    word(first + row).encode() + b" " + vector.tobytes() + b"\n" for row, vector in enumerate(block)
                )
        unfinished.rename(path)
    print(json.dumps({"bytes": path.stat().st_size}))


if __name__ == "__main__":
    main()
