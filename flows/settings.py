"""Prefect's and DVC's settings for this project, set before either is imported.

Prefect's state lives in the project's `.prefect/` unless PREFECT_HOME or PREFECT_API_URL say otherwise. Nothing is
reported to anyone.
"""

import os
from pathlib import Path


def apply(root: Path) -> None:
    """Puts the project's defaults into the environment, where the user has not set something else."""
    defaults = {
        "PREFECT_HOME": str(root / ".prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "DVC_NO_ANALYTICS": "1",
        "PREFECT_LOGGING_LEVEL": "WARNING",  # the project's own lines are the log; Prefect's repeat them
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_CLI_COLORS": "false" if "NO_COLOR" in os.environ else "true",
        # SQLite under several workers: wait for the lock instead of failing
        "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
