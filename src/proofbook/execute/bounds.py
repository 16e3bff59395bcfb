"""How much output of one cell is kept: a notebook that prints for ever must not fill memory or disk."""

import re
from typing import Any

from proofbook.execute.libraries import NotebookNode

__all__ = ["Bounds"]

_STREAM_LIMIT = 10 << 20
_DISPLAY_LIMIT = 128 << 20
_OUTPUTS_LIMIT = 10_000
# A progress bar rewrites its line: only what stood last is kept.
_REWRITTEN = re.compile(r"[^\n]*\r(?=[^\n\r])")


class Bounds:
    """
    The outputs of one cell so far. `dropped` counts the characters that were not kept.

    Text that is printed is joined only when somebody looks (`settle`): a cell may print in a million small pieces.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self.lost = False
        """Something came in one piece that was too large to be received at all."""
        self._streams = 0
        self._displays = 0
        self._text: _Text | None = None

    def stream(self, outputs: list[Any], name: str, text: str) -> str:
        """
        Take text that the cell printed.

        Args:
            outputs: The cell's outputs; text of the same stream as the last one continues it.
            name: `stdout` or `stderr`.
            text: What was printed.

        Returns:
            What of it is kept.
        """
        last = self._text
        continues = last is not None and bool(outputs) and outputs[-1] is last.output and last.output["name"] == name
        room = _STREAM_LIMIT - self._streams
        if room <= 0 or (not continues and len(outputs) >= _OUTPUTS_LIMIT):
            self.dropped += len(text)
            return ""
        self.dropped += max(0, len(text) - room)
        text = text[:room]
        if not continues or last is None:
            self.settle()
            last = self._text = _Text(name)
            outputs.append(last.output)
        self._streams += last.add(text)
        return text

    def display(self, outputs: list[Any], data: dict[str, Any]) -> bool:
        """Whether an output that is not text of a stream is to be kept."""
        size = sum(len(content) if isinstance(content, str) else 1000 for content in data.values())
        if self._displays + size > _DISPLAY_LIMIT or len(outputs) >= _OUTPUTS_LIMIT:
            self.dropped += size
            return False
        self._displays += size
        return True

    def fits(self, data: dict[str, Any]) -> bool:
        """Whether what an output is changed into is no larger than all that may be shown."""
        size = sum(len(content) if isinstance(content, str) else 1000 for content in data.values())
        if size > _DISPLAY_LIMIT:
            self.dropped += size
        return size <= _DISPLAY_LIMIT

    def clear(self, outputs: list[Any]) -> None:
        """The cell took back what it had shown."""
        outputs.clear()
        self._text = None
        self._streams = self._displays = 0

    def settle(self) -> None:
        """Write what was printed into its output."""
        if self._text is not None:
            self._text.settle()

    def notice(self) -> dict[str, Any] | None:
        """An output that says what is missing, if anything is."""
        said = [f"{self.dropped} more characters of output were not kept"] if self.dropped else []
        said += ["output that came in one piece of more than 128 MiB was not kept"] if self.lost else []
        if not said:
            return None
        text = "".join(f"\n[proofbook: {line}]\n" for line in said)
        return {"output_type": "stream", "name": "stderr", "text": text}


class _Text:
    """An output of text that grows: its whole lines, and the pieces of the last one, which may be rewritten."""

    def __init__(self, name: str) -> None:
        self.output = NotebookNode(output_type="stream", name=name, text="")
        self._lines: list[str] = []
        self._last: list[str] = []
        self._returned = False

    def add(self, text: str) -> int:
        """Add a piece. Returns by how many characters the whole has grown, which may be less than nothing."""
        grown = len(text)
        if self._returned or "\r" in text:
            before = sum(map(len, self._last))
            text = _REWRITTEN.sub("", "".join([*self._last, text]))
            grown = len(text) - before
            self._last = []
        self._returned = text.endswith("\r")
        whole, line_feed, rest = text.rpartition("\n")
        if line_feed:
            self._lines += [*self._last, whole, line_feed]
            self._last = []
        self._last.append(rest)
        return grown

    def settle(self) -> None:
        self.output["text"] = "".join([*self._lines, *self._last])
