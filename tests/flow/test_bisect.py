import asyncio

from hypothesis import given
from hypothesis import strategies as st

from proofbook.flow.bisect import carriers


def found(effects: list[float], least: float = 0.5) -> tuple[list[int], int]:
    asked = []

    async def value(exchanged: frozenset[int]) -> float:
        asked.append(exchanged)
        return sum(effects[part] for part in exchanged)

    parts = range(len(effects))
    carrying = asyncio.run(carriers(parts, value, before=0.0, after=sum(effects), least=least))
    return carrying, len(asked)


@given(st.integers(1, 40), st.data())
def test_one_carrier_among_many_is_found_in_as_many_steps_as_halving_takes(count: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, count - 1))
    effects = [0.0] * count
    effects[at] = -3.0
    carrying, asked = found(effects)
    assert carrying == [at]
    assert asked <= (count - 1).bit_length()


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0]), max_size=20))
def test_all_carriers_are_found_where_they_pull_the_same_way(effects: list[float]) -> None:
    carrying, asked = found(effects)
    assert carrying == [part for part, effect in enumerate(effects) if effect]
    assert asked <= max(0, len(effects) - 1)


def test_what_only_acts_together_is_told_by_the_later_of_the_two() -> None:
    async def value(exchanged: frozenset[str]) -> float:
        return float({"a", "c"} <= exchanged)

    assert asyncio.run(carriers("abcd", value, before=0.0, after=1.0, least=0.1)) == ["c"]
