"""Reads `proofbook.toml`, or `[tool.proofbook]` of `pyproject.toml`, and says which key is unknown."""

import difflib
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from proofbook.exceptions import ConfigurationError
from proofbook.model.configuration import Configuration

__all__ = ["load"]


def load(root: Path) -> Configuration:
    """
    The configuration of the project at `root`; all defaults where there is none.

    Raises:
        ConfigurationError: Not TOML, both files speak, an unknown key (the nearest known one is named), a wrong type.
    """
    own, shared = root / "proofbook.toml", root / "pyproject.toml"
    table = _table(own) if own.exists() else None
    section = _table(shared).get("tool", {}).get("proofbook") if shared.exists() else None
    if table is not None and section is not None:
        raise ConfigurationError("both proofbook.toml and [tool.proofbook] of pyproject.toml exist: keep one of them")
    if table is None:
        return _convert(section or {}, where="pyproject.toml [tool.proofbook]")
    return _convert(table, where="proofbook.toml")


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path.name} is not valid TOML: {error}") from None
    except OSError as error:
        raise ConfigurationError(f"{path.name} cannot be read: {error.strerror}") from None


def _convert(table: dict[str, Any], *, where: str) -> Configuration:
    _refuse_unknown(table, Configuration, where=where)
    try:
        return msgspec.convert(table, Configuration)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{where}: {error}") from None


def _refuse_unknown(table: dict[str, Any], shape: type[msgspec.Struct], *, where: str) -> None:
    known = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    for key, value in table.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(sorted(known))}"
            raise ConfigurationError(f"{where}: unknown key {key!r}; {hint}")
        inner = known[key].type
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct) and isinstance(value, dict):
            _refuse_unknown(value, inner, where=f"{where}.{key}")
