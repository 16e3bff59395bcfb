"""A number on its scale: production, candidate, and what the rule allows, as a small drawing beside the change."""

from msgspec import Struct

from proofbook.model.record import Record, Rule

__all__ = ["Scale", "scale"]

_WIDTH = 120.0
_EDGE = 7.0


class Scale(Struct, frozen=True, kw_only=True):
    """Positions in pixels on a line of 120."""

    production: float
    candidate: float
    allowed: tuple[float, float] | None = None
    """Start and width of what the margin allows."""
    bounds: tuple[float, ...] = ()
    """Floor and ceiling."""


def scale(production: Record | None, candidate: Record | None, *, rule: Rule) -> Scale | None:
    """The drawing for two numbers under a rule; None where one is not finite, or the rule says nothing of size."""
    before, after = _number(production), _number(candidate)
    told = (rule.margin if rule.better else None, rule.floor, rule.ceiling)
    if before is None or after is None or all(bound is None for bound in told):
        return None
    marks = [before, after]
    worst = None
    if rule.better and rule.margin is not None:
        worst = before - rule.margin if rule.better == "higher" else before + rule.margin
        marks.append(worst)
    bounds = [bound for bound in (rule.floor, rule.ceiling) if bound is not None]
    marks += bounds
    low, high = min(marks), max(marks)
    if not high - low > 0 or (high - low) == float("inf"):
        return None
    pad = (high - low) * 0.06

    def place(number: float) -> float:
        return round(_EDGE + (number - low + pad) / (high - low + 2 * pad) * (_WIDTH - 2 * _EDGE), 1)

    allowed = None
    if worst is not None:
        start, end = (place(worst), _WIDTH) if rule.better == "higher" else (0.0, place(worst))
        allowed = (start, round(end - start, 1))
    return Scale(
        production=place(before),
        candidate=place(after),
        allowed=allowed,
        bounds=tuple(place(bound) for bound in bounds),
    )


def _number(record: Record | None) -> float | None:
    if record is None or record.kind != "scalar" or isinstance(record.value, bool):
        return None
    if not isinstance(record.value, (int, float)) or abs(record.value) > 1e300:
        return None
    return float(record.value)
