"""What holds for all engines."""

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def python_s_own_ctrl_c() -> Iterator[None]:
    """Whoever starts the tests in the background has SIGINT ignored, and then a Ctrl-C would do nothing."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
