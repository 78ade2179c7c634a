"""The table of the stages, in the order in which they run. Everything that lists stages reads it from here."""

from importlib import import_module

from tasks.errors import InputError
from tasks.pipeline.stage import Stage

NAMES = ("download", "clean", "tokenize", "skipgrams", "cooccurrences", "train", "export", "evaluate", "classify")


def stage(name: str) -> Stage:
    """The declaration of one stage; imports its module only.

    Raises:
        InputError: there is no stage of that name.
    """
    if name not in NAMES:
        raise InputError(f"there is no stage {name!r}; the stages are {', '.join(NAMES)}")
    declared: Stage = import_module(f"tasks.{name}").STAGE
    return declared


def stages() -> tuple[Stage, ...]:
    """All declarations, in order."""
    return tuple(stage(name) for name in NAMES)
