"""What every test shares: no analytics, a Prefect home of its own, and one real server for all that need one."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks import interruption

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def _settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set before anything imports prefect or dvc; never the user's own server or state."""
    from flows import settings

    os.environ.pop("PREFECT_API_URL", None)
    os.environ["PREFECT_HOME"] = str(tmp_path_factory.mktemp("prefect"))
    settings.apply(ROOT)


@pytest.fixture(scope="session")
def prefect_server(_settings: None) -> Iterator[str]:
    """The address of a real Prefect server on localhost, one for the whole session."""
    from flows.server import own_server

    with own_server() as address:
        yield address


@pytest.fixture
def command_handlers() -> Iterator[None]:
    """The command's own handlers, as `wordloom run` installs them; afterwards pytest's, and no signal remembered."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    interruption.install()
    yield
    interruption.install()
    for number, handler in before.items():
        signal.signal(number, handler)
