"""What a project's own configuration of ruff says, as far as we have to know it."""

import hashlib
import os
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct

__all__ = ["Settings", "forget", "settings"]

_NAMES = (".ruff.toml", "ruff.toml", "pyproject.toml")
_DEEPEST = 8


class Settings(Struct, frozen=True, kw_only=True):
    """The configuration that holds in one folder."""

    selects: bool = False
    """Whether it says itself which rules run."""
    ignores: tuple[str, ...] = ()
    """Codes or prefixes."""
    digest: str = ""
    """Of all files that it was made of."""


@lru_cache(maxsize=4096)
def settings(folder: Path) -> Settings:
    """The configuration that holds in `folder`, which is absolute: the nearest, as ruff finds it."""
    for name in _NAMES:
        found = _read(folder / name)
        if found is not None:
            return _settings(*found, folder, depth=0)
    if folder.parent != folder:
        return settings(folder.parent)
    # what holds where no folder says anything
    place = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "ruff"
    found = next((found for name in _NAMES if (found := _read(place / name)) is not None), None)
    return _settings(*found, place, depth=0) if found is not None else Settings()


def forget() -> None:
    """Look again: the files may have changed."""
    settings.cache_clear()


def _settings(table: dict[str, Any], digest: str, place: Path, *, depth: int) -> Settings:
    lint = table.get("lint")
    sections = [section for section in (table, lint) if isinstance(section, dict)]
    own = Settings(
        selects=any("select" in section for section in sections),
        ignores=tuple(
            # nothing begins with ALL, and everything with nothing
            "" if code == "ALL" else code
            for section in sections
            for key in ("ignore", "extend-ignore")
            for code in _listed(section.get(key))
            if isinstance(code, str) and code
        ),
        digest=digest,
    )
    extended = table.get("extend")
    if not isinstance(extended, str) or depth == _DEEPEST:
        return own
    target = place / Path(os.path.expandvars(extended)).expanduser()
    found = _read(target)
    if found is None:
        return own
    base = _settings(*found, target.parent, depth=depth + 1)
    return Settings(
        selects=own.selects or base.selects,
        ignores=(*own.ignores, *base.ignores),
        digest=hashlib.sha256(f"{own.digest} {base.digest}".encode()).hexdigest(),
    )


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _read(path: Path) -> tuple[dict[str, Any], str] | None:
    """The settings of ruff in a file, and its digest; None where there are none: mistakes are ruff's to name."""
    try:
        content = path.read_bytes()
        table = tomllib.loads(content.decode())
    except (OSError, ValueError, RecursionError):
        return None
    if path.name == "pyproject.toml":
        tool = table.get("tool")
        own = tool.get("ruff") if isinstance(tool, dict) else None
        if not isinstance(own, dict):
            return None
        table, project = own, table
        content = repr((own, project.get("project", {}).get("requires-python"))).encode()
    return table, hashlib.sha256(content).hexdigest()
