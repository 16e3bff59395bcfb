"""
How much a notebook may take: told from its bytes, before anything is made of them.

A file of a few megabytes can hold millions of empty lists, and each takes memory and time once it is read. What a
file will take is estimated from how often the characters occur that begin something, at its worst.
"""

from proofbook.exceptions import NotebookError

__all__ = ["MAX_BYTES", "MAX_CELLS", "MAX_CODE", "check", "too_many_cells"]

MAX_BYTES = 100_000_000
"""A larger file is refused unread. Git hosts refuse such files as well."""
MAX_CELLS = 20_000
MAX_CODE = 500_000
"""Characters of Python in all cells together; more is not analysed."""

_MEMORY = 230_000_000
"""Bytes that reading a file may take."""
_CHUNK = 1 << 18
# what CPython takes: a dict with an entry, a list, an item with its place, half a text
_COSTS = ((b"{", 232), (b"[", 72), (b",", 48), (b'"', 28))
_CELL = b'"cell_type"'
_FOUR_BYTES = (b"\xf0", b"\xf1", b"\xf2", b"\xf3", b"\xf4")
"""How characters begin that take four bytes in memory, and then so does each other of their text."""


def check(content: bytes, *, path: str) -> None:
    """
    Refuse the bytes of an `.ipynb` that would take too much memory or time to read.

    Raises:
        NotebookError: So it is.
    """
    if len(content) > MAX_BYTES:
        raise NotebookError(f"{path}: is larger than the {MAX_BYTES // 1_000_000} MB that Proofbook reads")
    if content.count(_CELL) > MAX_CELLS:
        raise too_many_cells(path)
    # texts take what they take in the file, or with a single character beyond the basic ones four times as much
    wide = not content.isascii() and any(content.find(first) >= 0 for first in _FOUR_BYTES)
    needed = len(content) * (5 if wide else 2 if content.isascii() else 3)
    for start in range(0, len(content), _CHUNK):
        if needed > _MEMORY:
            break
        stop = start + _CHUNK
        needed += sum(content.count(sign, start, stop) * cost for sign, cost in _COSTS)
    if needed > _MEMORY:
        raise NotebookError(
            f"{path}: is too large: reading it would take more than {_MEMORY // 1_000_000} MB of memory; "
            "clear its outputs"
        )


def too_many_cells(path: str) -> NotebookError:
    """What is said of a notebook with more cells than `MAX_CELLS`."""
    return NotebookError(f"{path}: has more than {MAX_CELLS} cells; split it")
