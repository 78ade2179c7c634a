"""Where the bundled corpus lies, and on what terms."""

from pathlib import Path

PROJECT_ROOT = Path(__file__).parents[2]
"""The folder that holds params.yaml, tasks/ and data/; relative paths in params.yaml start here."""

BUNDLED_NAME = "20newsgroups.parquet"
BUNDLED = PROJECT_ROOT / "data" / "bundled" / BUNDLED_NAME
"""In git, so it lies in the project's own data/, also when a run's artifacts go elsewhere."""

LICENCE = (
    "No explicit licence: Usenet posts collected by Ken Lang and distributed for research; "
    "each post remains its author's."
)
