"""wordloom: an orchestrated pipeline that trains word embeddings and keeps them fresh.

import wordloom
vectors = wordloom.load("data/train/sgns")
vectors.neighbours("engine"), vectors.manifest
"""

from tasks.loading import load
from tasks.vectors import Vectors

__all__ = ["Vectors", "load"]
