"""What a check looks at, and what it says."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct, field

__all__ = ["Check", "Diagnosis", "Level", "Place", "Said"]

Level = Literal["ok", "warning", "problem"]
"""`problem`: something does not work. `warning`: it works, but not as you may think."""
Said = tuple[Level, str, str]
"""The level, what was seen in one line, and the cure in one line, empty where all is well."""


class Place(Struct, frozen=True, kw_only=True):
    """The surroundings that are examined: this process's own, unless a test says otherwise."""

    root: Path
    """The project's folder."""
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    python: tuple[int, int] = (sys.version_info.major, sys.version_info.minor)
    mounts: Path = Path("/proc/self/mountinfo")


class Diagnosis(Struct, frozen=True, kw_only=True):
    """What one check says."""

    code: str
    name: str
    level: Level = "ok"
    what: str
    """What was seen, in one line."""
    cure: str = ""
    """What to do, in one line; empty where all is well."""


class Check(Struct, frozen=True, kw_only=True):
    """One check."""

    code: str
    name: str
    look: Callable[[Place], Said]

    def diagnose(self, place: Place) -> Diagnosis:
        """Look, and say what was seen; a check that cannot look says so, and is no reason to stop."""
        try:
            level, what, cure = self.look(place)
        except (OSError, subprocess.SubprocessError) as error:
            level, what, cure = "warning", f"could not be examined: {error}", "see whether you may read what it names"
        return Diagnosis(code=self.code, name=self.name, level=level, what=what, cure=cure)
