"""The errors that are written for the person who reads them: one line that says what, where, and what to do."""


class WordloomError(Exception):
    """Something that the user can put right. Its text is one line; the command line prints it and exits with 1."""


class InputError(WordloomError):
    """A file, a parameter or a document that cannot be used; the text names it, the place in it, and the remedy."""


class BusyError(WordloomError):
    """Another run holds the data folder."""


class Interrupted(BaseException):
    """The run was asked to stop (SIGTERM, SIGINT). Not an Exception, so that no `except Exception` swallows it.

    Attributes:
        signal_number: what was received; the process leaves with 128 + this number (143, 130).
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by signal {signal_number}")
        self.signal_number = signal_number
