"""Real signals to this process: the first is remembered, a second Ctrl-C is not waited for."""

import os
import signal

import pytest

from tasks import interruption

pytestmark = pytest.mark.usefixtures("command_handlers")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_remembered_and_nothing_is_torn_down(number: int) -> None:
    assert interruption.stop_requested() is None
    os.kill(os.getpid(), number)
    assert interruption.stop_requested() == number


def test_a_second_ctrl_c_stops_at_once() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)


def test_installing_again_clears_the_flag() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    interruption.install()
    assert interruption.stop_requested() is None
