"""
Promotion: a run becomes what a channel holds.

Only a sealed, succeeded run of the whole pipeline that the gate judged against what the channel holds *now*. `go`
needs nothing more; `review` needs a person's acceptance, save for the first run, whose promotion is that acceptance;
`no` needs an override with a reason. Both are kept with the generation and in the audit.
"""

from msgspec import Struct

from proofbook.exceptions import GateRefusedError, UsageError
from proofbook.model.verdict import GateResult
from proofbook.store import Generation, Store

__all__ = ["Release", "promote"]


class Release(Struct, frozen=True, kw_only=True):
    """What a channel holds after a promotion or rollback, and what it held before."""

    now: Generation
    before: Generation | None = None
    changed: bool = True
    """False where the channel held that run already."""


def promote(
    store: Store,
    number: int,
    *,
    channel: str = "production",
    by: str,
    reason: str | None = None,
    accept: str | None = None,
    override: bool = False,
) -> Release:
    """
    Put run `number` into `channel`.

    Args:
        store: The pipeline's store.
        number: A sealed run.
        channel: Where it goes.
        by: Who promotes.
        reason: Why; required with `override`.
        accept: What a person says to a `review`.
        override: Promote against the gate's `no`.

    Raises:
        UsageError: It did not succeed, was a build of a part, was not checked, or checked against another production.
        GateRefusedError: The gate says `no`, or `review` and nobody accepted.
        ConflictError: Somebody else promoted in the same moment.
        BlobCorruptError: The run is damaged.
    """
    if override and not (reason or "").strip():
        raise UsageError("an override needs a reason: add `--reason TEXT`, it is kept in the history")
    if accept is not None and not accept.strip():
        raise UsageError("an acceptance needs a reason: `--accept TEXT` says what was looked at")
    before = store.generation(channel)
    if before is not None and before.run == number:
        return Release(now=before, before=before, changed=False)
    run = store.run(number)
    if run.ending != "succeeded":
        raise UsageError(f"run {number} {_ENDINGS[run.ending]}: only a run that succeeded can be promoted")
    if run.scope != "full":
        raise UsageError(
            f"run {number} built a part of the pipeline: promote a full build, `proofbook build` makes one"
        )
    held = store.run(before.run).pipeline if before else run.pipeline
    if held != run.pipeline:
        raise UsageError(f"{channel} is where {held} is: give {run.pipeline} a channel of its own, `--channel NAME`")

    def permit(gate: GateResult | None, current: Generation | None) -> bool:
        return _permit(gate, current, number=number, channel=channel, accepted=accept is not None, override=override)

    expected = before.number if before else 0
    said = reason if accept is None else accept if reason is None else f"{reason}; accepted: {accept}"
    now = store.advance(channel, number, expected=expected, kind="promote", by=by, reason=said, permit=permit)
    return Release(now=now, before=before)


_ENDINGS = {"failed": "failed", "cancelled": "was cancelled", "interrupted": "was interrupted"}


def _permit(
    gate: GateResult | None, current: Generation | None, *, number: int, channel: str, accepted: bool, override: bool
) -> bool:
    """Whether the gate is overridden; raises where the run may not go."""
    if gate is None:
        raise UsageError(f"run {number} was not checked against {channel}: `{_check(number, channel)}` does that")
    if gate.production_manifest != (current.manifest if current else None):
        then = f"run {gate.production}" if gate.production is not None else "nothing"
        held = f"run {current.run} (generation {current.number})" if current else "nothing"
        raise UsageError(
            f"run {number} was checked when {channel} held {then}, and it holds {held} now: "
            f"`{_check(number, channel)}` compares it with that"
        )
    if gate.decision == "go" or override:
        return gate.decision != "go"
    reasons = "; ".join(gate.reasons[:3]) or "no reason was given"
    if gate.decision == "no":
        raise GateRefusedError(
            f"the gate says no to run {number}: {reasons}. Mend it and build again, "
            f"or promote it all the same with `--override --reason TEXT`"
        )
    if current is not None and not accepted:
        raise GateRefusedError(
            f"run {number} needs a person's look: {reasons}. Read `proofbook report {number}`, "
            f"then promote with `--accept TEXT`"
        )
    return False


def _check(number: int, channel: str) -> str:
    against = "" if channel == "production" else f" --against {channel}"
    return f"proofbook check {number}{against}"
