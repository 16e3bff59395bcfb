"""Rollback: the channel holds an older run again, as a new generation; nothing in its history is taken away."""

from functools import partial

from proofbook.exceptions import NotFoundError, UsageError
from proofbook.release.promote import Release
from proofbook.release.rulings import Rules, insist, no_rules, rule
from proofbook.store import Generation, Store

__all__ = ["rollback"]


def rollback(
    store: Store,
    *,
    to: str | None = None,
    channel: str = "production",
    by: str,
    reason: str | None = None,
    override: bool = False,
    rules: Rules = no_rules,
    ci: bool = False,
) -> Release:
    """
    Take a channel back.

    Args:
        store: The pipeline's store.
        to: A run, or a generation written `g3`; without it, the run that the current one replaced when it was promoted.
        channel: Which channel.
        by: Who does it.
        reason: Why; required with `override`.
        override: Against rules of the policy; those of a rollback allow it unless they say otherwise.
        rules: Reads the policy.
        ci: Whether this is a machine of continuous integration.

    Raises:
        GateRefusedError: A rule of the policy refuses.
        NotFoundError: The channel never held that run, or nothing before the current one.
        UsageError: It holds that run now.
        ConflictError: Somebody else promoted in the same moment.
        BlobCorruptError: The older run is damaged.
    """
    if override and not (reason or "").strip():
        raise UsageError("an override needs a reason: add `--reason TEXT`, it is kept in the history")
    history = store.generations(channel)
    if not history:
        raise NotFoundError(f"{channel} holds nothing yet: there is nothing to go back to")
    current = history[0]
    target = _named(store, history, to) if to is not None else _earlier(history)
    if target == current.run:
        raise UsageError(f"{channel} holds run {target} already (generation {current.number})")
    gate = store.gate(target, channel=channel)
    ask = partial(rule, gate=gate, channel=channel, by=by, reason=reason or "", ci=ci, override=override)
    said = ask(store, rules, "rollback", store.run(target))
    overruled = insist(store, [said], override=override)
    now = store.advance(
        channel,
        target,
        expected=current.number,
        kind="rollback",
        by=by,
        reason=reason,
        permit=lambda _gate, _current: overruled,
    )
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
