"""Every draw from NumPy's shared generator has its like in a generator of one's own."""

import numpy as np
import pytest

from proofbook.lint import random_fixes
from proofbook.lint.randomness import LEGACY


@pytest.mark.parametrize("name", sorted(LEGACY - {"random_integers"}))
def test_a_generator_draws_what_the_shared_one_does(name: str) -> None:
    renamed = {**random_fixes._RENAMED, **random_fixes._SHAPED}.get(name, name)

    assert callable(getattr(np.random, name))
    assert callable(getattr(np.random.default_rng(0), renamed))


def test_none_that_numpy_has_is_forgotten() -> None:
    functions = {name for name in dir(np.random) if name[0].islower() and callable(getattr(np.random, name))}
    drawing = (
        functions - {"default_rng", "test"} - {name for name in functions if name.startswith(("get_", "set_", "seed"))}
    )

    assert drawing <= LEGACY
