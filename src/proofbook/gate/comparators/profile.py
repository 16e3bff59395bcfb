"""
Dataset profiles: what changed, in words.

Two months of data always differ, so that alone is no news. `changed` are: a column gone, new or of another type; ten
per cent more or fewer rows; a null rate that moved by a percentage point, or from none; a range that grew by a tenth;
categories that vanished or are new; a mean that moved by a tenth of production's standard deviation. With `tolerance`
every number is held to it, and with `exact` every difference counts.
"""

import re
from typing import Any, Literal

from proofbook.gate.numbers import describe, pair
from proofbook.gate.outcome import PayloadError, allowed, differs, outcome
from proofbook.gate.registry import Keep, Load
from proofbook.gate.structure import compare_structure
from proofbook.model.record import Record
from proofbook.model.verdict import Comparison

__all__ = ["compare_profiles"]

_HEARD = ("tolerance",)
_ROWS = 0.10
_NULLS = 0.01
_RANGE = 0.10
_SHIFT = 0.10
_CLASSES = {"Int": "int", "int": "int", "UInt": "int", "uint": "int", "Float": "float", "float": "float"}
_TEXT = {"str", "string", "object", "String", "category", "Categorical", "Enum"}


def compare_profiles(production: Record, candidate: Record, *, load: Load, keep: Keep) -> Comparison:  # noqa: ARG001  every comparator has this signature
    """Compare two dataset profiles, as `proofbook.profile` writes them."""
    after = _content(candidate, side="candidate")
    before = _content(production, side="production")
    rule, tolerance = candidate.rule, allowed(candidate.rule)
    sides = (_written(before), _written(after))
    if after["rows"] == before["rows"] == 0:
        return outcome(candidate, "inconclusive", "has no rows: nothing to compare", heard=_HEARD, sides=sides)
    structure = compare_structure(before, after, tolerance=tolerance)
    if structure.count == 0:
        return outcome(candidate, "pass", "equal", change="no change", heard=_HEARD, sides=sides)
    words = [*_rows(before["rows"], after["rows"]), *_columns(before["columns"], after["columns"])]
    change = f"{after['rows'] - before['rows']:+,} rows" if after["rows"] != before["rows"] else f"{len(words)} changes"
    evidence: dict[str, Any] = {"changes": words[:100]}
    if tolerance is not None:
        evidence["differences"] = [difference.as_json() for difference in structure.worst(20)]
        beyond = f"{structure.count} facts differ, {structure.told()}"
        reason = "; ".join([*words[:3], beyond])
        verdict = differs(rule)
        return outcome(candidate, verdict, reason, change=change, evidence=evidence, heard=_HEARD, sides=sides)
    if not words:
        reason = "other data of the same shape: nothing moved notably"
        return outcome(candidate, "pass", reason, change=change, evidence=evidence, sides=sides)
    more = f"; and {len(words) - 3} more" if len(words) > 3 else ""
    return outcome(candidate, "changed", "; ".join(words[:3]) + more, change=change, evidence=evidence, sides=sides)


def _content(record: Record, *, side: Literal["production", "candidate"]) -> dict[str, Any]:
    value = record.value
    sound = (
        isinstance(value, dict)
        and isinstance(value.get("rows"), int)
        and isinstance(value.get("columns"), dict)
        and all(isinstance(facts, dict) for facts in value["columns"].values())
    )
    if not sound:
        whose = "" if side == "candidate" else "production's record "
        raise PayloadError(f"{whose}is not a dataset profile: `rows` or `columns` is missing", side=side)
    return dict(value)


def _rows(before: int, after: int) -> list[str]:
    if abs(after - before) <= _ROWS * before:
        return []
    share = f" ({(after - before) / before:+.0%})" if before else ""
    return [f"{before:,} → {after:,} rows{share}"]


def _columns(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    words = [f"{name}: column gone" for name in before if name not in after]
    words += [f"{name}: column new" for name in after if name not in before]
    for name, facts in after.items():
        if name in before:
            words += [f"{name}: {change}" for change in _column(before[name], facts)]
    return words


def _column(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    classes = [_class(str(facts.get("dtype", ""))) for facts in (before, after)]
    # without a single value a type says nothing
    if classes[0] != classes[1] and before.get("distinct") and after.get("distinct"):
        return [f"was {before.get('dtype')}, is {after.get('dtype')}"]
    return [*_nulls(before, after), *_range(before, after), *_shift(before, after), *_categories(before, after)]


def _nulls(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    rates = _numbers(before, after, "null_rate")
    if rates is None:
        return []
    was, now = rates
    if abs(now - was) < _NULLS and not (was == 0 < now):
        return []
    return [f"nulls {was:.2%} → {now:.2%}"]


def _range(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    low, high = _numbers(before, after, "min"), _numbers(before, after, "max")
    if low is None or high is None:
        return []
    allowed_growth = _RANGE * (high[0] - low[0])
    words = []
    if low[1] < low[0] - allowed_growth:
        words.append("minimum {} → {}".format(*pair(*low)[:2]))
    if high[1] > high[0] + allowed_growth:
        words.append("maximum {} → {}".format(*pair(*high)[:2]))
    return words


def _shift(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    means, spreads = _numbers(before, after, "mean"), _numbers(before, after, "std")
    if means is None:
        return []
    spread = spreads[0] if spreads else 0.0
    moved = abs(means[1] - means[0])
    if moved <= _SHIFT * spread or (spread == 0 and moved <= 1e-9 * max(map(abs, means))):
        return []
    was, now, _ = pair(*means)
    size = f" ({(means[1] - means[0]) / spread:+.2f} standard deviations)" if spread else ""
    return [f"mean {was} → {now}{size}"]


def _categories(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    if not (isinstance(before.get("top"), list) and isinstance(after.get("top"), list)):
        return []
    was, now = ([pair[0] for pair in facts["top"] if isinstance(pair, list) and pair] for facts in (before, after))
    words = []
    # a list that was cut off does not say what it lacks
    if after.get("distinct") == len(now) and (gone := [value for value in was if value not in now]):
        words.append(f"{_named(gone)} vanished")
    if before.get("distinct") == len(was) and (new := [value for value in now if value not in was]):
        words.append(f"{_named(new)} new")
    return words


def _numbers(before: dict[str, Any], after: dict[str, Any], name: str) -> tuple[float, float] | None:
    was, now = before.get(name), after.get(name)
    for value in (was, now):
        if not isinstance(value, int | float) or isinstance(value, bool):
            return None
    return was, now  # type: ignore[return-value]  # both are numbers: checked above


def _class(dtype: str) -> str:
    if dtype in _TEXT:
        return "text"
    # `datetime64[ns]` and `Datetime(time_unit='us')` are one class
    name = re.split(r"[\d\[(]", dtype, maxsplit=1)[0]
    return _CLASSES.get(name, name.lower())


def _named(values: list[Any]) -> str:
    shown = ", ".join(describe(value) for value in values[:5])
    return f"{shown} and {len(values) - 5} more" if len(values) > 5 else shown


def _written(content: dict[str, Any]) -> str:
    return f"{content['rows']:,} x {len(content['columns'])}"
