"""`proofbook rollback`: the channel holds an older run again."""

from functools import partial
from pathlib import Path

from proofbook.exceptions import UsageError
from proofbook.flow import policy
from proofbook.release import rollback as release
from proofbook.release.promote import Release
from proofbook.store import Store

__all__ = ["rollback"]


def rollback(
    root: Path,
    *,
    to: str | None = None,
    channel: str = "production",
    reason: str | None = None,
    override: bool = False,
) -> Release:
    """
    Take a channel back to an older run.

    Args:
        root: The folder of the pipeline.
        to: A run, or a generation written `g3`; the one before by default.
        channel: Which channel.
        reason: Why.
        override: Go back against rules of the policy.

    Raises:
        ProofbookError: See `release.rollback`; and in CI nobody can override.
    """
    ci = policy.in_ci()
    if override and ci:
        raise UsageError("CI cannot override: a person must, at their own machine")
    with Store.open(root, create=False) as store:
        return release.rollback(
            store,
            to=to,
            channel=channel,
            by=policy.person(),
            reason=reason,
            override=override,
            rules=partial(policy.load, root),
            ci=ci,
        )
