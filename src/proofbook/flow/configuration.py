"""Reads `proofbook.toml`, or `[tool.proofbook]` of `pyproject.toml`, and says which key is unknown."""

import difflib
import tomllib
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from proofbook.exceptions import ConfigurationError
from proofbook.model.configuration import Configuration

__all__ = ["load"]

_Shape = TypeVar("_Shape", bound=msgspec.Struct)


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
    _look_closer(table, Configuration, where=where)
    found = _struct(table, Configuration, where=where)
    if "gate" in table:
        _read_budget(found, where=where)
    return found


def _read_budget(configuration: Configuration, *, where: str) -> None:
    """Refuse here what the gate could not read: there a whole run would have been built for nothing."""
    from proofbook.gate.budget import budget

    try:
        budget(configuration.gate.false_alarms, schedule=configuration.gate.schedule, started=())
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}.gate: {error}") from None


def _struct(value: Any, shape: type[_Shape], *, where: str) -> _Shape:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{where}: {error}") from None


def _look_closer(table: dict[str, Any], shape: type[msgspec.Struct], *, where: str) -> None:
    """Refuse unknown keys, and what is wrong in a table of names: a message about all of them would not say which."""
    known = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    for key, value in table.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(sorted(known))}"
            raise ConfigurationError(f"{where}: unknown key {key!r}; {hint}")
        said = known[key].type
        for inner in (said, *get_args(said)):
            if not (isinstance(inner, type) and issubclass(inner, msgspec.Struct) and isinstance(value, dict)):
                continue
            place = f"{where}.{key}"
            named = value if get_origin(said) is dict else None
            if named is None:
                _look_closer(value, inner, where=place)
            for name, own in (named or {}).items():
                if isinstance(own, dict):
                    _look_closer(own, inner, where=f"{place}.{name}")
                _struct(own, inner, where=f"{place}.{name}")
