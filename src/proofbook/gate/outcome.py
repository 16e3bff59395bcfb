"""How a comparator says what it found."""

from typing import Any, Literal

from msgspec.structs import asdict

from proofbook.model.record import Record, Rule
from proofbook.model.verdict import Comparison, Verdict

__all__ = ["PayloadError", "Sides", "allowed", "declared", "differs", "outcome"]

Sides = tuple[str | None, str | None]

_NUMERIC = ("better", "margin", "floor", "ceiling")


class PayloadError(Exception):
    """The payload of one side cannot be read. Caught by `registry.compare`."""

    def __init__(self, message: str, *, side: Literal["production", "candidate"]) -> None:
        super().__init__(message)
        self.side = side


def outcome(
    record: Record,
    verdict: Verdict,
    reason: str,
    *,
    failed: bool = False,
    sides: Sides = (None, None),
    change: str | None = None,
    evidence: dict[str, Any] | None = None,
    heard: tuple[str, ...] = (),
) -> Comparison:
    """
    A comparison of `record`, judged by its own rule.

    Args:
        record: The candidate's record, or production's where the candidate has none.
        verdict: What was found.
        reason: The same in one line.
        failed: Whether it ends in `no` although it is inconclusive.
        sides: Production's value and the candidate's, as a person writes them.
        change: The difference as a person writes it.
        evidence: JSON.
        heard: Which of better, margin, floor, ceiling and tolerance the comparator honours. A rule that says more than
            was heard is never a pass: its author believes that something is guarded which is not.
    """
    said = declared(record.rule) if verdict in {"pass", "improved"} else {}
    unheard = [name for name in (*_NUMERIC, "tolerance") if name in said and name not in heard]
    if unheard:
        verdict = "inconclusive"
        names = " and ".join(unheard)
        reason = f"{reason}; {names} cannot be judged on a {record.kind}: record the number itself as a scalar"
    return Comparison(
        record=record.name,
        task=record.task,
        kind=record.kind,
        verdict=verdict,
        gates=record.rule.gates,
        failed=failed,
        reason=reason,
        production=sides[0],
        candidate=sides[1],
        change=change,
        rule=record.rule,
        declared=record.declared,
        rule_from=record.rule_from,
        evidence=evidence or {},
    )


def differs(rule: Rule) -> Verdict:
    """The verdict on a difference of which nobody said whether it is better."""
    return "regressed" if rule.exact else "changed"


def allowed(rule: Rule) -> float | None:
    """The relative difference of numbers that the rule lets pass; None leaves it to the kind of number."""
    return 0.0 if rule.exact and rule.tolerance is None else rule.tolerance


def declared(rule: Rule) -> dict[str, Any]:
    """What the rule says, by name, without what it leaves unsaid."""
    said = asdict(rule).items()
    # by identity: a floor of 0 equals False and is said all the same
    return {name: value for name, value in said if value is not None and value is not False and value != ()}
