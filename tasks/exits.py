"""How a command leaves: 0 done; 1 an error that the user can put right, in one line; 2 wrong arguments; 3 another run
holds the data folder; 130 and 143 stopped by Ctrl-C or SIGTERM, with what was done kept."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tasks.errors import BusyError, Interrupted, WordloomError

logger = logging.getLogger("wordloom")

BUSY = 3


@contextmanager
def leaving() -> Iterator[Callable[[], int]]:
    """Turns an error of its body into a line on stderr and an exit code, which the yielded function tells."""
    code = 0

    def exit_code() -> int:
        return code

    try:
        yield exit_code
    except BusyError as error:
        logger.error("wordloom: %s", error)
        code = BUSY
    except WordloomError as error:
        logger.error("wordloom: %s", error)
        code = 1
    except OSError as error:  # what the system refuses before or after the work of a stage: a folder, a lock
        if error.filename is None:
            raise
        logger.error("wordloom: %s: %s", error.filename, error.strerror)
        code = 1
    except Interrupted as stop:
        logger.error("wordloom: %s; the same command goes on from here", stop)
        code = 128 + stop.signal_number
    except KeyboardInterrupt:
        logger.error("wordloom: stopped; the same command goes on from here")
        code = 130
