"""Compiled inner loops: random streams, alias table, windows, training. Importing it chooses numba's cache folder."""

from tasks.kernels.cache import use_cache_folder

use_cache_folder()
