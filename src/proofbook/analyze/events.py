"""What happens to the names of the notebook's level while code runs, in order: what the walk of a tree yields."""

import ast

from msgspec import Struct

from proofbook.analyze.flow import Binding

__all__ = ["Bind", "Call", "Change", "Event", "Read", "ReadUnbound", "Share", "Summary", "Unbind"]


class Read(Struct, frozen=True):
    """A name is read."""

    name: str
    node: ast.AST
    conditional: bool = False
    guarded: bool = False
    unlikely: bool = False
    """In a branch that may well not be taken. The body of a loop is none."""
    within: str = ""
    """The outermost function in whose body it stands; empty for a lambda that is called at once."""


class Bind(Struct, frozen=True):
    """A name is bound."""

    name: str
    node: ast.AST
    kind: Binding
    conditional: bool = False


class Unbind(Struct, frozen=True):
    """A name is deleted; `quiet`, where Python does it by itself at the end of an `except ... as`."""

    name: str
    node: ast.AST
    conditional: bool = False
    quiet: bool = False


class Change(Struct, frozen=True):
    """The object behind a name is changed in place; `sure` or perhaps. In a function the name may be a parameter."""

    name: str
    node: ast.AST
    how: str
    text: str
    sure: bool
    parameter: bool = False
    kind: str | None = None
    conditional: bool = False


class Call(Struct, frozen=True):
    """A function of the notebook's level is called by name, with these names as arguments (None: no plain name)."""

    name: str
    node: ast.AST
    arguments: tuple[tuple[str, bool] | None, ...] = ()
    """Name, and whether it is a parameter of the calling function."""
    keywords: tuple[tuple[str, tuple[str, bool] | None], ...] = ()
    conditional: bool = False
    unlikely: bool = False
    handed: bool = False
    """It is not called here, but given to somebody who probably calls it."""
    guarded: bool = False


class Share(Struct, frozen=True):
    """Two names may stand for one object from here on, or for objects with a part in common."""

    name: str
    of: str
    node: ast.AST
    parameters: tuple[bool, bool] = (False, False)
    """Which of the two are parameters of the function around it."""
    conditional: bool = False


class ReadUnbound(Struct, frozen=True):
    """A function reads an own name before anything binds it; see `unbound`."""

    name: str
    node: ast.AST
    conditional: bool = False
    guarded: bool = False
    unlikely: bool = False


Event = Read | Bind | Unbind | Change | Call | Share | ReadUnbound


class Summary(Struct):
    """What a call of a function does: the events of its body."""

    name: str
    parameters: tuple[str, ...]
    events: list[Event]
    method: bool = False
    """The first parameter is the object itself."""
    idle: bool = False
    """It stands in another function, which is not seen to call it: it may be called later, or never."""
    perhaps: bool = False
    """It stands in a branch, and the name may stand for an earlier one, or for what was imported."""
    calls: frozenset[str] = frozenset()
    """Names that its own body calls; only where functions stand in it."""
    lazy: bool = False
    """A generator or coroutine: calling it runs nothing yet."""
