"""What a rule proposes to change in a notebook. Values only: `fixing` makes bytes of them."""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from proofbook.analyze.flow import Span
from proofbook.model.notebook import Cell

__all__ = [
    "Change",
    "ClearOutputs",
    "Edit",
    "Fix",
    "InsertCell",
    "MoveCell",
    "RemoveCell",
    "Rerun",
    "Safety",
    "SetId",
    "SetMetadata",
]

Safety = Literal["safe", "unsafe"]
"""`safe`: the notebook means the same as before. `unsafe`: it may not; a person asks for it and looks at it."""


class Edit(Struct, frozen=True, kw_only=True):
    """A piece of a cell's source becomes another text. An empty span inserts."""

    cell: Cell
    span: Span
    text: str


class InsertCell(Struct, frozen=True, kw_only=True):
    """A new cell."""

    before: Cell | None
    """None: behind the last cell."""
    kind: Literal["code", "markdown"]
    source: str
    tags: tuple[str, ...] = ()


class RemoveCell(Struct, frozen=True, kw_only=True):
    """A cell goes."""

    cell: Cell


class MoveCell(Struct, frozen=True, kw_only=True):
    """A cell goes elsewhere, as it is."""

    cell: Cell
    before: Cell | None
    """None: behind the last cell."""


class SetMetadata(Struct, frozen=True, kw_only=True):
    """One entry of metadata is set, or goes. In a percent script only tags and the notebook's own metadata exist."""

    cell: Cell | None
    """None: the notebook's own metadata."""
    path: tuple[str, ...]
    """Keys from the outside in: `("tags",)`, `("kernelspec", "name")`."""
    value: Any | UnsetType = UNSET
    """UNSET removes the entry."""


class ClearOutputs(Struct, frozen=True, kw_only=True):
    """A code cell is as if it had not been run: no outputs, no execution count."""

    cell: Cell


class SetId(Struct, frozen=True, kw_only=True):
    """A cell has this id."""

    cell: Cell
    id: str


class Rerun(Struct, frozen=True, kw_only=True):
    """The notebook is executed from top to bottom, and what it shows is kept."""


Change = Edit | InsertCell | RemoveCell | MoveCell | SetMetadata | ClearOutputs | SetId | Rerun


class Fix(Struct, frozen=True, kw_only=True):
    """All or nothing: a fix that meets another one waits for the next round."""

    title: str
    """What it does, for a menu: `Remove the unused import 'os'`."""
    safety: Safety
    changes: tuple[Change, ...]
