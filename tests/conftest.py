"""What holds for all tests."""

import os
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import settings

# examples are never timed: machines are shared. In CI the same ones each time, elsewhere new ones.
settings.register_profile("proofbook", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("proofbook")
# a machine of CI promotes no first run: the tests are people, but for those that set it
os.environ.pop("CI", None)


@pytest.fixture(scope="session", autouse=True)
def _cache_of_the_tests() -> Iterator[None]:
    """What lint keeps is kept apart from what it keeps for whoever runs the tests."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PROOFBOOK_CACHE"] = folder
        yield
        del os.environ["PROOFBOOK_CACHE"]
