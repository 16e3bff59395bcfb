"""What the rules of release say of a step: gathered facts, every rule's outcome, kept whether it lets pass or not."""

from collections.abc import Callable, Sequence
from hashlib import sha256

from msgspec.structs import replace

from proofbook.disk import clock
from proofbook.exceptions import ConfigurationError, GateRefusedError
from proofbook.gate import facts, policy
from proofbook.gate.policy_file import Policy
from proofbook.model.policy import Outcome, Ruling, Transition
from proofbook.model.run import Run, canonical
from proofbook.model.verdict import Decision, GateResult
from proofbook.store import Store

__all__ = ["Rules", "hold", "insist", "no_rules", "refusal", "rule", "stricter"]

Rules = Callable[[], Policy | None]
"""Reads the policy; None where the project has none. Raises ConfigurationError where it cannot be read."""


def no_rules() -> None:
    """Of a project without a policy."""


_STRICT: tuple[Decision, ...] = ("go", "review", "no")


def rule(
    store: Store,
    rules: Rules,
    transition: Transition,
    run: Run,
    *,
    gate: GateResult | None,
    channel: str,
    by: str = "",
    reason: str = "",
    ci: bool = False,
    override: bool = False,
    now: str | None = None,
    keep: bool = True,
) -> Ruling | None:
    """
    What the rules of `transition` say of `run`; None where there is no policy, or it has none for that.

    A policy that cannot be read refuses, as one rule of its own: nothing passes because a file is broken.

    Args:
        store: Tells what the channel holds, and keeps the policy and the facts.
        rules: Reads the policy.
        transition: The step.
        run: Which run takes it.
        gate: What the gate said of it, if anything.
        channel: Where it goes.
        by: Who asks.
        reason: What was written.
        ci: Whether this is a machine of continuous integration.
        override: Whether somebody goes against the gate or the policy.
        now: The moment, ISO 8601; by default this one.
        keep: Keep the policy and the facts in the store.
    """
    now = now or clock.now()
    digest_of = store.blobs.put if keep else lambda content: sha256(content).hexdigest()
    manifest = store.manifest(run.number)
    about = Ruling(transition=transition, run=run.number, manifest=manifest, channel=channel, policy="", by=by, at=now)
    try:
        read = rules()
        if read is None or not read.asked(transition):
            return None
        about = replace(about, policy=digest_of(read.content))
        history = store.generations(channel)
        held = store.run(history[0].run) if history else None
        asked = facts.Asked(
            transition=transition,
            run=run,
            gate=gate,
            production=held,
            history=history,
            channel=channel,
            reason=reason,
            who=by,
            ci=ci,
            override=override,
            now=now,
        )
        given = facts.gather(asked)
        (found,) = policy.outcomes(read, [(transition, given)])
    except ConfigurationError as error:
        return replace(about, outcomes=(_unreadable(error, transition),))
    return replace(about, outcomes=found, facts=digest_of(canonical(given)))


def insist(store: Store, rulings: Sequence[Ruling | None], *, override: bool) -> bool:
    """
    Keep what the rules said; True where somebody overrode a refusal.

    Raises:
        GateRefusedError: A rule refuses, and is not overridden or cannot be.
    """
    overruled = False
    for ruling in rulings:
        if ruling is None:
            continue
        passes = override and not policy.binding(ruling.outcomes)
        overridden = bool(ruling.refused) and passes
        store.keep_ruling(replace(ruling, overridden=overridden))
        if ruling.refused and not passes:
            raise GateRefusedError(refusal(ruling))
        overruled = overruled or overridden
    return overruled


def refusal(ruling: Ruling) -> str:
    """Why a step is refused, rule by rule: the sentence, the expression, what it looked at, what to do."""
    steps = {"approve": "the approval of ", "promote": "the promotion of ", "rollback": "a rollback to "}
    lines = [f"the policy refuses {steps.get(ruling.transition, '')}run {ruling.run}"]
    for outcome in ruling.refused:
        lines.append(f"  {outcome.rule}: {outcome.because}")
        if outcome.require:
            lines.append(f"    requires  {' '.join(outcome.require.split())}")
        if outcome.error:
            lines.append(f"    but       {outcome.error}")
        lines += [f"    where     {look.part} is {look.value}" for look in outcome.looks]
        lines.append(f"    do        {_remedy(outcome)}")
    explain = f"proofbook policy explain {ruling.run} --at {ruling.transition}"
    explain += "" if ruling.channel == "production" else f" --channel {ruling.channel}"
    return "\n".join([*lines, f"  `{explain}` shows every rule"])


def hold(result: GateResult, ruling: Ruling | None) -> GateResult:
    """The gate's word, made stricter where a rule of the check refuses; never milder."""
    if ruling is None:
        return result
    decision = result.decision
    for outcome in ruling.refused:
        decision = stricter(decision, outcome.stricter)
    reasons = (*(outcome.line() for outcome in ruling.refused), *result.reasons)
    return replace(result, decision=decision, reasons=reasons, policy=ruling)


def stricter(one: Decision, other: Decision) -> Decision:
    """The stricter of two decisions: `go`, then `review`, then `no`."""
    return max(one, other, key=_STRICT.index)


def _remedy(outcome: Outcome) -> str:
    said = outcome.remedy or "make what it requires true"
    return f"{said}; or `--override --reason TEXT`, which is kept" if outcome.overridable else said


def _unreadable(error: ConfigurationError, transition: Transition) -> Outcome:
    return Outcome(
        rule="(policy)",
        at=transition,
        passes=False,
        require="",
        because="A policy that cannot be read lets nothing pass.",
        remedy="mend the file: `proofbook policy test` reads it",
        error=str(error),
        # in an emergency a broken file must not keep production where it is
        overridable=transition == "rollback",
    )
