"""What a notebook records, by name."""

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import RecordCall

__all__ = ["is_name", "recorded"]

_LONGEST = 200


def recorded(flow: CellFlow) -> tuple[RecordCall, ...]:
    """The calls of a cell that record a value under a name; `profile` makes a value, and records nothing."""
    return tuple(call for call in flow.records if call.function != "profile")


def is_name(text: str) -> bool:
    """Whether `record` takes `text` as a name: 1 to 200 printable characters, no space at either end."""
    return text == text.strip() and 0 < len(text) <= _LONGEST and text.isprintable()
