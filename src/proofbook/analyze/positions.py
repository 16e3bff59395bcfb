"""Where the lines of a cell stand in the file of a notebook: for editors and code hosts, which know files only."""

import re

__all__ = ["source_starts"]

_KEY = re.compile(r'^([ \t]*)"(cell_type|source)":[ \t]*(\[?)', re.MULTILINE)


def source_starts(text: str, *, cells: int) -> tuple[int, ...]:
    """
    The line of the file, from 1, on which each cell's source starts.

    Read from the layout that Jupyter, VS Code and nbformat write: a key a line, one line of source a line. A file in
    another layout gives nothing, rather than a guess.

    Args:
        text: The whole `.ipynb`.
        cells: How many cells it has.
    """
    found = _KEY.findall(text)
    indents = {indent for indent, key, _ in found if key == "cell_type"}
    depth = min(indents, key=len, default=None)
    starts = []
    line, position = 1, 0
    for match in _KEY.finditer(text):
        if match[1] != depth or match[2] != "source":
            continue
        line += text.count("\n", position, match.start())
        position = match.start()
        # in a list the lines come below the bracket
        starts.append(line + bool(match[3]))
    return tuple(starts) if len(starts) == cells else ()
