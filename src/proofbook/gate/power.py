"""What a comparison could have seen: the bound, and the smallest change that is found in four of five cases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from proofbook.model.verdict import Noise

if TYPE_CHECKING:
    from proofbook.gate.estimates import Estimate
    from proofbook.model.record import Rule

__all__ = ["describe", "judged_by", "margin_of"]

_EIGHTY = 0.8416
"""Standard normal quantile of 80%."""


def describe(found: Sequence[Estimate], *, rule: Rule, baseline: float, level: float) -> Noise:
    """
    A verdict's noise, as it is kept and shown.

    A change is seen where it lies beyond the noise bound and beyond the margin. To be seen with 80% probability the
    true value must lie 0.84 deviations further out than both. It is what `no` can see; what review sees is less.

    Args:
        found: What `noise.estimate` found.
        rule: Of the record.
        baseline: What the candidate is held against.
        level: Probability of a false alarm that this comparison may take.
    """
    if not found:
        return Noise(source="none", baseline=baseline, level=level)
    deciding = judged_by(found, level=level)
    bound, margin = deciding.bound(level), margin_of(rule, baseline) or 0.0
    # the further of the two, on the worse side
    threshold = max(bound * deciding.worse, baseline * deciding.worse + margin) * deciding.worse
    if math.isfinite(threshold):
        detectable = abs(deciding.beyond(threshold, deviations=_EIGHTY) - baseline)
    else:
        detectable = math.inf
    return Noise(
        source=deciding.source,
        runs=deciding.count if deciding.source != "declared" else 0,
        scale=deciding.scale,
        deviation=deciding.deviation,
        baseline=baseline,
        level=level,
        bound=bound if math.isfinite(bound) else None,
        detectable=detectable if math.isfinite(detectable) else None,
    )


def judged_by(found: Sequence[Estimate], *, level: float) -> Estimate:
    """Of estimates on several scales the one that lets noise go furthest."""
    return max(found, key=lambda one: one.bound(level) * one.worse)


def margin_of(rule: Rule, baseline: float) -> float | None:
    """How much worse is still good enough, in the record's unit; None where nothing was declared."""
    if rule.margin is not None:
        return rule.margin
    return None if rule.tolerance is None else rule.tolerance * abs(baseline)
