"""Which parts of a change carry its effect: halves are tried, and halves of those that do anything."""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import TypeVar

__all__ = ["carriers"]

Part = TypeVar("Part", bound=Hashable)


async def carriers(
    parts: Sequence[Part],
    value: Callable[[frozenset[Part]], Awaitable[float]],
    *,
    before: float,
    after: float,
    least: float,
) -> list[Part]:
    """
    The parts whose exchange moves the value, in their order.

    With one carrier among n parts it asks for about log2(n) values, with many for fewer than n. Parts are judged with
    all parts before them exchanged, so that two that only act together are found, as the later of the two.

    Args:
        parts: All of them.
        value: What is measured with some of them exchanged.
        before: The same with none.
        after: With all.
        least: A smaller effect is none, in the value's unit.
    """

    async def within(exchanged: frozenset[Part], some: Sequence[Part], low: float, high: float) -> list[Part]:
        if abs(high - low) < least or low == high:
            return []
        if len(some) == 1:
            return [*some]
        half = len(some) // 2
        first, second = some[:half], some[half:]
        middle = await value(exchanged | frozenset(first))
        found = await within(exchanged, first, low, middle)
        return found + await within(exchanged | frozenset(first), second, middle, high)

    return await within(frozenset(), parts, before, after) if parts else []
