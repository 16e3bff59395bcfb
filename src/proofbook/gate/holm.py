"""A level for a whole run, shared out over its records by Holm's step-down procedure (Scand. J. Statist. 6, 1979)."""

from collections.abc import Sequence

__all__ = ["share"]


def share(probabilities: Sequence[float], *, level: float) -> list[float]:
    """
    The level at which each record is judged, so that all of them together give a false alarm with at most `level`.

    The smallest probability is held against level / number; each that falls below lets the next have more. The level
    holds however the records depend on each other. Order and spelling of the records do not matter.

    Args:
        probabilities: Of each record: how likely noise alone is to look as bad as it does.
        level: For all of them together.
    """
    count = len(probabilities)
    order = sorted(range(count), key=lambda index: probabilities[index])
    levels = [0.0] * count
    standing = False
    own = level
    for position, index in enumerate(order):
        if not standing:
            own = level / (count - position)
            standing = probabilities[index] > own
        levels[index] = own
    return levels
