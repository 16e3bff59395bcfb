"""How one record was judged, in words: its rule and where that came from, noise, what could have been seen, drift."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from proofbook.gate.rules import told
from proofbook.model.record import Rule
from proofbook.model.verdict import Comparison, Noise, Share
from proofbook.report import words

__all__ = ["judged"]

_SOURCES: Final = {
    "declared": "declared in the notebook or the configuration",
    "reruns": "production, built {runs} times on the same data",
    "interval": "{runs} comparable runs",
    "ranks": "{runs} comparable runs, by their ranks",
    "paired": "{runs} rows that both sides predicted",
    "none": "",
}

_ROUNDING: Final = 1e-12
"""A deviation of less than this part of the value is none: sums come out in another order."""


def judged(comparison: Comparison, *, share: Share | None) -> tuple[tuple[str, str], ...]:
    """
    Names and sentences; backticks stand around code.

    Args:
        comparison: What the gate found.
        share: Why it changed, where that was looked for.
    """
    said: list[tuple[str, str]] = []
    if comparison.rule_from or comparison.declared is not None:
        origin = told(comparison.rule, declared=comparison.declared, rule_from=comparison.rule_from)
        said.append(("Rule from", origin or f"declared in the notebook: {_rule(comparison.declared)}"))
    said += _rules(comparison.evidence.get("rule"))
    said += _noise(comparison.noise)
    if comparison.noise is not None and comparison.noise.drift:
        said.append(("Drift", comparison.noise.drift.removeprefix("drift: ")))
    if share is not None and share.factors:
        parts = ", ".join(f"{factor.name} {factor.amount:+.3g}" for factor in share.factors)
        carried = f"; carried by {words.brief(', '.join(share.carried_by[:6]))}" if share.carried_by else ""
        said.append(("Cause", f"{share.change:+.3g}: {parts}{carried}"))
    return tuple(said)


def _noise(noise: Noise | None) -> list[tuple[str, str]]:
    if noise is None:
        return []
    known = _SOURCES[noise.source].format(runs=f"{noise.runs:,}")
    if noise.source == "none":
        return [("Noise", "nothing is known of it yet, and `proofbook noise` learns it; the margin decides alone")]
    said = [("Noise", f"known from {known}; {_moved(noise)}")]
    if noise.baseline is not None:
        reach = "; nothing is beyond noise" if noise.bound is None else _reach(noise.bound, baseline=noise.baseline)
        level = f" (false alarm: {words.chance(noise.level)})" if noise.level is not None else ""
        said.append(("Held against", f"{words.rough(noise.baseline, digits=5)}{reach}{level}"))
    if noise.detectable is None:
        said.append(("Seen from", "no change could have been told from noise"))
    else:
        smallest = f"a loss of {words.rough(noise.detectable)}: that much is refused in 8 of 10 cases"
        said.append(("Seen from", smallest))
    return said


def _moved(noise: Noise) -> str:
    if noise.source == "paired":
        return f"the difference is known to {words.rough(noise.deviation)} (a standard error)"
    if noise.deviation <= _ROUNDING * abs(noise.baseline or 0.0):
        return "it does not move by itself"
    scale = "" if noise.scale == "linear" else f" on the {noise.scale} scale"
    return f"one run moves by {words.rough(noise.deviation)}{scale} (a standard deviation)"


def _reach(bound: float, *, baseline: float) -> str:
    side = "below" if bound < baseline else "above"
    return f"; noise does not explain what is {side} {words.rough(bound, digits=5)}"


def _rules(kept: Any) -> list[tuple[str, str]]:
    """What a comparison keeps where the rule is another than production's."""
    if not isinstance(kept, Mapping):
        return []
    named = (("Rule before", "production"), ("Rule now", "candidate"))
    return [(label, _rule(kept[whose])) for label, whose in named if whose in kept]


def _rule(said: Any) -> str:
    try:
        rule = said if isinstance(said, Rule) else msgspec.convert(said, Rule, strict=False)
    except (msgspec.ValidationError, RecursionError):
        return words.value(said)
    return words.rule(rule) or "none: it informs"
