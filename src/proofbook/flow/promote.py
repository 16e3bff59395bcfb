"""`proofbook promote`: which run, who, and may they."""

from functools import partial
from pathlib import Path

from proofbook.exceptions import GateRefusedError, UsageError
from proofbook.flow import configuration, policy
from proofbook.gate import rules
from proofbook.release import promote as release
from proofbook.release.promote import Release
from proofbook.store import Store

__all__ = ["promote"]


def promote(
    root: Path,
    reference: str = "latest",
    *,
    channel: str = "production",
    reason: str | None = None,
    accept: str | None = None,
    override: bool = False,
) -> Release:
    """
    Put a run into a channel.

    Args:
        root: The folder of the pipeline.
        reference: Number, `latest`, channel, or beginning of a digest.
        channel: Where it goes.
        reason: Why.
        accept: What a person says to a `review`.
        override: Promote against the gate's `no`, and against rules of the policy that allow it.

    Raises:
        GateRefusedError: The configuration has other rules for its records than those that it was judged by.
        ProofbookError: See `release.promote`; and in CI nobody can accept or override.
    """
    ci = policy.in_ci()
    if (accept is not None or override) and ci:
        raise UsageError("CI can neither accept nor override: a person must, at their own machine")
    with Store.open(root, create=False) as store:
        number = store.number(reference)
        tasks, said = store.run(number).tasks, configuration.load(root).gate.rules
        if not override and rules.of_tasks(tasks, rules=said) != tasks:
            raise GateRefusedError(
                f"[gate.rules] of the configuration are others than those by which run {number} was judged: "
                "`proofbook build` judges by the new ones, and runs nothing again that has not changed"
            )
        return release.promote(
            store,
            number,
            channel=channel,
            by=policy.person(),
            reason=reason,
            accept=accept,
            override=override,
            rules=partial(policy.load, root),
            ci=ci,
        )
