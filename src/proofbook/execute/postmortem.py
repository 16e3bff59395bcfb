"""Asks a kernel for the post-mortem of a cell that failed in it, and takes the answer."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from proofbook.execute import inquest
from proofbook.model.run import Failure

__all__ = ["question", "read"]

_LIMIT = 300_000
_FORM = {"file": str, "line": int, "function": str, "source": list, "locals": dict}


@cache
def question() -> str:
    """The expression by which a Python kernel is asked: it brings its own code along, and leaves no name behind."""
    source = Path(inquest.__file__).read_text()
    names = '{"__name__": "proofbook_inquest"}'
    return f'(lambda b, names: (b.exec({source!r}, names), names["capture"]())[1])(__import__("builtins"), {names})'


def read(said: Any, failure: Failure) -> bytes | None:
    """
    What a kernel answered, as it is kept; None where that is nothing.

    Args:
        said: The answer; the kernel is not trusted to have answered what it was asked.
        failure: What the post-mortem is of.
    """
    frames = said.get("frames") if isinstance(said, dict) else None
    if not isinstance(frames, list) or not frames or not all(map(_is_frame, frames)):
        return None
    content = json.dumps({"frames": frames, "error": failure.message}).encode(errors="replace")
    return content if len(content) <= _LIMIT else None


def _is_frame(one: Any) -> bool:
    return isinstance(one, dict) and all(isinstance(one.get(name), kind) for name, kind in _FORM.items())
