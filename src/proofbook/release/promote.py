"""
Promotion: a run becomes what a channel holds.

Only a sealed, succeeded run of the whole pipeline that the gate judged against what the channel holds *now*. `go`
needs nothing more; `review` needs a person's acceptance, save for the first run, whose promotion is that acceptance;
`no` needs an override with a reason. Both are kept with the generation and in the audit. A machine of continuous
integration has no person's word to give: it promotes no first run. Then the policy of the project is asked: its rules
of `approve` where a person's word counts, and those of `promote`.
"""

from functools import partial

from msgspec import Struct

from proofbook.exceptions import ConfigurationError, ConflictError, GateRefusedError, UsageError
from proofbook.gate import policy
from proofbook.model.policy import Transition
from proofbook.model.verdict import GateResult
from proofbook.release.rulings import Rules, insist, no_rules, refusal, rule
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
    rules: Rules = no_rules,
    ci: bool = False,
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
        override: Promote against the gate's `no`, and against rules that allow it.
        rules: Reads the policy.
        ci: Whether this is a machine of continuous integration.

    Raises:
        UsageError: It did not succeed, was a build of a part, was not checked, or checked against another production.
        GateRefusedError: The gate says `no`, or `review` and no person accepted, or a rule of the policy refuses.
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

    said = reason if accept is None else accept if reason is None else f"{reason}; accepted: {accept}"
    judged = store.gate(number, channel=channel)
    go_on = partial(_permit, number=number, channel=channel, accepted=accept is not None, override=override, ci=ci)
    go_on(judged, before)
    transitions: list[Transition] = ["promote"]
    # an override goes by a person's word too, and so does the first run: promoting it is its acceptance
    if judged is not None and (accept is not None or judged.decision != "go"):
        transitions.insert(0, "approve")
    ask = partial(rule, gate=judged, channel=channel, by=by, reason=said or "", ci=ci, override=override)
    overruled = insist(store, [ask(store, rules, transition, run) for transition in transitions], override=override)

    def permit(gate: GateResult | None, current: Generation | None) -> bool:
        if gate != judged:
            raise ConflictError(f"run {number} was checked anew in the same moment: look at it, and try again")
        return go_on(gate, current) or overruled

    _require_current(judged, rules, number=number, channel=channel)
    expected = before.number if before else 0
    now = store.advance(channel, number, expected=expected, kind="promote", by=by, reason=said, permit=permit)
    return Release(now=now, before=before)


_ENDINGS = {"failed": "failed", "cancelled": "was cancelled", "interrupted": "was interrupted"}


def _permit(
    gate: GateResult | None,
    current: Generation | None,
    *,
    number: int,
    channel: str,
    accepted: bool,
    override: bool,
    ci: bool,
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
    # a rule that asks for a person's look gets it from an override too
    said = gate.policy.outcomes if gate.policy is not None else ()
    bound = [outcome for outcome in policy.binding(said) if outcome.stricter == "no"]
    if override and gate.policy is not None and bound:
        raise GateRefusedError(f"{refusal(gate.policy)}\nno override passes that")
    if gate.decision == "go" or override:
        return gate.decision != "go"
    reasons = "; ".join(gate.reasons[:3]) or "no reason was given"
    if gate.decision == "no":
        otherwise = "" if bound else ", or promote it all the same with `--override --reason TEXT`"
        raise GateRefusedError(f"the gate says no to run {number}: {reasons}. Mend it and build again{otherwise}")
    if current is None and ci:
        raise GateRefusedError(
            f"run {number} would be the first that {channel} holds, and promoting it is accepting it, which CI cannot: "
            "a person must, where the store is"
        )
    if current is not None and not accepted:
        raise GateRefusedError(
            f"run {number} needs a person's look: {reasons}. Read `proofbook report {number}`, "
            f"then promote with `--accept TEXT`"
        )
    return False


def _require_current(gate: GateResult | None, rules: Rules, *, number: int, channel: str) -> None:
    """The rules of the check are those by which the run was checked."""
    try:
        read = rules()
    except ConfigurationError:
        # no promotion gets here with a policy that cannot be read
        return
    said = gate.policy.policy if gate is not None and gate.policy is not None else None
    if read is not None and read.asked("check") and said != read.digest:
        raise UsageError(
            f"{read.name} has changed since run {number} was checked: `{_check(number, channel)}` asks its rules"
        )


def _check(number: int, channel: str) -> str:
    against = "" if channel == "production" else f" --against {channel}"
    return f"proofbook check {number}{against}"
