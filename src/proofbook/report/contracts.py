"""What contracts said of the data files, before the tasks that read them ran."""

from typing import Final

from msgspec import Struct

from proofbook.model.contract import Breach, Checked, SetAside
from proofbook.model.run import Run

__all__ = ["Contract", "Contracts", "contracts"]

_BREACHES: Final = 60
_ASIDE: Final = 60
_ORDER: Final = ("fail", "quarantine", "warn")


class Contract(Struct, frozen=True, kw_only=True):
    """One contract that was not kept, with the worst breaches first."""

    task: str
    checked: Checked
    breaches: tuple[Breach, ...]
    more: int
    """Breaches that are not listed."""
    set_aside: tuple[SetAside, ...]


class Contracts(Struct, frozen=True, kw_only=True):
    """All contracts of a run."""

    broken: tuple[Contract, ...]
    kept: tuple[tuple[str, str, int], ...]
    """Task, the contract's file, and how many files keep it."""
    failed: bool


def contracts(run: Run) -> Contracts | None:
    """What became of every contract; None where no file has one."""
    every = [(task.name, checked) for task in run.tasks for checked in task.contracts]
    if not every:
        return None
    broken = [(task, checked) for task, checked in every if checked.breaches or checked.set_aside]
    return Contracts(
        broken=tuple(_contract(task, checked) for task, checked in sorted(broken, key=lambda one: not one[1].failed)),
        kept=tuple(
            (task, checked.contract, checked.files)
            for task, checked in every
            if not checked.breaches and not checked.set_aside
        ),
        failed=any(checked.failed for _, checked in every),
    )


def _contract(task: str, checked: Checked) -> Contract:
    ordered = sorted(checked.breaches, key=lambda breach: _ORDER.index(breach.policy))
    return Contract(
        task=task,
        checked=checked,
        breaches=tuple(ordered[:_BREACHES]),
        more=max(0, len(ordered) - _BREACHES),
        set_aside=checked.set_aside[:_ASIDE],
    )
