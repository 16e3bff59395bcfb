"""The top of the page: what was decided and why, and where it failed."""

from collections import Counter

from msgspec import Struct

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
    "exit": "The notebook ended its own process",
    "cancelled": "It was interrupted",
    "product": "A declared product was not written",
    "error": "It failed outside of any cell",
}


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


def overview(run: Run, *, gate: GateResult | None) -> Overview:
    """What a reader has to know first."""
    tone, symbol, word, sentence = _judged(run, gate)
    verdicts: Counter[str] = Counter(comparison.verdict for comparison in gate.comparisons) if gate else Counter()
    statuses: Counter[str] = Counter(task.status for task in run.tasks)
    return Overview(
        tone=tone,
        symbol=symbol,
        word=word,
        sentence=sentence,
        reasons=gate.reasons if gate else _failures(run),
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
        sentence = f"No record that gates got worse by more than its margin. This run may replace {named}."
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
    )
