"""Narrower registers, and so other blocks, change no byte of what is trained."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.kernels.cache import VARIABLE

SCRIPT = """
import hashlib
import numpy as np
from tasks.kernels.batches import Batch
from tasks.kernels.engine_numba import NumbaEngine
from tasks.kernels.engines import Schedule
from tasks.kernels.settings import Settings
from tasks.kernels.lanes import AT_ONCE
from tasks.kernels.random_streams import stream_key
from tasks.kernels.tables import initial_tables

rng, words, windows = np.random.default_rng(0), 50, 2000
places = np.arange(windows)
left, right = (np.minimum(rng.integers(0, 6, windows), most).astype(np.uint8) for most in (places, places[::-1]))
batch = Batch.of(rng.integers(0, words, windows).astype(np.int32), left, right, 0, windows)
found = hashlib.sha256()
for model in ("sgns", "cbow"):
    counts = np.arange(words, 0, -1)
    settings = Settings(model, counts, 5, 0.75, Schedule(0.1, 0.1, 1e6), stream_key(1), 0, 1, 1000)
    engine = NumbaEngine(*initial_tables(words, 40, stream_key(2)), settings)  # three Lanes a row
    engine.train([batch], [0])
    for table in engine.tables():
        found.update(table.tobytes())
print(AT_ONCE, found.hexdigest())
"""


def trained_with(tmp_path: Path, **registers: str) -> list[str]:
    environment = os.environ | {VARIABLE: str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)} | registers
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="names processors of x86-64")
def test_the_bytes_do_not_depend_on_the_width_of_the_registers(tmp_path: Path) -> None:
    _, native = trained_with(tmp_path)
    narrow = trained_with(tmp_path, NUMBA_CPU_NAME="haswell", NUMBA_CPU_FEATURES="-avx512f")
    assert narrow == ["1", native]
