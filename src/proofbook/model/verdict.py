"""What a comparison of records found, and what follows from all of them."""

from typing import Any, Literal

from msgspec import Struct

from proofbook.model.policy import Ruling
from proofbook.model.record import Kind, Rule

__all__ = ["Budget", "Cause", "Comparison", "Decision", "Factor", "GateResult", "Noise", "Share", "Verdict"]

Verdict = Literal["pass", "improved", "regressed", "changed", "inconclusive"]
Decision = Literal["go", "review", "no"]


class Noise(Struct, frozen=True, kw_only=True):
    """How much a number moves by itself, where that was learned, and what follows for one comparison."""

    source: Literal["declared", "reruns", "interval", "ranks", "paired", "none"]
    """
    `reruns`: production built again. `interval`: of comparable runs. `paired`: of predictions of the same rows, how far
    chance in the choice of rows reaches. `none`: nothing is known of it.
    """
    runs: int = 0
    """How many values it was learned from; of `paired`, rows."""
    scale: Literal["linear", "log", "logit"] = "linear"
    deviation: float = 0.0
    """Standard deviation of one run, on that scale."""
    baseline: float | None = None
    """What the candidate is held against, in the record's unit: the mean of production's reruns, else production."""
    level: float | None = None
    """Probability of a false alarm that this comparison may take, after the budget was shared out."""
    bound: float | None = None
    """The value beyond which, on the worse side, the candidate is worse than noise explains."""
    detectable: float | None = None
    """The smallest change for the worse that would have been seen with a probability of 80%, in the record's unit."""
    drift: str = ""
    """What a change point test over the history found, in one line; empty: nothing."""


class Factor(Struct, frozen=True, kw_only=True):
    """What one thing that changed did to one record."""

    name: Literal["code", "data", "parameters", "environment", "interaction"]
    amount: float
    """Its Shapley share of the change, in the record's unit; `interaction` is what no share by itself explains."""


class Share(Struct, frozen=True, kw_only=True):
    """Why one record changed."""

    task: str
    record: str
    change: float
    factors: tuple[Factor, ...]
    carried_by: tuple[str, ...] = ()
    """The tasks, and for code the cells, whose change carries it: `features`, `features cell 7`."""

    def __str__(self) -> str:
        parts = ", ".join(f"{factor.name} {factor.amount:+.3g}" for factor in self.factors)
        return f"{self.change:+.3g} {self.record}: {parts}"

    @property
    def told(self) -> str:
        """The same, with what carries it."""
        return f"{self}; carried by {', '.join(self.carried_by)}" if self.carried_by else str(self)


class Cause(Struct, frozen=True, kw_only=True):
    """What replaying production with one thing changed at a time told."""

    shares: tuple[Share, ...] = ()
    replays: int = 0
    """Builds that were made for it."""
    seconds: float = 0.0
    skipped: tuple[str, ...] = ()
    """What was not tried, each with its reason, one line each."""


class Budget(Struct, frozen=True, kw_only=True):
    """How many false alarms the gate may give."""

    stated: str
    """As its owner wrote it: `1 per quarter`."""
    runs: float
    """Runs in that time, by the schedule that is assumed."""
    schedule: str
    """That schedule, and where it comes from: `1 a day (configuration)`, `3.2 a week (the last 20 runs)`."""
    level: float
    """Probability of a false alarm that one whole run may take."""


class Comparison(Struct, frozen=True, kw_only=True):
    """One record, candidate against production, with evidence."""

    record: str
    task: str
    kind: Kind | Literal["task", "resources"]
    """`task`: not a record but a task that failed or did not finish. `resources`: what a task took."""
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
    """The rule that was in force: the candidate's, or production's where the candidate has no such record."""
    declared: Rule | None = None
    """What the notebook declared, where the configuration says otherwise."""
    rule_from: dict[str, str] = {}
    """Where a part of the rule came from, if not from the notebook."""
    evidence: dict[str, Any] = {}
    """JSON: worst rows, changed categories, digest of a difference picture ..."""
    noise: Noise | None = None
    """Where the record is a number, and its rule says which way is worse."""


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
    budget: Budget | None = None
    looks: dict[str, int] = {}
    """Digest of an evaluation set to how many runs were measured on it, this one among them."""
    cause: Cause | None = None
    """Why records changed; None where nobody asked, or nothing called for it."""
    policy: Ruling | None = None
    """What the rules of release said at this check; None where there is no policy. The decision has it in it."""
