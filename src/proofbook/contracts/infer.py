"""
Writes a contract for files that are there: what all of them keep, with slack, in TOML that people go on with.

The slack, which the comments of the contract name: an interval is widened by a tenth of what was seen, and never over
0 where nothing was below it; shares of missing values are doubled; medians may move by a quarter of the widest spread;
spreads by a quarter, and more where rows are few. A unit that is wrong by a factor of 1.6 (miles as kilometres) then
moves spreads out of bounds, unless those of the files seen differ by that much among themselves.
"""

import json
import math
import re
from collections.abc import Sequence
from datetime import date, datetime

from proofbook.contracts.measure import Measured, Seen
from proofbook.contracts.rules import local
from proofbook.contracts.types import TEXT, is_number, is_temporal

__all__ = ["infer"]

_IDENTITIES = 50
"""Distinct values from which text is no category any more."""
_FAR = 30
"""Spreads from the median at which a value is asked about."""
_ALPHABETS = ("0-9", "A-Z", "a-z", "A-Z0-9", "a-z0-9", "A-Za-z", "A-Za-z0-9", "A-Za-z0-9_.-")
_VISIBLE = r"[^\x00-\x1f]+"
_PERIODS = ("%Y-%m-%d", "%Y%m%d", "%Y-%m", "%Y%m", "%Y")
_ZONES = (
    "UTC", "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Sao_Paulo",
    "Europe/London", "Europe/Paris", "Europe/Berlin", "Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney",
)  # fmt: skip


def infer(files: Sequence[Seen], *, named: str) -> str:
    """
    A contract that all of `files` keep.

    Args:
        files: What was seen; the columns of the first, and those that others have beside them.
        named: The file, or the glob, that the contract is for.
    """
    rows = [one.rows for one in files]
    several = f"{len(files)} files of " if len(files) > 1 else ""
    seen = f"{min(rows):,} to {max(rows):,} rows" if min(rows) != max(rows) else f"{rows[0]:,} rows"
    lines = [
        f"# What {named} must hold before a task reads it: `proofbook contract check`, and every build.",
        f"# Inferred from {several}{seen}, with slack; yours to edit. The words are explained in docs/contracts.md.",
        "",
        f"files = [{_text(named)}]",
        "",
        "# What is done about a breach: `fail` ends the task, `warn` says so, `quarantine` sets the rows aside.",
        '# A column may say otherwise: on_breach = "warn", or { range = "quarantine", nulls = "warn" }.',
        'on_breach = { default = "fail", categories = "warn", extra = "warn" }',
        f"rows = [{max(1, min(rows) // 2)}, {max(rows) * 2}]  # seen {seen.removesuffix(' rows')}; half and twice that",
    ]
    if len(files) > 1:
        lines.append(f"least_files = {len(files)}")
    names = list(dict.fromkeys(name for one in files for name in one.columns))
    key = _key(files, names)
    if key:
        words = ", ".join(_text(name) for name in key)
        lines.append(
            f"key = [{words}]  # the first columns that tell the rows of each file apart: is it what you mean?"
        )
    zone, period = _period(files, names)
    lines += period
    for name in names:
        lines += ["", f"[columns.{_key_of_toml(name)}]", *_column(name, files, zone=zone)]
    return "\n".join(lines) + "\n"


def _column(name: str, files: Sequence[Seen], *, zone: str) -> list[str]:
    found = [one.columns[name] for one in files if name in one.columns]
    kinds = list(dict.fromkeys(one.type for one in found))
    kind = kinds[0]
    lines = [f"type = {_text(kind)}" + (f"  # also seen: {', '.join(kinds[1:])}" if len(kinds) > 1 else "")]
    if len(found) < len(files):
        lines.append(f"optional = true  # {len(files) - len(found)} files lack it")
    shares = [one.nulls / one.rows for one in found if one.rows]
    if max(shares, default=0) > 0:
        most = max(shares)
        allowed = 1.0 if most > 0.5 else _up(max(2 * most, 0.001), 2)
        lines.append(f"nulls = {allowed:g}  # seen at most {most:.2%} of a file; twice that")
    if all(one.nulls == one.rows for one in found):
        return lines
    if is_number(kind):
        lines += _number(found)
    elif is_temporal(kind):
        low, high = min(one.low for one in found if one.low), max(one.high for one in found if one.high)
        lines.append(f"# seen {_moment(low)} to {_moment(high)}; range = [from, to] would bound it")
        lines += _parts(name, files, zone)
    elif kind in {TEXT, "category"}:
        lines += _words(found)
    return lines


def _number(found: Sequence[Measured]) -> list[str]:
    sized = [one for one in found if one.low is not None]
    lines = [] if all(one.finite for one in found) else ["finite = false  # NaN or infinite values were seen"]
    if not sized:
        return lines
    low, high = min(one.low for one in sized), max(one.high for one in sized)
    odd = any(max(abs(one.high - one.median), abs(one.low - one.median)) > _FAR * one.spread > 0 for one in sized)
    hint = ", far from nearly all others: is that real?" if odd else ""
    lines.append(
        f"range = [{', '.join(_figure(one) for one in _widened(low, high))}]  # seen {low:g} to {high:g}{hint}"
    )
    if max(one.distinct for one in sized) < 20:
        return lines  # a code, or a part of a date: its middle says nothing of a unit
    medians, spreads = [one.median for one in sized], [one.spread for one in sized]
    widest = max(spreads)
    if widest > 0:
        slack = 0.25 * widest
        bounds = (_down(min(medians) - slack, 3), _up(max(medians) + slack, 3))
        seen = f"seen {min(medians):g} to {max(medians):g}" if len(sized) > 1 else f"seen {medians[0]:g}"
        lines.append(
            f"median = [{_figure(bounds[0])}, {_figure(bounds[1])}]"
            f"  # of a file, {seen}: beyond it the unit may be another"
        )
    if min(spreads) > 0:
        factor = 1.25 * (1 + 2 / math.sqrt(max(1, min(one.rows - one.nulls for one in sized))))
        bounds = (_down(min(spreads) / factor, 3), _up(widest * factor, 3))
        seen = f"seen {min(spreads):g} to {widest:g}" if len(sized) > 1 else f"seen {widest:g}"
        lines.append(
            f"spread = [{_figure(bounds[0])}, {_figure(bounds[1])}]  # from the 5% to the 95% quantile, {seen}"
        )
    return lines


def _words(found: Sequence[Measured]) -> list[str]:
    values = sorted({value for one in found for value in one.values})
    complete = all(one.values or one.nulls == one.rows for one in found)
    rows = sum(one.rows for one in found)
    if complete and len(values) <= _IDENTITIES and len(values) * 5 <= rows:
        return [f"categories = [{', '.join(_text(one) for one in values)}]"]
    if any(one.type != TEXT for one in found):
        return []
    letters = set("".join(one.alphabet for one in found))
    least, most = min(one.lengths[0] for one in found), max(one.lengths[1] for one in found)
    for alphabet in _ALPHABETS:
        if letters and all(re.fullmatch(f"[{alphabet}]", letter) for letter in letters):
            count = f"{{{least},{most}}}" if least != most else f"{{{least}}}"
            return [f"pattern = {_text(f'[{alphabet}]{count}')}  # what all {rows:,} rows are made of"]
    if letters.isdisjoint(map(chr, range(32))) and least:
        return [f"pattern = {_text(_VISIBLE)}  # something, and no control characters"]
    return []


def _key(files: Sequence[Seen], names: Sequence[str]) -> list[str]:
    """The first single column, else the first columns, whose values occur once in each file; none where none do."""
    usable = [
        name for name in names
        if all(name in one.columns and not one.columns[name].nulls for one in files)
        and not files[0].columns[name].type.startswith(("float", "number", "list", "struct", "array", "object"))
    ]  # fmt: skip

    def tells(columns: list[str]) -> bool:
        return bool(columns) and all(not one.frame.select(columns).is_duplicated().any() for one in files)

    for name in usable:
        if all(one.columns[name].distinct == one.rows for one in files):
            return [name]
    if not tells(usable):
        return []
    key = usable
    for name in reversed(usable):
        fewer = [other for other in key if other != name]
        if tells(fewer):
            key = fewer
    return key


def _parts(name: str, files: Sequence[Seen], zone: str) -> list[str]:
    """Columns called year, month, day, hour, minute that repeat this moment in all rows."""
    import polars as pl

    found = []
    for part in ("year", "month", "day", "hour", "minute"):
        if not all(part in one.columns and is_number(one.columns[part].type) for one in files):
            continue
        if part in {"hour", "minute"} and files[0].columns[name].type == "date":
            continue
        told = getattr(local(files[0].frame, name, zone).dt, part)().cast(pl.Int64)
        if all(one.frame.select((told == pl.col(part).cast(pl.Int64)).all()).item() for one in files):
            found.append(f"{part} = {_text(part)}")
    if not found:
        return []
    return [f"parts = {{ {', '.join(found)} }}  # columns that repeat it", f"zone = {_text(zone)}"]


def _period(files: Sequence[Seen], names: Sequence[str]) -> tuple[str, list[str]]:
    """
    `period`, where the names of the files say of which time they are, and a column agrees with all of them.

    Returns:
        The time zone in which it does, UTC where there is none; and the line.
    """
    from proofbook.contracts.check import period_bounds

    for form in _PERIODS:
        try:
            bounds = [period_bounds(one.stem, form) for one in files]
        except ValueError:
            continue
        for name in names:
            if not all(name in one.columns and is_temporal(one.columns[name].type) for one in files):
                continue
            for zone in _ZONES:
                if all(
                    _within(one.columns[name], low, high, zone) for one, (low, high) in zip(files, bounds, strict=True)
                ):
                    words = f"column = {_text(name)}, name = {_text(form)}, zone = {_text(zone)}"
                    return zone, [f"period = {{ {words} }}  # the file's name says of when its rows are"]
    return "UTC", []


def _within(column: Measured, low: datetime, high: datetime, zone: str) -> bool:
    from zoneinfo import ZoneInfo

    for value in (column.low, column.high):
        if value is None:
            return False
        moment = value if isinstance(value, datetime) else datetime.combine(value, datetime.min.time())
        if moment.tzinfo is not None:
            moment = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        if not low <= moment < high:
            return False
    return True


def _widened(low: float, high: float) -> tuple[float, float]:
    if low == high:
        return low, high
    slack = (high - low) / 10
    wide = (_down(low - slack, 2), _up(high + slack, 2))
    if low >= 0:
        wide = (max(0, wide[0]), wide[1])
    if high <= 0:
        wide = (wide[0], min(0, wide[1]))
    if isinstance(low, int) and isinstance(high, int):
        return math.floor(wide[0]), math.ceil(wide[1])
    return wide


def _step(value: float, digits: int) -> float:
    return float(10.0 ** (math.floor(math.log10(abs(value))) - digits + 1))


def _down(value: float, digits: int) -> float:
    return min(value, _plain(math.floor(value / _step(value, digits)) * _step(value, digits))) if value else 0.0


def _up(value: float, digits: int) -> float:
    return max(value, _plain(math.ceil(value / _step(value, digits)) * _step(value, digits))) if value else 0.0


def _plain(value: float) -> float:
    """Without what a product of powers of ten adds in the last places."""
    return float(f"{value:.12g}")


def _figure(value: float) -> str:
    """As TOML writes it, and no other number."""
    return str(value) if isinstance(value, int) else f"{value:.12g}" if _plain(value) == value else repr(value)


def _moment(value: date) -> str:
    return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()


def _text(value: str) -> str:
    # TOML's basic strings are escaped as JSON's are, but for DEL
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key_of_toml(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)
