"""What holds for all tests."""

import os

from hypothesis import settings

# examples are never timed: machines are shared. In CI the same ones each time, elsewhere new ones.
settings.register_profile("proofbook", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("proofbook")
# a machine of CI promotes no first run: the tests are people, but for those that set it
os.environ.pop("CI", None)
