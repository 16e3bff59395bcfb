"""Magics in a notebook that becomes a task: which only serve a screen and go, which stay, which must not be there."""

import re
from collections.abc import Iterator

from proofbook.analyze.flow import CellFlow, Span
from proofbook.analyze.magics import Magic
from proofbook.convert.edits import Edit, lines_of
from proofbook.exceptions import ConversionError

__all__ = ["kept", "refuse", "removals", "serves_a_screen"]

_INSTALLS = re.compile(
    r"\s*(sudo\s+)?(\S*python\S*\s+-m\s+)?(pip3?|conda|mamba|micromamba|apt|apt-get|brew|npm|uv)\s+(pip\s+)?(install|add|i)\b"
)
_INSTALLERS = {"pip", "conda", "mamba", "micromamba", "uv"}
_MOVES = {"cd", "pushd", "popd"}


def serves_a_screen(magic: Magic) -> bool:
    """Whether it changes only what a person sees while working: backends, reloading, help."""
    words = magic.arguments.split()
    if magic.target is not None:
        return False
    if magic.kind == "help":
        return True
    if magic.kind not in {"line", "automagic"}:
        return False
    if magic.name in {"matplotlib", "autoreload", "pinfo", "pinfo2", "pdoc", "psource"}:
        return True
    if magic.name in {"load_ext", "reload_ext"}:
        return words == ["autoreload"]
    return magic.name == "config" and magic.arguments.startswith(("InlineBackend", "Completer", "IPCompleter"))


def refuse(flows: tuple[CellFlow, ...]) -> None:
    """Raises ConversionError for what changes the environment or the folder while the notebook runs."""
    for flow in flows:
        for magic in flow.magics:
            where = f"cell {flow.cell.number}: `{magic.text.splitlines()[0]}`"
            if magic.name in _INSTALLERS or (magic.kind == "shell" and _INSTALLS.match(magic.arguments)):
                raise ConversionError(f"{where} installs packages; declare them in your requirements, and remove it")
            if magic.name in _MOVES:
                raise ConversionError(
                    f"{where} changes the folder; write paths from the notebook's folder, and remove it"
                )


def removals(flows: tuple[CellFlow, ...]) -> Iterator[Edit]:
    """The edits that take out the magics that only serve a screen."""
    for flow in flows:
        for magic in flow.magics:
            if not serves_a_screen(magic):
                continue
            if magic.column == 1:
                span, text = lines_of(flow.cell.source, magic.line, magic.end_line), ""
            else:
                # it may be all that a block has
                line = re.split(r"\r\n|\r|\n", flow.cell.source)[magic.end_line - 1]
                span = Span(line=magic.line, column=magic.column, end_line=magic.end_line, end_column=len(line) + 1)
                text = "pass"
            yield Edit(cell=flow.cell.number, span=span, text=text)


def kept(flows: tuple[CellFlow, ...]) -> Iterator[str]:
    """A note on each magic that stays, though it may not serve a task well."""
    for flow in flows:
        for magic in flow.magics:
            if serves_a_screen(magic):
                continue
            shown = f"cell {flow.cell.number}: `{magic.text.splitlines()[0]}` was kept"
            if magic.kind == "shell":
                yield f"{shown}: what it reads and writes is not known"
            elif magic.name == "run":
                yield f"{shown}: make a task or a module of what it runs"
            elif magic.name in {"load_ext", "debug", "pdb", "store", "reset"}:
                yield f"{shown}: does a task need it?"
