"""How much output of one cell is kept: a notebook that prints for ever must not fill memory or disk."""

import re
from typing import Any

__all__ = ["Bounds"]

_STREAM_LIMIT = 10 << 20
_DISPLAY_LIMIT = 128 << 20
_OUTPUTS_LIMIT = 10_000
# A progress bar rewrites its line: only what stood last is kept.
_REWRITTEN = re.compile(r"[^\n]*\r(?=[^\n\r])")


class Bounds:
    """The outputs of one cell so far. `dropped` counts the characters that were not kept."""

    def __init__(self) -> None:
        self.dropped = 0
        self._streams = 0
        self._displays = 0

    def stream(self, outputs: list[Any], name: str, text: str) -> str:
        """
        Take text that the cell printed.

        Args:
            outputs: The cell's outputs; text of the same stream as the last one is added to it.
            name: `stdout` or `stderr`.
            text: What was printed.

        Returns:
            What is to become an output of its own; empty where it was added to the last one, or dropped.
        """
        last = outputs[-1] if outputs else None
        continues = last is not None and last.get("output_type") == "stream" and last.get("name") == name
        room = _STREAM_LIMIT - self._streams
        if room <= 0 or (not continues and len(outputs) >= _OUTPUTS_LIMIT):
            self.dropped += len(text)
            return ""
        self.dropped += max(0, len(text) - room)
        text = text[:room]
        if not continues or last is None:
            # a kernel that is fast sends a whole progress bar in one piece
            text = _joined("", text)
            self._streams += len(text)
            return text
        before = len(last["text"])
        last["text"] = _joined(last["text"], text)
        self._streams += len(last["text"]) - before
        return ""

    def display(self, outputs: list[Any], data: dict[str, Any]) -> bool:
        """Whether an output that is not text of a stream is to be kept."""
        size = sum(len(content) if isinstance(content, str) else 1000 for content in data.values())
        if self._displays + size > _DISPLAY_LIMIT or len(outputs) >= _OUTPUTS_LIMIT:
            self.dropped += size
            return False
        self._displays += size
        return True

    def notice(self) -> dict[str, Any] | None:
        """An output that says what is missing, if anything is."""
        if not self.dropped:
            return None
        text = f"\n[proofbook: {self.dropped} more characters of output were not kept]\n"
        return {"output_type": "stream", "name": "stderr", "text": text}


def _joined(before: str, after: str) -> str:
    if "\r" not in after and not before.endswith("\r"):
        return before + after
    start = before.rfind("\n") + 1
    return before[:start] + _REWRITTEN.sub("", before[start:] + after)
