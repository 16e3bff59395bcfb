"""`proofbook rollback`: the channel holds an older run again."""

from pathlib import Path

from proofbook.flow.promote import person
from proofbook.release import rollback as release
from proofbook.release.promote import Release
from proofbook.store import Store

__all__ = ["rollback"]


def rollback(root: Path, *, to: str | None = None, channel: str = "production", reason: str | None = None) -> Release:
    """
    Take a channel back to an older run.

    Args:
        root: The folder of the pipeline.
        to: A run, or a generation written `g3`; the one before by default.
        channel: Which channel.
        reason: Why.
    """
    with Store.open(root, create=False) as store:
        return release.rollback(store, to=to, channel=channel, by=person(), reason=reason)
