"""`proofbook history`: what a channel held, and why."""

from pathlib import Path

from proofbook.exceptions import NotFoundError
from proofbook.store import Generation, Store

__all__ = ["history"]


def history(root: Path, *, channel: str = "production") -> tuple[Generation, ...]:
    """All generations of a channel, newest first. Raises NotFoundError where it never held anything."""
    with Store.open(root, create=False) as store:
        found = store.generations(channel)
        if not found:
            others = ", ".join(store.channels())
            hint = f"these channels do: {others}" if others else "`proofbook promote` puts the newest run there"
            raise NotFoundError(f"{channel} never held a run: {hint}")
        return found
