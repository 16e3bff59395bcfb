"""
The gate's word on a run, made of the comparisons of its records.

    no      the run did not succeed, or a record that gates regressed, is missing, NaN or unreadable, or lost its task
    review  a record that gates changed or is inconclusive; there is no production run yet; only a part was built
    go      every record that gates passes or improved

The same two runs always get the same word, wherever it is spoken.
"""

from collections.abc import Iterable, Mapping, Sequence

from proofbook.gate.comparators.resources import compare_resources
from proofbook.gate.matching import compare_records, compare_tasks
from proofbook.gate.noise import Past
from proofbook.gate.reasons import closing, reasons, stops
from proofbook.gate.registry import Keep, Load
from proofbook.gate.weighing import weigh
from proofbook.model.configuration import RuleConfiguration
from proofbook.model.run import Run
from proofbook.model.verdict import Budget, Comparison, Decision, GateResult

__all__ = ["decide", "judge"]


def judge(
    candidate: Run,
    production: Run | None,
    *,
    manifests: tuple[str, str | None],
    load: Load,
    keep: Keep,
    channel: str = "production",
    earlier: Sequence[Run] = (),
    past: Mapping[tuple[str, str], Past] | None = None,
    budget: Budget | None = None,
    looks: Mapping[str, int] | None = None,
    rules: Mapping[str, RuleConfiguration] | None = None,
) -> GateResult:
    """
    Judge a run against the one that its channel holds. Never raises for what the runs hold.

    Without a budget the declared rules decide alone, as if noise were unknown everywhere.

    Args:
        candidate: The run to judge.
        production: The run in the channel, None where there is none yet.
        manifests: Digests of the two.
        load: The bytes of a blob, by digest.
        keep: Stores evidence (a difference picture ...) and returns its digest.
        channel: The channel's name.
        earlier: Comparable runs, oldest first, production among them and the candidate not.
        past: (task, record) to what is known of its noise.
        budget: How many false alarms there may be.
        looks: Digest of an evaluation set to how many runs were measured on it.
        rules: The configuration's, for what a task takes; those of records are in the records already.
    """
    comparisons: tuple[Comparison, ...] = (
        *compare_tasks(candidate, production),
        *compare_records(candidate, production, load=load, keep=keep, channel=channel, earlier=earlier),
        *compare_resources(candidate, earlier=earlier, rules=rules or {}),
    )
    if budget is not None:
        comparisons = weigh(comparisons, past=past or {}, level=budget.level)
    first = production is None
    decision = decide(
        comparisons, first=first, partial=candidate.scope == "partial", succeeded=candidate.ending == "succeeded"
    )
    remarks = []
    if candidate.ending != "succeeded" and not any(found.kind == "task" and found.failed for found in comparisons):
        remarks.append(f"run {candidate.number} is not complete: it {_ENDINGS[candidate.ending]}")
    if first:
        advice = "" if decision == "no" else f": look at the report, then `{_promotion(candidate.number, channel)}`"
        remarks.append(f"no {channel} run yet{advice}")
    elif manifests[0] == manifests[1]:
        remarks.append(f"run {candidate.number} is {channel} itself")
    if candidate.scope == "partial":
        remarks.append("only a part of the pipeline was built: tasks outside of it were not compared")
    return GateResult(
        run=candidate.number,
        manifest=manifests[0],
        channel=channel,
        production=production.number if production else None,
        production_manifest=manifests[1],
        decision=decision,
        reasons=(
            *reasons(comparisons, remarks=remarks, first=first),
            *closing(comparisons, budget=budget, looks=looks or {}),
        ),
        comparisons=comparisons,
        budget=budget,
        looks=dict(looks or {}),
    )


def decide(comparisons: Iterable[Comparison], *, first: bool, partial: bool, succeeded: bool) -> Decision:
    """
    What follows from all comparisons together.

    Args:
        comparisons: Of all records and unfinished tasks.
        first: There is no run to compare with.
        partial: Only a part of the pipeline was built.
        succeeded: The run came to its end, and well.
    """
    gating = [comparison for comparison in comparisons if comparison.gates]
    if not succeeded or any(stops(comparison) for comparison in gating):
        return "no"
    if first or partial or any(comparison.verdict in {"changed", "inconclusive"} for comparison in gating):
        return "review"
    return "go"


_ENDINGS = {"failed": "failed", "cancelled": "was cancelled", "interrupted": "was interrupted"}


def _promotion(number: int, channel: str) -> str:
    return f"proofbook promote {number}" + ("" if channel == "production" else f" --channel {channel}")
