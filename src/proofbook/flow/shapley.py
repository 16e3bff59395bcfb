"""
Shares out a change among the factors that differ, from what was measured with each combination of them.

With all combinations known: each factor's main effect, which is its Shapley value (Shapley 1953) without the half of
every pairwise interaction that the Shapley value gives to it; what is left is the interaction. This is the split of
Lundberg, Erion and Lee, "Consistent Individualized Feature Attribution for Tree Ensembles", 2018, section 4. With two
factors it says what each does alone, and what only both together do.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations, permutations
from math import factorial

__all__ = ["INTERACTION", "split"]

INTERACTION = "interaction"

Cell = frozenset[str]


def split(values: Mapping[Cell, float], factors: Sequence[str]) -> dict[str, float] | None:
    """
    Factor to its share; all shares, `interaction` among them, sum to the whole change.

    Where a combination is missing, it is the Shapley value over those orders of exchange whose every step is known, and
    there is no `interaction`.

    Args:
        values: What was measured with the factors of a set exchanged: the empty set and the whole one at least.
        factors: All factors; four at most are sensible.

    Returns:
        None where no order of exchange is known to the end.
    """
    cells = [frozenset(chosen) for size in range(len(factors) + 1) for chosen in combinations(factors, size)]
    if any(cell not in values for cell in cells):
        return _over_known_orders(values, factors)
    change = values[frozenset(factors)] - values[frozenset()]
    shares = {name: _main_effect(name, values, factors) for name in factors}
    if len(factors) > 1:
        shares[INTERACTION] = change - sum(shares.values())
    return shares


def _main_effect(name: str, values: Mapping[Cell, float], factors: Sequence[str]) -> float:
    others = [other for other in factors if other != name]
    halves = sum(_interaction(name, other, values, factors) for other in others)
    return _shapley(name, values, factors) - halves


def _shapley(name: str, values: Mapping[Cell, float], factors: Sequence[str]) -> float:
    others, count = [other for other in factors if other != name], len(factors)
    total = 0.0
    for size in range(len(others) + 1):
        weight = factorial(size) * factorial(count - size - 1) / factorial(count)
        for chosen in combinations(others, size):
            total += weight * (values[frozenset({*chosen, name})] - values[frozenset(chosen)])
    return total


def _interaction(one: str, two: str, values: Mapping[Cell, float], factors: Sequence[str]) -> float:
    """The half of the interaction of two factors that the Shapley value gives to each."""
    others, count = [other for other in factors if other not in {one, two}], len(factors)
    total = 0.0
    for size in range(len(others) + 1):
        weight = factorial(size) * factorial(count - size - 2) / (2 * factorial(count - 1))
        for chosen in combinations(others, size):
            with_none, with_both = values[frozenset(chosen)], values[frozenset({*chosen, one, two})]
            singles = values[frozenset({*chosen, one})] + values[frozenset({*chosen, two})]
            total += weight * (with_both - singles + with_none)
    return total


def _over_known_orders(values: Mapping[Cell, float], factors: Sequence[str]) -> dict[str, float] | None:
    orders = []
    for order in permutations(factors):
        steps = [frozenset(order[:size]) for size in range(len(order) + 1)]
        if all(step in values for step in steps):
            orders.append({name: values[steps[at + 1]] - values[steps[at]] for at, name in enumerate(order)})
    if not orders:
        return None
    return {name: sum(order[name] for order in orders) / len(orders) for name in factors}
