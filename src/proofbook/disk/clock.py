"""The wall clock, in one place. Order never depends on it: runs and generations are numbered."""

from datetime import UTC, datetime

__all__ = ["now"]


def now() -> str:
    """The time in UTC as ISO 8601 with milliseconds, `2013-10-31T06:00:00.000Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
