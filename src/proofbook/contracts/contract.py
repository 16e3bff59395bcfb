"""A contract: one TOML file that people write, or edit after `proofbook contract infer` wrote it."""

import difflib
import hashlib
import math
import posixpath
import re
import tomllib
from collections.abc import Iterable
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct, field

from proofbook.contracts import types
from proofbook.exceptions import ConfigurationError
from proofbook.model.contract import Policy
from proofbook.model.run import canonical

__all__ = [
    "CHECKS",
    "Column",
    "Contract",
    "Freshness",
    "Period",
    "Terms",
    "load",
    "matches",
    "parse",
    "policy",
    "responsible",
]

_FORMAT = 1
"""Counted up when the same contract is checked in another way: what was kept of earlier checks is then void."""

_ROWS = ("malformed", "nulls", "finite", "range", "categories", "pattern", "unique", "key", "not_above", "parts")
"""Checks that can tell which rows are at fault."""
_WHOLE = (
    "missing", "unreadable", "columns", "extra", "type", "rows", "files", "median", "spread", "order", "freshness",
    "too_many",
)  # fmt: skip
CHECKS = (*_ROWS, "period", *_WHOLE)

Said = str | dict[str, str]


class Column(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`[columns.NAME]`."""

    type: str
    optional: bool = False
    """It may be absent."""
    nulls: float = 0.0
    """The largest share of missing values; 0: none at all, and each row without a value is at fault."""
    range: list[Any] | None = None
    """Least and largest value."""
    categories: list[Any] | None = None
    """All values there may be."""
    pattern: str | None = None
    """Regular expression that the whole text matches."""
    finite: bool = True
    """Neither NaN nor infinite."""
    unique: bool = False
    median: list[float] | None = None
    """Between what the median of a file lies: beyond it, the unit may be another."""
    spread: list[float] | None = None
    """The same of the distance from the 5% to the 95% quantile."""
    order: Literal["", "increasing", "decreasing"] = ""
    """Of the rows by this column; equal neighbours are in order."""
    not_above: str | None = None
    """Column than which no value is larger."""
    parts: dict[str, str] = {}
    """`year`, `month`, `day`, `hour`, `minute`: the column that repeats this part of the moment."""
    zone: str = "UTC"
    """Time zone in which `parts` are told."""
    unit: str = ""
    """For people, and in messages."""
    on_breach: Said = {}


class Period(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`[period]`: the file's name says of which time it is, and a column must lie in it."""

    column: str
    name: str
    """How the name (without ending) is written: `%Y-%m`."""
    zone: str = "UTC"


class Freshness(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`[freshness]`: how old the newest row of all files may be."""

    column: str
    days: float
    before: str = "now"
    """`now`, or the parameter of the task that says as of when it runs: a day, as text."""


class Terms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a contract file says."""

    files: list[str]
    on_breach: Said = "fail"
    set_aside_at_most: float = 0.1
    """The share of a file's rows that may be set aside; beyond it the task fails."""
    least_files: int = 1
    rows: list[int] = field(default_factory=lambda: [1, 0])
    """Least and largest number of rows of a file; 0 for no limit."""
    key: list[str] = []
    """Columns whose values together occur once in a file."""
    extra_columns: bool = False
    """Columns that are not named here may be there."""
    period: Period | None = None
    freshness: Freshness | None = None
    columns: dict[str, Column] = {}


class Contract(Struct, frozen=True, kw_only=True):
    """A contract file, read."""

    path: str
    """Relative to the pipeline."""
    terms: Terms
    digest: str
    """Of what it says; comments and order do not count."""
    text: str = ""
    """The file."""

    @property
    def quarantines(self) -> bool:
        """Whether any rows may be set aside."""
        said = [self.terms.on_breach, *(column.on_breach for column in self.terms.columns.values())]
        return any("quarantine" in (one.values() if isinstance(one, dict) else [one]) for one in said)


def policy(terms: Terms, check: str, column: str = "") -> Policy:
    """
    What is done about a breach: the word nearest to it counts.

    Where no single row is at fault there is nothing to set aside: `quarantine` then means `fail`.
    """
    own: Said = terms.columns[column].on_breach if column in terms.columns else {}
    for said in (own, terms.on_breach):
        found = said if isinstance(said, str) else said.get(check, said.get("default"))
        if found is None:
            continue
        shared = check == "nulls" and column in terms.columns and terms.columns[column].nulls > 0
        if found == "quarantine" and (check in _WHOLE or shared):
            return "fail"
        return found  # type: ignore[return-value]  # held by `parse`
    return "fail"


def load(folder: Path, *, root: Path) -> tuple[Contract, ...]:
    """
    All contracts of a project, by name.

    Args:
        folder: Where they lie; there may be none.
        root: The pipeline's folder.

    Raises:
        ConfigurationError: One cannot be read; the file and the key are named.
    """
    found = []
    for path in sorted(folder.glob("*.toml")):
        shown = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise ConfigurationError(f"{shown} is not UTF-8: save it as UTF-8") from None
        except OSError as error:
            raise ConfigurationError(f"{shown} cannot be read: {error.strerror}") from None
        found.append(parse(text, path=shown))
    return tuple(found)


def parse(text: str, *, path: str) -> Contract:
    """
    One contract.

    Raises:
        ConfigurationError: Not TOML, an unknown key or check, a value that makes no sense.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigurationError(f"{path} is not valid TOML: too deep") from None
    _refuse_unknown(table, path)
    try:
        terms = msgspec.convert(table, Terms)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{path}: {error}") from None
    _held(terms, path)
    content = canonical({"format": _FORMAT, "terms": msgspec.to_builtins(terms, str_keys=True)})
    return Contract(path=path, terms=terms, digest=hashlib.sha256(content).hexdigest(), text=text)


def responsible(contracts: Iterable[Contract], file: str) -> Contract | None:
    """
    The contract for a file.

    Raises:
        ConfigurationError: Two of them claim it.
    """
    found = [one for one in contracts if any(matches(file, glob) for glob in one.terms.files)]
    if len(found) > 1:
        raise ConfigurationError(f"{file} is claimed by {found[0].path} and {found[1].path}: let one of them have it")
    return found[0] if found else None


def matches(file: str, glob: str) -> bool:
    """Whether a glob names a file; `**/` stands for any folders, and for none."""
    return fnmatchcase(file, glob) or fnmatchcase(file, glob.replace("**/", ""))


def _refuse_unknown(table: dict[str, Any], path: str) -> None:
    places: list[tuple[str, Any, type[Struct]]] = [("", table, Terms)]
    places += [(f"[{name}]", table.get(name), shape) for name, shape in (("period", Period), ("freshness", Freshness))]
    columns = table.get("columns")
    if isinstance(columns, dict):
        places += [(f"[columns.{name}]", said, Column) for name, said in columns.items()]
    for place, said, shape in places:
        known = [one.name for one in msgspec.structs.fields(shape)]
        for key in said if isinstance(said, dict) else ():
            if key not in known:
                raise ConfigurationError(f"{path}: {place} has an unknown key {key!r}; {_nearest(key, known)}")


def _nearest(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"


def _held(terms: Terms, path: str) -> None:
    if not terms.files:
        raise ConfigurationError(f"{path}: files is empty: name the files, or globs of them, that it is for")
    for name in terms.files:
        _name(name, path)
    _amounts(terms, path)
    _policies(terms.on_breach, f"{path}: on_breach")
    named = [("key", name) for name in terms.key]
    named += [("[period] column", terms.period.column)] if terms.period else []
    named += [("[freshness] column", terms.freshness.column)] if terms.freshness else []
    for name, column in terms.columns.items():
        where = f"{path}: [columns.{name}]"
        _column(column, where)
        named += [(f"[columns.{name}] not_above", column.not_above)] if column.not_above else []
        named += [(f"[columns.{name}] parts", other) for other in column.parts.values()]
    for place, name in named:
        if name not in terms.columns:
            raise ConfigurationError(f"{path}: {place} names {name!r}, which is no column of the contract")
    _moments(terms, path)
    zones = [column.zone for column in terms.columns.values()] + ([terms.period.zone] if terms.period else [])
    for zone in zones:
        _zone(zone, path)


def _amounts(terms: Terms, path: str) -> None:
    if len(terms.rows) != 2 or min(terms.rows) < 0 or 0 < terms.rows[1] < terms.rows[0]:
        raise ConfigurationError(f"{path}: rows = {terms.rows}: write the least and the largest number, 0 for no limit")
    if terms.least_files < 0:
        raise ConfigurationError(f"{path}: least_files = {terms.least_files}: write how many files must be there")
    # a bound that is no number is never exceeded
    if not 0 <= terms.set_aside_at_most <= 1:
        raise ConfigurationError(f"{path}: set_aside_at_most = {terms.set_aside_at_most}: write a share from 0 to 1")
    if terms.freshness is not None and not (math.isfinite(terms.freshness.days) and terms.freshness.days >= 0):
        raise ConfigurationError(f"{path}: [freshness] days = {terms.freshness.days}: write how many days")


def _moments(terms: Terms, path: str) -> None:
    for place, said in (("[period]", terms.period), ("[freshness]", terms.freshness)):
        if said is not None and not types.is_temporal(terms.columns[said.column].type):
            kind = terms.columns[said.column].type
            raise ConfigurationError(
                f"{path}: {place} column {said.column!r} is of type {kind}: a date or datetime tells"
            )


def _name(name: str, path: str) -> None:
    """One spelling for one file: it is compared, as text, with the names that a build knows its data files by."""
    plain = posixpath.normpath(name) if name else ""
    if not name or name.startswith("/") or plain == "." or plain.split("/")[0] == ".." or "\0" in name:
        raise ConfigurationError(f"{path}: files: {name!r} is no file below the pipeline's folder")
    if plain != name:
        raise ConfigurationError(f"{path}: files: {name!r}: write {plain!r}")
    if any("**" in part and part != "**" for part in name.split("/")):
        raise ConfigurationError(f"{path}: files: {name!r}: `**` stands for folders, alone between slashes")


def _zone(zone: str, path: str) -> None:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise ConfigurationError(f"{path}: there is no time zone {zone!r}") from None


def _policies(said: Said, where: str, *, shared_nulls: bool = False) -> None:
    table = {"default": said} if isinstance(said, str) else said
    for check, named in table.items():
        if check != "default" and check not in CHECKS:
            raise ConfigurationError(f"{where} names no check: {check!r}; {_nearest(check, CHECKS)}")
        if named not in get_args(Policy):
            raise ConfigurationError(f"{where}: {named!r} is no policy: write 'fail', 'warn' or 'quarantine'")
        if named == "quarantine" and (check in _WHOLE or (check == "nulls" and shared_nulls)):
            raise ConfigurationError(
                f"{where}: {check} = 'quarantine' makes no sense, as no single row is at fault: write 'fail' or 'warn'"
            )


def _column(column: Column, where: str) -> None:
    if not types.is_known(column.type):
        raise ConfigurationError(f"{where}: {column.type!r} is no type: as in int64, float64, number, text, bool, date")
    if not 0 <= column.nulls <= 1:
        raise ConfigurationError(f"{where}: nulls = {column.nulls}: write a share from 0 to 1")
    number, temporal = types.is_number(column.type), types.is_temporal(column.type)
    for name in ("range", "median", "spread"):
        pair = getattr(column, name)
        if pair is None:
            continue
        if len(pair) != 2 or not all(_fits(one, number=number, temporal=temporal and name == "range") for one in pair):
            said = "two dates" if temporal else "two numbers"
            raise ConfigurationError(f"{where}: {name} = {pair} does not fit type {column.type}: write {said}")
        if not _ordered(pair):
            raise ConfigurationError(f"{where}: {name} = {pair} holds nothing: two of one kind, the smaller one first")
    if column.pattern is not None:
        _pattern(column.pattern, column.type, where)
    if column.parts and not temporal:
        raise ConfigurationError(f"{where}: parts are of a date or a datetime, and the type is {column.type}")
    unknown = set(column.parts) - {"year", "month", "day", "hour", "minute"}
    if unknown:
        raise ConfigurationError(f"{where}: parts: {unknown.pop()!r} is none of year, month, day, hour, minute")
    _policies(column.on_breach, f"{where} on_breach", shared_nulls=column.nulls > 0)


def _pattern(pattern: str, kind: str, where: str) -> None:
    if kind not in {types.TEXT, "category"}:
        raise ConfigurationError(f"{where}: pattern is for text, and the type is {kind}: say range instead")
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ConfigurationError(f"{where}: pattern is no regular expression: {error}") from None


def _ordered(pair: list[Any]) -> bool:
    try:
        return bool(pair[0] <= pair[1])
    except TypeError:  # a date and a moment, or a moment with a zone and one without
        return False


def _fits(value: Any, *, number: bool, temporal: bool) -> bool:
    if isinstance(value, bool):
        return False
    return (number and isinstance(value, int | float)) or (temporal and isinstance(value, date))
