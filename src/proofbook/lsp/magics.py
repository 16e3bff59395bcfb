"""
What JupyterLab's LSP extension makes of IPython's magics before it sends a cell, and the way back.

The extension (jupyterlab-lsp, `transclusions/ipython/overrides.ts`) puts calls of `get_ipython()` in place of magics,
so that servers of plain Python can read them. Ours reads magics, and needs the cell as its author wrote it.
"""

import re
from collections.abc import Callable, Sequence

__all__ = ["is_rewritten", "restored", "shown"]

_START = r"^(\s*|\s*\S+\s*=\s*)"
_NAME = r"([^?\s'\"()*+/#]+)"
_UNWRAPPED = {"time", "capture"}

_CELL = re.compile(r"%%(\S+)(.*)\n([\s\S]*)")
_CALLED = re.compile(r'get_ipython\(\)\.run_cell_magic\("(.*?)", "(.*?)", """([\s\S]*)"""\)')
_FRAMED = re.compile(r'# START_CELL_MAGIC\("(.*?)", "(.*?)"\)\n([\s\S]*)\n# END_CELL_MAGIC')


def _shell(match: re.Match[str]) -> str:
    return f'{match[1]}get_ipython().getoutput("{match[2]}{match[3]}")'


def _asked_before(match: re.Match[str]) -> str:
    return f"{match[1]}get_ipython().run_line_magic('{_help(match[2])}', '{match[3]}')"


def _asked_behind(match: re.Match[str]) -> str:
    # two blanks tell it from the other way of asking
    return f"{match[1]}get_ipython().run_line_magic('{_help(match[3])}',  '{match[2]}')"


def _line(match: re.Match[str]) -> str:
    return f'{match[1]}get_ipython().run_line_magic("{match[2]}", "{_escaped(match[3])}")'


_SHOWN: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(_START + r"!([^=\s]+)(.*)"), _shell),
    (re.compile(r"^(\s*)(\?{1,2})" + _NAME + "$"), _asked_before),
    (re.compile(r"^(\s*)" + _NAME + r"(\?{1,2})"), _asked_behind),
    (re.compile(_START + r"%(\S+)(.*)"), _line),
)
_RESTORED: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r'get_ipython\(\)\.getoutput\("(.*?)"\)$'), lambda match: f"!{match[1]}"),
    (re.compile(r"get_ipython\(\)\.run_line_magic\('(pinfo2?)', '(.*?)'\)"), lambda match: _marks(match) + match[2]),
    (re.compile(r"get_ipython\(\)\.run_line_magic\('(pinfo2?)',  '(.*?)'\)"), lambda match: match[2] + _marks(match)),
    (
        re.compile(r'get_ipython\(\)\.run_line_magic\("(.*?)", "(.*)"\)'),
        lambda match: f"%{match[1]}{_unescaped(match[2])}",
    ),
)


def shown(source: str) -> tuple[str, ...]:
    """The lines that JupyterLab sends for a code cell. At least one."""
    whole = _CELL.match(source)
    if whole is None:
        return tuple(_replaced(line, _SHOWN) for line in source.split("\n"))
    name, arguments, body = whole[1], _escaped(whole[2]), whole[3].replace('"""', '\\"\\"\\"')
    if name in _UNWRAPPED:
        text = f'# START_CELL_MAGIC("{name}", "{arguments}")\n{body}\n# END_CELL_MAGIC'
    else:
        text = f'get_ipython().run_cell_magic("{name}", "{arguments}", """{body}""")'
    return tuple(text.split("\n"))


def is_rewritten(source: str) -> bool:
    """Whether a code cell is sent as one call, or in a frame: JupyterLab then shows nothing on any line of it."""
    return _CELL.match(source) is not None


def restored(lines: Sequence[str]) -> str:
    """The cell that was sent as `lines`, with its magics; what was no magic comes back as it is."""
    text = "\n".join(lines)
    whole = _CALLED.fullmatch(text) or _FRAMED.fullmatch(text)
    if whole is None:
        return "\n".join(_replaced(line, _RESTORED) for line in lines)
    body = whole[3].replace('\\"\\"\\"', '"""')
    return f"%%{whole[1]}{_unescaped(whole[2])}\n{body}"


def _replaced(line: str, table: Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]]) -> str:
    for pattern, replacement in table:
        if pattern.search(line):
            return pattern.sub(replacement, line, count=1)
    return line


def _help(marks: str) -> str:
    return "pinfo" if marks == "?" else "pinfo2"


def _marks(match: re.Match[str]) -> str:
    return "?" if match[1] == "pinfo" else "??"


def _escaped(text: str) -> str:
    return re.sub(r'(["\\])', r"\\\1", text)


def _unescaped(text: str) -> str:
    return re.sub(r'\\([\\"])', r"\1", text)
