"""Programs that end with who started them, also when that one is killed: nothing goes on measuring unseen."""

import ctypes
import signal

PR_SET_PDEATHSIG = 1
"""Of prctl(2): the signal that a process gets when its parent ends."""

_library = ctypes.CDLL(None)


def end_with_parent() -> None:
    """For `preexec_fn`: SIGTERM when the parent ends, so that a stage still writes its checkpoint."""
    _library.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
