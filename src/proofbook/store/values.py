"""What the store tells of runs, channels, records and damage."""

from typing import Any, Literal

from msgspec import Struct

from proofbook.model.record import Record
from proofbook.model.verdict import Decision

__all__ = ["Damage", "Generation", "Kind", "Purpose", "RecordPoint", "Replay", "RunSummary"]

Kind = Literal["promote", "rollback"]
Purpose = Literal["noise", "cause", "eval"]
"""Why a run was built again: to see how much it moves by itself, why another differs, or its score on other data."""


class RunSummary(Struct, frozen=True, kw_only=True):
    """One line of the list of runs."""

    number: int
    pipeline: str
    ending: Literal["running", "succeeded", "failed", "cancelled", "interrupted"]
    scope: Literal["full", "partial"] | None = None
    manifest: str | None = None
    """Digest; None until the run is sealed, and for ever where it was interrupted."""
    started: str = ""
    finished: str | None = None
    seconds: float | None = None
    commit: str | None = None
    dirty: bool = False
    tasks: int = 0
    ran: int = 0
    """How many of the tasks ran, rather than being up to date or restored."""
    decision: Decision | None = None
    """Of the newest check of this run."""
    channels: tuple[str, ...] = ()
    """Channels that hold it now."""


class Generation(Struct, frozen=True, kw_only=True):
    """One step in a channel's history."""

    channel: str
    number: int
    """From 1, without gaps."""
    run: int
    manifest: str
    kind: Kind
    by: str
    reason: str | None = None
    at: str
    """For people: order is by `number`."""
    decision: Decision | None = None
    """What the gate had said of the run, where it had been checked against this channel."""
    override: bool = False
    """Whether the gate's `no` was overridden."""


class RecordPoint(Struct, frozen=True, kw_only=True):
    """One record in one run, for a look back."""

    run: int
    ending: str
    task: str
    name: str
    kind: str
    value: Any = None
    special: str | None = None
    blob: str | None = None


class Replay(Struct, frozen=True, kw_only=True):
    """What a run recorded when it was built again, as it was or with something exchanged."""

    manifest: str
    """Digest of the run that was built again."""
    purpose: Purpose
    variant: dict[str, Any]
    """What was exchanged: `{"seed": 7}`, `{"code": "<digest>"}` ..."""
    records: tuple[Record, ...]
    run: int | None = None
    """Number of the run for whose sake it was done, where there is one."""
    at: str = ""


class Damage(Struct, frozen=True, kw_only=True, order=True):
    """Something in the store that is not as it must be."""

    object: str
    """`blob <digest>`, `run 3`, `generation 2 of production`, `event 7`, `database` ..."""
    problem: str
