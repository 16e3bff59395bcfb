"""What a notebook records, by name."""

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import RecordCall

__all__ = ["recorded"]


def recorded(flow: CellFlow) -> tuple[RecordCall, ...]:
    """The calls of a cell that record a value under a name; `profile` makes a value, and records nothing."""
    return tuple(call for call in flow.records if call.function != "profile")
