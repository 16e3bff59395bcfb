"""What a comparison of records found, and what follows from all of them."""

from typing import Any, Literal

from msgspec import Struct

from proofbook.model.record import Kind, Rule

__all__ = ["Comparison", "Decision", "GateResult", "Verdict"]

Verdict = Literal["pass", "improved", "regressed", "changed", "inconclusive"]
Decision = Literal["go", "review", "no"]


class Comparison(Struct, frozen=True, kw_only=True):
    """One record, candidate against production, with evidence."""

    record: str
    task: str
    kind: Kind | Literal["task"]
    """`task`: not a record but a task that failed or did not finish."""
    verdict: Verdict
    gates: bool
    failed: bool = False
    """Missing, NaN, unreadable, or its task failed: `inconclusive`, and yet `no`."""
    reason: str
    """What was found, in one line."""
    production: str | None = None
    """How a person writes production's value: `0.8123`, `19 rows`, `figure`."""
    candidate: str | None = None
    change: str | None = None
    """`+0.0031`, `3 of 19 rows`, `similarity 0.987` ..."""
    rule: Rule = Rule()
    evidence: dict[str, Any] = {}
    """JSON: worst rows, changed categories, digest of a difference picture ..."""


class GateResult(Struct, frozen=True, kw_only=True):
    """The gate's word on one run, against one channel at one moment."""

    run: int
    manifest: str
    """Digest of the run that was judged."""
    channel: str = "production"
    production: int | None = None
    """Number of the run it was compared with."""
    production_manifest: str | None = None
    decision: Decision
    reasons: tuple[str, ...]
    """Why, most important first, one line each."""
    comparisons: tuple[Comparison, ...] = ()
