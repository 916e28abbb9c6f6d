"""One pool for the tests that only need a working one: starting a worker costs half a second."""

from collections.abc import Iterator

import pytest

from polyloop.run import SupervisedProcessPool


@pytest.fixture(scope="package")
def pool() -> Iterator[SupervisedProcessPool]:
    with SupervisedProcessPool(1) as shared:
        yield shared
