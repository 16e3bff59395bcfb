"""
Turns the source of an IPython cell into Python whose lines stay where they are, and tells of each magic in it.

IPython's own transformer is not used: it moves lines and columns, and importing it costs half a second. The tests
hold this one against it.
"""

import ast
import re
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from proofbook.analyze import magic_names
from proofbook.analyze.logical import Line, logical_lines
from proofbook.analyze.prompts import may_have_prompt, without_prompts
from proofbook.analyze.syntax import Parsed, parse, parse_quietly

__all__ = ["Magic", "Transformed", "transform"]

Kind = Literal["line", "cell", "shell", "help", "call", "automagic"]


class Magic(Struct, frozen=True, kw_only=True):
    """One piece of IPython syntax."""

    kind: Kind
    """`line` `%x`, `cell` `%%x`, `shell` `!x`, `help` `x?`, `call` `/f x`, `automagic` `cd x`."""
    name: str
    """`matplotlib`, `bash` ...; for shell, help and call the sign itself: `!`, `!!`, `?`, `/` ..."""
    arguments: str = ""
    """What follows the name (for help: the object), as one line."""
    text: str
    """As written, without indentation; for a cell magic its first line only."""
    line: int
    """Line within the cell, from 1."""
    column: int
    """Column, from 1."""
    end_line: int
    """Last line it takes; for a cell magic whose body is not Python, the last of the cell."""
    target: str | None = None
    """What stands left of `=` in `x = !cmd` and `x = %magic`."""
    defines: tuple[str, ...] = ()
    """Names that it binds by itself (`%%capture out`); the target of an assignment is ordinary Python."""
    reads: tuple[str, ...] = ()
    """Names that may be read by it: `{x}` and `$x` in a command, `:x` in SQL ... They need not exist."""
    wild: bool = False
    """It may bind names that cannot be known from here: `%run`, `%pylab`, `%store -r` ..."""
    body: str = ""
    """Text of a cell magic's body, where that is not Python."""


class Transformed(Struct, frozen=True, kw_only=True):
    """A cell as Python."""

    code: str
    """Python with as many lines as the cell; lines end in `\\n`."""
    magics: tuple[Magic, ...] = ()
    isolated: bool = False
    """The code runs in a scope of its own and binds nothing outside: `%%timeit`."""
    guessed: bool = False
    """The body of an unknown cell magic, taken for Python because it parses as Python."""
    shifts: dict[int, int] = {}
    """Characters taken off the left of a line: add them to a column to find it in the cell."""
    parsed: Parsed | None = None
    """`code` parsed, where that was done on the way."""


def transform(source: str) -> Transformed:
    """
    Turn `source`, the text of one code cell, into Python.

    Code without magics comes back as it is, but for line ends, common indentation and pasted prompts. What is
    neither Python nor IPython syntax stays in the code and does not parse: that is for the caller to find.
    """
    lines = re.split(r"\r\n|\r|\n", source)
    first = next((index for index, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return Transformed(code="\n".join(lines))
    if not lines[first].lstrip().startswith("%%"):
        automagic = _automagic(lines, first)
        if automagic is not None:
            return Transformed(code="\n" * (len(lines) - 1), magics=(automagic,))
        code = "\n".join(lines)
        parsed = parse(code)
        if parsed.accepted and not may_have_prompt(lines[first:]):
            return Transformed(code=code, parsed=parsed)
    lines, shifts = _strip(lines, first)
    cell = _cell_magics(lines, first)
    moved = {line: shifts.get(line, 0) + by for line, by in cell.moved.items()}
    inner = _inner(cell.lines, shifts | moved)
    magics = tuple(replace(magic, column=magic.column + shifts.get(magic.line, 0)) for magic in cell.magics)
    return replace(inner, magics=magics + inner.magics, isolated=cell.isolated, guessed=cell.guessed)


def _automagic(lines: list[str], first: int) -> Magic | None:
    """`cd data`, `pip install x`, `ls`: IPython takes a cell of a single line for a magic when it starts with one."""
    if any(line.strip() for line in lines[first + 1 :]):
        return None
    text = lines[first].strip()
    name, _, arguments = text.partition(" ")
    if name not in magic_names.AUTOMAGIC:
        return None
    bare = not arguments and name in magic_names.AUTOMAGIC_BARE
    # `cd = 1` and `time.sleep(1)` are Python, `ls` alone is not, though it parses
    if arguments[:1] in {"=", ","} or (not bare and magic_names.is_python(text)):
        return None
    return _magic("automagic", name, arguments.strip(), text=text, line=first + 1, column=1, end_line=first + 1)


def _strip(lines: list[str], first: int) -> tuple[list[str], dict[int, int]]:
    """Without the indentation that all lines share, and without prompts pasted along; with what was taken off."""
    indents = [len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()]
    common = min(indents)
    taken = {number: min(common, len(line)) for number, line in enumerate(lines, start=1)} if common else {}
    lines = [line[common:] if line.strip() else line for line in lines]
    for index, (line, prompt) in enumerate(without_prompts(lines[first:]), start=first):
        lines[index] = line
        if prompt:
            taken[index + 1] = taken.get(index + 1, 0) + prompt
    return lines, taken


class _Cell(Struct):
    """What is left after the cell magics: the lines (blank where a magic or a foreign body stood)."""

    lines: list[str]
    magics: list[Magic]
    isolated: bool = False
    guessed: bool = False
    moved: dict[int, int] = {}
    """By how much the statement on the line of a magic, `%%timeit x = 1`, has moved to the left."""


def _cell_magics(lines: list[str], first: int) -> _Cell:
    cell = _Cell(lines=list(lines), magics=[])
    # `%%capture` over `%%time` over Python: IPython runs the body as a cell again
    at = first
    while at is not None and cell.lines[at].startswith("%%") and not re.match(r"%%\w+\?", cell.lines[at]):
        text = cell.lines[at].rstrip()
        name, _, arguments = text[2:].partition(" ")
        body = "\n".join(cell.lines[at + 1 :])
        python = name in magic_names.PYTHON_BODY
        cell.guessed = not python and name not in magic_names.FOREIGN_BODY and magic_names.is_python(body)
        magic = _magic(
            "cell",
            name,
            arguments.strip(),
            text=text,
            line=at + 1,
            column=1,
            end_line=at + 1 if python or cell.guessed else len(lines),
        )
        cell.lines[at] = ""
        if not python and not cell.guessed:
            reads = tuple(dict.fromkeys((*magic.reads, *magic_names.read_in_text(body))))
            cell.magics.append(replace(magic, body=body, reads=reads))
            cell.lines[at:] = [""] * (len(lines) - at)
            return cell
        cell.isolated = cell.isolated or name == "timeit"
        cell.lines[at], shift = _before_body(name, text)
        if shift:
            cell.moved[at + 1] = shift
        cell.magics.append(magic)
        at = next((index for index in range(at + 1, len(cell.lines)) if cell.lines[index].strip()), None)  # type: ignore[assignment]
    return cell


def _inner(lines: list[str], shifts: dict[int, int]) -> Transformed:
    """Line magics, commands and help requests in `lines`, taken out one logical line at a time."""
    code = "\n".join(lines)
    parsed = parse(code)
    if parsed.accepted:
        return Transformed(code=code, shifts=shifts, parsed=parsed)
    shifts = dict(shifts)
    out, magics = list(lines), []
    for line in logical_lines(code):
        found = _special(line)
        if found is None:
            continue
        magic, put, shift = found
        before = lines[line.first - 1]
        head = before[: line.equals + 1] + " " if magic.target else before[: line.column]
        replacement = put.split("\n") if put else ["..." if magic.target else "pass"]
        replacement[0] = head + replacement[0]
        replacement += [""] * (line.last - line.first + 1 - len(replacement))
        out[line.first - 1 : line.last] = replacement
        magics.append(replace(magic, column=magic.column + shifts.get(line.first, 0)))
        if shift:
            shifts[line.first] = shifts.get(line.first, 0) + shift
    return Transformed(code="\n".join(out), magics=tuple(magics), shifts=shifts)


def _special(line: Line) -> tuple[Magic, str, int] | None:
    """The magic on a logical line, the Python to put in its place, and by how much that has moved to the left."""
    first, last, column = line.first, line.last, line.column + 1
    if line.escaped:
        text = line.text
        sign = next(known for known in ("!!", "??", text[0]) if text.startswith(known))
        rest = re.sub(r"\\\n\s*", " ", text[len(sign) :]).rstrip()
        if rest.endswith("?") and sign == "%":
            return _magic("help", "?", rest.rstrip("?"), text=text, line=first, column=column, end_line=last), "", 0
        if sign == "%":
            name, _, arguments = rest.partition(" ")
            magic = _magic("line", name, arguments.strip(), text=text, line=first, column=column, end_line=last)
            return (magic, *_timed(name, text))
        kind: Kind = "shell" if sign[0] == "!" else "help" if sign[0] == "?" else "call"
        return _magic(kind, sign, rest.strip(), text=text, line=first, column=column, end_line=last), "", 0
    if line.equals >= 0 and line.value:
        text = line.value
        rest = re.sub(r"\\\n\s*", " ", text).rstrip()
        target = line.text[: line.equals - line.column].strip()
        column = line.value_column + 1
        if text.startswith("!"):
            return (
                _magic(
                    "shell", "!", rest[1:].strip(), text=text, line=first, column=column, end_line=last, target=target
                ),
                "",
                0,
            )
        name, _, arguments = rest[1:].partition(" ")
        return (
            _magic("line", name, arguments.strip(), text=text, line=first, column=column, end_line=last, target=target),
            "",
            0,
        )
    # a search from every character of a line that was made long on purpose would take minutes
    asked = magic_names.HELP.search(line.text[-400:]) if line.closed and line.text.endswith("?") else None
    if asked:
        return (
            _magic("help", asked["sign"], asked["object"], text=line.text, line=first, column=column, end_line=last),
            "",
            0,
        )
    return None


def _timed(name: str, text: str) -> tuple[str, int]:
    """The statement that `%time` and its like run in the notebook's own namespace, and where it starts."""
    options = magic_names.STATEMENT_AFTER.get(name)
    found = options.match(text) if options else None
    statement = text[found.end() :] if found else ""
    if not found or not statement.strip() or not magic_names.is_python(statement):
        return "", 0
    # what `%timeit` runs is a function of its own: an assignment in it is seen by nobody
    if name == "timeit" and not any(isinstance(first, ast.Expr) for first in parse_quietly(statement).body[:1]):
        return "", 0
    return statement, found.end()


def _before_body(name: str, text: str) -> tuple[str, int]:
    """The statement on the first line of `%%timeit` or `%%prun`, which runs before the body, and where it starts."""
    options = magic_names.STATEMENT_AFTER.get(name) if name != "time" else None
    # behind the last option there may be nothing, not even a blank
    found = options.match(f"{text} ", 1) if options else None
    statement = text[found.end() :] if found else ""
    if not found or statement.startswith("-") or not magic_names.is_python(statement):
        return "", 0
    return statement, found.end()


def _magic(
    kind: Kind,
    name: str,
    arguments: str,
    *,
    text: str,
    line: int,
    column: int,
    end_line: int,
    target: str | None = None,
) -> Magic:
    bound = magic_names.bound_by(kind, name, arguments)
    return Magic(
        kind=kind,
        name=name,
        arguments=arguments,
        text=text,
        line=line,
        column=column,
        end_line=end_line,
        target=target,
        defines=bound.defines,
        reads=bound.reads,
        wild=bound.wild,
    )
