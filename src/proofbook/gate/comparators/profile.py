"""
Dataset profiles: what changed, in words, by the size of the effects and never by p-values.

Two months of data always differ, so that alone is no news. `changed` are a column that is gone, new or of another type,
and every effect (rows, nulls, ranges, distributions, categories, correlations: see `effects.py`) that is notable by
itself and beyond what earlier batches explain, where there are enough of them. With `tolerance` every number is held to
it, and with `exact` every difference counts.
"""

import re
from typing import Any, Literal

from proofbook.gate.effects import Judged, judged
from proofbook.gate.outcome import PayloadError, allowed, differs, outcome
from proofbook.gate.registry import Keep, Load
from proofbook.gate.structure import compare_structure
from proofbook.model.record import Record
from proofbook.model.verdict import Comparison

__all__ = ["compare_profiles"]

_HEARD = ("tolerance",)
_CLASSES = {"Int": "int", "int": "int", "UInt": "int", "uint": "int", "Float": "float", "float": "float"}
_TEXT = {"str", "string", "object", "String", "category", "Categorical", "Enum"}
_DETAILS = {"sketch", "correlations", "present"}
"""What only the effects are reckoned from."""


def compare_profiles(
    production: Record,
    candidate: Record,
    *,
    load: Load,  # noqa: ARG001  every comparator has this signature
    keep: Keep,  # noqa: ARG001
    history: tuple[Record, ...] = (),
) -> Comparison:
    """Compare two dataset profiles, as `proofbook.profile` writes them."""
    after = _content(candidate, side="candidate")
    before = _content(production, side="production")
    rule, tolerance = candidate.rule, allowed(candidate.rule)
    sides = (_written(before), _written(after))
    if not after["rows"] or not after["columns"]:
        reason = "has no rows: nothing to compare" if not after["rows"] else "has no columns: nothing to compare"
        return outcome(candidate, "inconclusive", reason, heard=_HEARD, sides=sides)
    if before == after:
        return outcome(candidate, "pass", "equal", change="no change", heard=_HEARD, sides=sides)
    schema = _schema(before["columns"], after["columns"])
    past = [content for content in map(_sound, history) if content is not None]
    found = judged(before, after, history=past)
    notable = [each for each in found if each.beyond]
    words = [*schema, *map(str, notable)]
    change = f"{after['rows'] - before['rows']:+,} rows" if after["rows"] != before["rows"] else f"{len(words)} changes"
    evidence = _evidence(words, found)
    if tolerance is not None:
        structure = compare_structure(_facts(before), _facts(after), tolerance=tolerance)
        if structure.count == 0:
            return outcome(candidate, "pass", "equal", change="no change", heard=_HEARD, sides=sides)
        evidence["differences"] = [difference.as_json() for difference in structure.worst(20)]
        reason = "; ".join([*words[:3], f"{structure.count} facts differ, {structure.told()}"])
        return outcome(candidate, differs(rule), reason, change=change, evidence=evidence, heard=_HEARD, sides=sides)
    if not words:
        known = max((len(each.usual) for each in found), default=0)
        against = f", by {known} earlier distances" if known else ""
        reason = f"other data of the same shape: nothing moved notably{against}"
        return outcome(candidate, "pass", reason, change=change, evidence=evidence, sides=sides)
    more = f"; and {len(words) - 3} more" if len(words) > 3 else ""
    return outcome(candidate, "changed", "; ".join(words[:3]) + more, change=change, evidence=evidence, sides=sides)


def _evidence(words: list[str], found: tuple[Judged, ...]) -> dict[str, Any]:
    return {"changes": words[:100], "effects": [each.as_json() for each in found[:20]]}


def _content(record: Record, *, side: Literal["production", "candidate"]) -> dict[str, Any]:
    content = _sound(record)
    if content is None:
        whose = "" if side == "candidate" else "production's record "
        raise PayloadError(f"{whose}is not a dataset profile: `rows` or `columns` is missing", side=side)
    return content


def _sound(record: Record) -> dict[str, Any] | None:
    value = record.value
    sound = (
        isinstance(value, dict)
        and isinstance(value.get("rows"), int)
        and not isinstance(value["rows"], bool)
        and value["rows"] >= 0
        and isinstance(value.get("columns"), dict)
        and all(isinstance(facts, dict) for facts in value["columns"].values())
    )
    return dict(value) if sound else None


def _facts(content: dict[str, Any]) -> dict[str, Any]:
    """What a tolerance is about: rates, ranges, means, quantiles, frequencies."""
    kept = {name: value for name, value in content.items() if name not in _DETAILS}
    kept["columns"] = {
        column: {name: value for name, value in facts.items() if name not in _DETAILS}
        for column, facts in content["columns"].items()
    }
    return kept


def _schema(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    words = [f"{name}: column gone" for name in before if name not in after]
    words += [f"{name}: column new" for name in after if name not in before]
    for name, facts in after.items():
        classes = [_class(str(each.get("dtype", ""))) for each in (before.get(name, facts), facts)]
        # without a single value a type says nothing
        if classes[0] != classes[1] and before[name].get("distinct") and facts.get("distinct"):
            words.append(f"{name}: was {before[name].get('dtype')}, is {facts.get('dtype')}")
    return words


def _class(dtype: str) -> str:
    if dtype in _TEXT:
        return "text"
    # `datetime64[ns]` and `Datetime(time_unit='us')` are one class
    name = re.split(r"[\d\[(]", dtype, maxsplit=1)[0]
    return _CLASSES.get(name, name.lower())


def _written(content: dict[str, Any]) -> str:
    return f"{content['rows']:,} x {len(content['columns'])}"
