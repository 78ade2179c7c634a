"""TensorFlow, started as the stage starts it."""

import pytest


@pytest.fixture(scope="session")
def tensorflow() -> None:
    """On one core; Keras can be imported after it."""
    from tasks.classifiers import runtime

    runtime.start(1)
