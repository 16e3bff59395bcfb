"""What a rule is, what it is given, and what it says. A plugin's rules are made of the same three values."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from inspect import cleandoc
from pathlib import Path
from typing import Literal, TypeVar

from msgspec import Struct

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Called
from proofbook.lint.declared import Declared
from proofbook.lint.fix import Fix, Safety
from proofbook.lint.suppressions import Suppression
from proofbook.model.configuration import LintConfiguration
from proofbook.model.notebook import Cell, Notebook

__all__ = ["IMPLICIT", "Level", "Project", "Rule", "Status", "Subject", "Violation", "rule"]

Level = Literal["error", "warning"]
T = TypeVar("T")
Status = Literal["stable", "preview", "deprecated", "removed"]

IMPLICIT = frozenset({"upstream", "product"})
"""Names that Ploomber injects into every task, whether or not its notebook reads them."""


class Project(Struct, frozen=True, kw_only=True):
    """What the pipeline knows of one notebook. Where nobody knows of a pipeline there is none."""

    task: bool = True
    """False: there is a pipeline, and the notebook is none of its tasks."""
    injected: frozenset[str] = IMPLICIT
    """Names that the pipeline defines in the notebook before it runs: upstream, product and the task's parameters."""
    records: Mapping[str, tuple[str, ...]] = {}
    """Record name to the other notebooks of the pipeline that record it."""
    declared: Declared | None = None
    """What the pipeline declares of the task, where that is plain; None for no task, and for two of one source."""


class Violation(Struct, frozen=True, kw_only=True):
    """What a rule found, before the engine makes a finding of it."""

    message: str
    """What is wrong, in one line, with the names that matter."""
    advice: str = ""
    """What to do, in one line."""
    cell: Cell | None = None
    """None speaks of the whole file."""
    line: int = 0
    """Line within the cell, from 1; 0 speaks of the whole cell."""
    column: int = 0
    """Column within the line, in characters, from 1."""
    level: Level | None = None
    """Where this one weighs other than the rule's level."""
    once: str = ""
    """Of those that are alike in this, a cell is told of the first that is not suppressed; empty tells of each."""
    once_in_notebook: bool = False
    """It is the notebook, not the cell, that is told once."""
    fix: Fix | None = None
    text: str | None = None
    """What is shown in place of the line, where the line itself must not be: a secret."""


class Subject(Struct, frozen=True, kw_only=True, dict=True):
    """All that a rule may look at."""

    notebook: Notebook
    flow: tuple[CellFlow, ...] = ()
    """One a code cell, in order; empty where the notebook is not Python."""
    configuration: LintConfiguration = LintConfiguration()
    project: Project | None = None
    suppressions: tuple[Suppression, ...] = ()
    known: frozenset[str] = frozenset()
    """Codes of every rule there is."""
    unreadable: str | None = None
    """Why there is nothing to look at; `notebook` is then empty."""
    folder: Path | None = None
    """The project's folder, which the notebook's path starts from; None where nobody says, as for a text on its own."""

    def once(self, make: "Callable[[Subject], T]") -> T:
        """What `make` makes of this notebook; made once, for several rules that stand on the same ground."""
        made = self.__dict__.setdefault("made", {})
        if make not in made:
            made[make] = make(self)
        found: T = made[make]
        return found

    @property
    def calls(self) -> Iterator[tuple[Cell, Called]]:
        """Every call of a builtin or of something imported, with its cell, in the order of the cells."""
        return ((flow.cell, call) for flow in self.flow for call in flow.calls)

    @property
    def search(self) -> tuple[Path, ...]:
        """Where a kernel looks for modules before all else: beside the notebook, and in the project's folder."""
        folder = self.folder if self.folder is not None else Path()
        return (folder / self.notebook.path).parent, folder

    @cached_property
    def parameters(self) -> Cell | None:
        """The cell tagged `parameters`; the first, where there are several."""
        return next((cell for cell in self.notebook.code_cells if "parameters" in cell.tags), None)


Check = Callable[[Subject], Iterable[Violation]]


class Rule(Struct, frozen=True, kw_only=True):
    """One rule. Its documentation is the docstring of its check."""

    code: str
    name: str
    """Names the bad pattern, never the cure."""
    level: Level
    check: Check
    documentation: str
    default: bool = True
    """Whether it runs where nothing is selected."""
    python: bool = True
    """Whether it needs the cells to be Python; the others speak of notebooks in any language."""
    fix: Safety | None = None
    """Whether it can mend some or all of what it finds, and how far that may be trusted."""
    status: Status = "stable"
    since: str = "0.1.0"


def rule(
    code: str,
    name: str,
    *,
    level: Level,
    default: bool = True,
    python: bool = True,
    fix: Safety | None = None,
    status: Status = "stable",
    since: str = "0.1.0",
) -> Callable[[Check], Rule]:
    """Make a `Rule` of a function; its docstring becomes the rule's page."""

    def make(check: Check) -> Rule:
        return Rule(
            code=code,
            name=name,
            level=level,
            check=check,
            documentation=cleandoc(check.__doc__ or ""),
            default=default,
            python=python,
            fix=fix,
            status=status,
            since=since,
        )

    return make
