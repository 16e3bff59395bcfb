"""Why the gate decided as it did: most important first, one line each."""

from collections import Counter
from collections.abc import Mapping, Sequence

from proofbook.gate.comparators.predictions import LEVEL
from proofbook.model.verdict import Budget, Comparison, Verdict

__all__ = ["closing", "reasons", "stops"]

_LINES = 20
"""Reasons of one sort that are written out; the comparisons hold all of them."""
_WORST_FIRST: tuple[Verdict, ...] = ("regressed", "inconclusive", "changed", "improved", "pass")


def stops(comparison: Comparison) -> bool:
    """Whether this comparison alone makes the decision `no`."""
    return comparison.gates and (comparison.failed or comparison.verdict == "regressed")


def reasons(comparisons: Sequence[Comparison], *, remarks: Sequence[str], first: bool) -> tuple[str, ...]:
    """
    What stops, what to know of the run itself, what a person must look at, and the count.

    Args:
        comparisons: Of all tasks and records.
        remarks: What is to be said of the run itself.
        first: There is no production run: that every record is inconclusive is then said once, by a remark.
    """
    tasks = [comparison for comparison in comparisons if comparison.kind == "task" and comparison.failed]
    records = [comparison for comparison in comparisons if comparison.kind != "task"]
    ended = {task.task for task in tasks}
    # the records of a failed task are missing because of it: the task's line says enough
    stopping = [record for record in records if stops(record) and record.task not in ended]
    watched = [record for record in records if record.gates and not stops(record)]
    unclear = [] if first else [record for record in watched if record.verdict == "inconclusive"]
    return (
        *_lines(tasks),
        *_lines([record for record in stopping if record.verdict == "regressed"]),
        *_lines([record for record in stopping if record.verdict != "regressed"]),
        *remarks,
        *_lines([record for record in watched if record.verdict == "changed"]),
        *_lines(unclear),
        _count(records),
    )


def closing(comparisons: Sequence[Comparison], *, budget: Budget | None, looks: Mapping[str, int]) -> tuple[str, ...]:
    """
    By what the numbers were judged: the budget of false alarms, what of it each had, and how often data were looked at.

    Args:
        comparisons: Of all tasks and records.
        budget: How many false alarms there may be; None: nothing is known of noise, and that goes without saying.
        looks: Digest of an evaluation set to how many runs were measured on it.
    """
    said = []
    judged = [found for found in comparisons if found.gates and found.noise is not None]
    numbers = [found for found in judged if found.kind != "predictions"]
    known = [found for found in numbers if found.noise is not None and found.noise.source != "none"]
    if budget is not None and known:
        shared = f", shared out over {len(known)} numbers" if len(known) > 1 else ""
        said.append(
            f"false alarms: {budget.stated}; {budget.schedule}: {100 * budget.level:.2g}% of runs may be refused "
            f"for nothing{shared}"
        )
    rowwise = len(judged) - len(numbers)
    if budget is not None and rowwise:
        each = "one set of predictions is" if rowwise == 1 else f"{rowwise} sets of predictions are each"
        said.append(f"{each} judged row by row, at {100 * LEVEL:.2g}%, beside the budget of false alarms")
    if len(known) < len(numbers):
        which = (
            "the number that gates" if len(numbers) == 1 else f"{len(numbers) - len(known)} of {len(numbers)} numbers"
        )
        said.append(
            f"noise is unknown for {which}: the margin decides alone, whatever the budget of false alarms; "
            "`proofbook noise` learns it"
        )
    for digest, times in sorted(looks.items()):
        how_often = "once" if times == 1 else f"{times} times"
        said.append(f"evaluation set {digest[:8]} was looked at {how_often}, this run included")
    return tuple(said)


def _lines(comparisons: list[Comparison]) -> list[str]:
    lines = [
        f"task {comparison.task} {comparison.reason}"
        if comparison.kind == "task"
        else f"{comparison.record} in {comparison.task}: {comparison.reason}"
        for comparison in comparisons[:_LINES]
    ]
    return lines + ([f"and {len(comparisons) - _LINES} more like these"] if len(comparisons) > _LINES else [])


def _count(records: list[Comparison]) -> str:
    if not records:
        return "the run has no records, so nothing was held against production"
    gating = Counter(record.verdict for record in records if record.gates)
    informing = Counter(record.verdict for record in records if not record.gates)
    if not gating:
        advice = "declare better, floor or exact on a record that counts"
        return f"nothing gates: {_number(informing.total(), 'inform')}; {advice}"
    said = f"{_number(gating.total(), 'gate')}: {_tally(gating)}"
    return f"{said}; {_number(informing.total(), 'inform')}: {_tally(informing)}" if informing else said


def _tally(counts: Counter[Verdict]) -> str:
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in _WORST_FIRST if counts[verdict])


def _number(number: int, verb: str) -> str:
    return f"1 record {verb}s" if number == 1 else f"{number} records {verb}"
