"""The top of the page: what was decided and why, and where it failed."""

from collections import Counter

from msgspec import Struct

from proofbook.gate.reasons import closing
from proofbook.model.run import Failure, Run, TaskRun
from proofbook.model.verdict import GateResult
from proofbook.report import words
from proofbook.report.blocks import Block
from proofbook.report.notebooks import Cell, Page, failing
from proofbook.report.text import coloured

__all__ = ["Count", "Overview", "Trouble", "overview", "troubles"]

_KINDS = {
    "exception": "An exception was raised",
    "timeout": "It took longer than it may",
    "kernel died": "The kernel died",
    "out of memory": "It went over its memory limit",
    "exit": "The notebook ended its own process",
    "cancelled": "It was interrupted",
    "product": "A declared product was not written",
    "error": "It failed outside of any cell",
}


_SETS = 6
"""Evaluation sets that are named."""


class Count(Struct, frozen=True, kw_only=True):
    """How many of something, with the state's class, symbol and word."""

    state: str
    symbol: str
    text: str


class Overview(Struct, frozen=True, kw_only=True):
    """The verdict as the page opens with it."""

    tone: str
    """`go`, `review`, `no` or `none`: the style sheet's class."""
    symbol: str
    word: str
    sentence: str
    reasons: tuple[str, ...]
    basis: tuple[tuple[str, str], ...]
    """By what it was judged: the budget of false alarms, looks at evaluation sets."""
    unknown: tuple[str, ...]
    """What of that is not known, in sentences."""
    verdicts: tuple[Count, ...]
    tasks: tuple[Count, ...]


class Trouble(Struct, frozen=True, kw_only=True):
    """One task that failed, and its failing cell."""

    number: int
    task: str
    source: str
    what: str
    message: str
    cell: Cell | None
    cell_number: int
    traceback: Block | None
    outputs: tuple[Block, ...]
    attempts: int = 1
    """How often it was tried."""


def overview(run: Run, *, gate: GateResult | None) -> Overview:
    """What a reader has to know first."""
    tone, symbol, word, sentence = _judged(run, gate)
    told = _closing(gate) if gate else ()
    records = [each for each in gate.comparisons if each.gates or each.kind != "resources"] if gate else []
    verdicts: Counter[str] = Counter(comparison.verdict for comparison in records)
    statuses: Counter[str] = Counter(task.status for task in run.tasks)
    return Overview(
        tone=tone,
        symbol=symbol,
        word=word,
        sentence=sentence,
        reasons=tuple(line for line in gate.reasons if line not in told) if gate else _failures(run),
        basis=_basis(gate) if gate else (),
        unknown=tuple(line for line in told if line.startswith("noise is unknown")),
        verdicts=tuple(
            Count(state=state, symbol=symbol, text=f"{verdicts[state]} {word}")
            for state, (symbol, word) in words.VERDICTS.items()
            if verdicts[state]
        ),
        tasks=tuple(
            Count(state=state, symbol=symbol, text=f"{statuses[state]} {word}")
            for state, (symbol, word) in words.STATUSES.items()
            if statuses[state]
        ),
    )


def _closing(gate: GateResult) -> tuple[str, ...]:
    """Those of the gate's reasons that the page says in a place of their own."""
    because = tuple(f"because {share.told}" for share in gate.cause.shares) if gate.cause else ()
    return (*closing(gate.comparisons, budget=gate.budget, looks=gate.looks), *because)


def _basis(gate: GateResult) -> tuple[tuple[str, str], ...]:
    said = []
    known = any(found.gates and found.noise and found.noise.source != "none" for found in gate.comparisons)
    if gate.budget is not None and known:
        said += [
            ("False alarms", gate.budget.stated),
            ("Runs, as assumed", gate.budget.schedule),
            ("Refused for nothing", f"{words.share(gate.budget.level)} of runs at most"),
        ]
    sets = sorted(gate.looks.items(), key=lambda each: -each[1])
    said += [
        (words.evaluation(digest).capitalize(), f"looked at {words.plural(times, 'time')}")
        for digest, times in sets[:_SETS]
    ]
    if len(sets) > _SETS:
        said.append(("Further evaluation sets", f"{len(sets) - _SETS:,}"))
    return tuple(said)


def _failures(run: Run) -> tuple[str, ...]:
    return tuple(f"{task.name}: {task.failure.message}" for task in run.tasks if task.failure)


def _judged(run: Run, gate: GateResult | None) -> tuple[str, str, str, str]:
    if gate is None:
        if run.ending == "succeeded":
            return "none", "?", "Not judged", "The build succeeded. The gate has not judged it."
        return "no", "✕", f"Build {run.ending}", "Nothing of this run may go to production."
    symbol, word = words.DECISIONS[gate.decision]
    named = f"run {gate.production} in {gate.channel}" if gate.production is not None else gate.channel
    if run.ending != "succeeded":
        ended = "failed" if run.ending == "failed" else f"was {run.ending}"
        sentence = f"The build {ended}. It must not go to {gate.channel}."
    elif gate.decision == "go":
        sentence = (
            f"No record that gates got worse by more than its margin or its noise allows. This run may replace {named}."
        )
    elif gate.decision == "no":
        sentence = f"This run must not {'go to' if gate.production is None else 'replace'} {named}."
    elif gate.production is None:
        sentence = f"Nothing is in {gate.channel} yet. Promoting this run makes it what later runs are compared with."
    else:
        sentence = f"A person has to look before this run may replace {named}."
    return gate.decision, symbol, word, sentence


def troubles(run: Run, *, pages: dict[str, Page]) -> tuple[Trouble, ...]:
    """Every task that failed, in the order of the pipeline; those that were merely interrupted come last."""
    found = [
        _trouble(number, task, task.failure, pages.get(task.name, Page()))
        for number, task in enumerate(run.tasks, start=1)
        if task.failure is not None
    ]
    return tuple(sorted(found, key=lambda trouble: trouble.what == _KINDS["cancelled"]))


def _trouble(number: int, task: TaskRun, failure: Failure, page: Page) -> Trouble:
    cell = failing(page)
    shown = cell.outputs if cell else ()
    errors = [block for block in shown if block.kind == "error"]
    if errors:
        traceback: Block | None = errors[-1]
    elif failure.traceback:
        traceback = Block(kind="error", label=failure.message, content=coloured(failure.traceback))
    else:
        traceback = None
    return Trouble(
        number=number,
        task=task.name,
        source=task.source or "",
        what=_KINDS[failure.kind],
        message=failure.message,
        cell=cell,
        cell_number=failure.cell or (cell.number if cell else 0),
        traceback=traceback,
        outputs=tuple(block for block in shown if block.kind != "error"),
        attempts=len(task.attempts) + 1,
    )
