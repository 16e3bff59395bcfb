"""What a code cell is about, in one line, for whoever watches it run."""

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["of"]

_LONGEST: Final = 80
_SETTING_UP: Final = ("import ", "from ", "%", "!")


def of(cell: Mapping[str, Any]) -> str:
    """
    The title that its author gave a cell, else its first comment or its first line of code that does something.

    Args:
        cell: A cell of an `.ipynb`, as JSON has it; nothing about its shape is taken for granted.

    Returns:
        One line of at most 80 characters, empty where there is nothing to say.
    """
    metadata = cell.get("metadata")
    if isinstance(metadata, Mapping):
        tags = metadata.get("tags")
        if isinstance(tags, list) and ("injected-parameters" in tags or "parameters" in tags):
            return "parameters of this run" if "injected-parameters" in tags else "parameters"
        # a percent script's `# %% Load the flights`
        title = metadata.get("title")
        if isinstance(title, str) and title.strip():
            return _short(title)
    source = cell.get("source", "")
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    lines = [line.strip() for line in text.splitlines()[:200]]
    lines = [line for line in lines if any(map(str.isalnum, line))]
    telling = [line for line in lines if not line.startswith(_SETTING_UP)]
    return _short((telling or lines or [""])[0].lstrip("#").strip())


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
