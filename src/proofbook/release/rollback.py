"""Rollback: the channel holds an older run again, as a new generation; nothing in its history is taken away."""

from proofbook.exceptions import NotFoundError, UsageError
from proofbook.release.promote import Release
from proofbook.store import Generation, Store

__all__ = ["rollback"]


def rollback(
    store: Store, *, to: str | None = None, channel: str = "production", by: str, reason: str | None = None
) -> Release:
    """
    Take a channel back.

    Args:
        store: The pipeline's store.
        to: A run, or a generation written `g3`; without it, the run that the current one replaced when it was promoted.
        channel: Which channel.
        by: Who does it.
        reason: Why.

    Raises:
        NotFoundError: The channel never held that run, or nothing before the current one.
        UsageError: It holds that run now.
        ConflictError: Somebody else promoted in the same moment.
        BlobCorruptError: The older run is damaged.
    """
    history = store.generations(channel)
    if not history:
        raise NotFoundError(f"{channel} holds nothing yet: there is nothing to go back to")
    current = history[0]
    target = _named(store, history, to) if to is not None else _earlier(history)
    if target == current.run:
        raise UsageError(f"{channel} holds run {target} already (generation {current.number})")
    now = store.advance(channel, target, expected=current.number, kind="rollback", by=by, reason=reason)
    return Release(now=now, before=current)


def _earlier(history: tuple[Generation, ...]) -> int:
    """
    The run before the current one.

    Two rollbacks in a row go back two promotions: what was just taken out of the channel does not return by itself.
    """
    current = history[0]
    promoted = next((step for step in history if step.run == current.run and step.kind == "promote"), current)
    for step in history:
        if step.number < promoted.number and step.run != current.run:
            return step.run
    raise NotFoundError(f"{current.channel} held nothing before run {current.run}: there is nothing to go back to")


def _named(store: Store, history: tuple[Generation, ...], reference: str) -> int:
    channel = history[0].channel
    if reference[:1] == "g" and reference[1:].isdecimal():
        for step in history:
            if step.number == int(reference[1:]):
                return step.run
        raise NotFoundError(f"{channel} has no generation {reference[1:]}: the newest is {history[0].number}")
    number = store.number(reference)
    if all(step.run != number for step in history):
        raise NotFoundError(f"{channel} never held run {number}: `proofbook promote {number}` puts it there")
    return number
