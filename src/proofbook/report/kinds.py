"""
Evidence of the kinds of comparison whose shape is known, put for a reader: rates as percentages, slices and effects as
tables. What it does not know it gives back as it is, and whatever is not of the expected type as well.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeGuard

from proofbook.report import words

__all__ = ["arranged"]

_ROWS: Final = 100
_SLICE: Final = ("rows", "production", "candidate", "loss")
_NAMES: Final = {
    "by_chance": "so bad by chance",
    "slices_not_judged": "slices not judged",
    "calibration": "largest shift in a tenth",
    "shift": "shift of the mean",
    "largest": "largest change",
    "costs": "cost",
    "similarity": "similarity of the pictures",
    "earlier": "earlier runs",
}


def arranged(kind: str, evidence: Mapping[str, Any]) -> dict[str, Any]:
    """The same evidence as what is shown of it: names for people, in a good order."""
    put = _KINDS.get(kind)
    content = dict(put(evidence) if put else evidence)
    content.pop("rule", None)  # both rules stand among how it was judged
    return {_NAMES.get(key, key): item for key, item in content.items()}


def _predictions(evidence: Mapping[str, Any]) -> dict[str, Any]:
    content = dict(evidence)
    slices = content.pop("slices", None)
    shown: dict[str, Any] = {}
    interval = content.pop("interval", None)
    if _number(content.get("loss")):
        between = ""
        if isinstance(interval, Sequence) and len(interval) == 2 and all(map(_number, interval)):
            between = f", between {words.rough(interval[0])} and {words.rough(interval[1])} (95% on either side)"
        shown["loss"] = f"{words.rough(content.pop('loss'))}{between}"
    elif interval is not None:
        shown["interval"] = interval
    if isinstance(slices, Mapping) and all(isinstance(item, Mapping) for item in slices.values()):
        worst = sorted(slices.items(), key=lambda each: -each[1]["loss"] if _number(each[1].get("loss")) else 0.0)
        shown["slices"] = [_slice(name, item) for name, item in worst[:_ROWS]]
    elif slices is not None:
        shown["slices"] = slices
    if _number(content.get("by_chance")):
        content["by_chance"] = words.chance(content["by_chance"])
    content.pop("deviation", None)  # said beside the noise
    return shown | content


def _slice(name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    row = {"slice": name, **{key: found.get(key) for key in _SLICE}, **found}
    for key in _SLICE:
        row[key] = _digits(row[key], 4) if key != "rows" else row[key]
    for key, label in (("by_chance", "by chance"), ("level", "allowed by chance")):
        part = row.pop(key, None)
        row[label] = words.chance(part) if _number(part) else part
    return row


def _profile(evidence: Mapping[str, Any]) -> dict[str, Any]:
    content = dict(evidence)
    effects = content.pop("effects", None)
    if not isinstance(effects, list) or not all(isinstance(effect, Mapping) for effect in effects):
        return dict(evidence)
    return {**content, "effects": [_effect(effect) for effect in effects[:_ROWS]]}


def _effect(found: Mapping[str, Any]) -> dict[str, Any]:
    usual = found.get("usual")
    earlier = [size for size in usual if _number(size)] if isinstance(usual, list) else []
    size, limit = found.get("size"), found.get("limit")
    beyond = _number(size) and _number(limit) and size > limit
    known = {"column", "effect", "size", "limit", "usual", "words"}
    return {
        "column": found.get("column") or "the whole table",
        "effect": found.get("effect"),
        "size": _digits(size),
        "notable from": _digits(limit),
        "": "▲ beyond" if beyond else "",
        "largest before": _digits(max(earlier)) if earlier else None,
        "batches": len(earlier) or None,
        "found": found.get("words"),
        **{key: item for key, item in found.items() if key not in known},
    }


def _model(evidence: Mapping[str, Any]) -> dict[str, Any]:
    content = dict(evidence)
    if _number(content.get("agreement")):
        content["agreement"] = f"{words.share(content['agreement'])} of the rows have the same answer"
    for key in ("largest", "shift", "calibration"):
        content[key] = _digits(content[key]) if key in content else None
    costs = content.get("costs")
    if isinstance(costs, list) and all(isinstance(cost, str) for cost in costs):
        content["costs"] = "; ".join(costs)
    return content


def _resources(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Its numbers stand in the drawing."""
    return {key: item for key, item in evidence.items() if key not in ("value", "earlier", "band")}


def _figure(evidence: Mapping[str, Any]) -> dict[str, Any]:
    return {**evidence, "similarity": _digits(evidence.get("similarity"), 4)}


def _digits(value: Any, digits: int = 3) -> Any:
    """So many significant digits of a number, and anything else as it is."""
    return float(f"{value:.{digits}g}") if _number(value) else value


def _number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300


_KINDS: Final[dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "predictions": _predictions,
    "profile": _profile,
    "model": _model,
    "figure": _figure,
    "resources": _resources,
}
