"""
Holds one file against its contract: rows by dataframely, on Polars; the file as a whole by what describes it.

What describes it (medians, spreads, shares) is taken before anything is set aside: where all values are in another
unit, that is what is said, and not that each of them is out of range.
"""

import calendar
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from proofbook.contracts import quarantine, rules, types
from proofbook.contracts.contract import Column, Contract, Period, policy
from proofbook.contracts.reading import Table, UnreadableError, read
from proofbook.contracts.rules import ROW, Rule, column_of
from proofbook.exceptions import ConfigurationError
from proofbook.model.contract import Breach

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Found", "Parts", "check", "period_bounds"]

_LONGEST = 80


class Parts(Struct, frozen=True, kw_only=True):
    """A file in two: what a task gets, and what it does not."""

    clean: bytes
    """In the format of the file."""
    aside: bytes
    """CSV: number of the row, reasons, the row."""
    rows: int
    """That were set aside."""


class Found(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was found in one file."""

    rows: int = 0
    breaches: tuple[Breach, ...] = ()
    newest: str = ""
    """Largest value of the column that tells how fresh it is; ISO 8601."""
    aside: int = 0


def check(path: Path, *, shown: str, contract: Contract) -> tuple[Found, Parts | None]:
    """
    Hold a file against its contract. Whatever is wrong with the file is a breach, never an error.

    Args:
        path: The file.
        shown: Its name in messages.
        contract: What it must hold.

    Raises:
        ConfigurationError: The contract asks what cannot be asked of such columns.
    """
    one = _File(shown, contract)
    try:
        table = read(path)
    except UnreadableError as error:
        one.whole(error.check, str(error), "replace it with a good copy")
        return one.found(), None
    import polars as pl

    try:
        return one.judge(table, stem=path.stem)
    except BaseException as error:
        # a panic of Polars is no Exception
        if not isinstance(error, pl.exceptions.PolarsError | TypeError | OverflowError | ValueError) and (
            type(error).__name__ != "PanicException"
        ):
            raise
        said = str(error).strip().partition("\n")[0]
        raise ConfigurationError(f"{contract.path} asks of {shown} what its columns cannot answer: {said}") from None


class _File:
    def __init__(self, shown: str, contract: Contract) -> None:
        self._shown = shown
        self._contract = contract
        self._terms = contract.terms
        self._breaches: list[Breach] = []
        self._rows = 0
        self._newest = ""
        self._aside = 0

    def found(self) -> Found:
        order = {"fail": 0, "quarantine": 1, "warn": 2}
        breaches = sorted(self._breaches, key=lambda one: order[one.policy])
        return Found(rows=self._rows, breaches=tuple(breaches), newest=self._newest, aside=self._aside)

    def whole(
        self, check: str, message: str, cure: str, *, column: str = "", count: int = 0, example: str = ""
    ) -> None:
        """Note a breach."""
        self._breaches.append(
            Breach(
                file=self._shown, column=column, check=check, policy=policy(self._terms, check, column), count=count,
                of=self._rows, example=example, message=message, cure=f"{cure} ({self._contract.path})",
            )
        )  # fmt: skip

    def judge(self, table: Table, *, stem: str) -> tuple[Found, Parts | None]:
        raw = table.frame
        self._rows = raw.height
        self._columns(raw)
        self._count()
        frame, malformed, usable = self._typed(table)
        for name in usable:
            self._described(name, self._terms.columns[name], frame)
        bounds = self._bounds(self._terms.period, stem)
        asked = [*malformed, *rules.of_rows(self._terms, frame, usable=usable, bounds=bounds, raw=raw)]
        parts = self._of_rows(table, frame, asked) if asked and self._rows else None
        self._newest = self._newest_of(frame, usable)
        return self.found(), parts

    def _columns(self, raw: "pl.DataFrame") -> None:
        for name, column in self._terms.columns.items():
            if name not in raw.columns and not column.optional:
                self.whole("columns", "it is missing", "put it back, or set optional = true", column=name)
        extra = [name for name in raw.columns if name not in self._terms.columns]
        if extra and not self._terms.extra_columns:
            named = ", ".join(extra[:5]) + (f" and {len(extra) - 5} more" if len(extra) > 5 else "")
            self.whole("extra", f"columns that no contract names: {named}", "name them, or set extra_columns = true")

    def _count(self) -> None:
        least, most = self._terms.rows
        if self._rows < least:
            self.whole("rows", f"{self._rows:,} rows, fewer than {least:,}", "is all of it there? or lower rows")
        if most and self._rows > most:
            self.whole("rows", f"{self._rows:,} rows, more than {most:,}", "is it there twice? or raise rows")

    def _typed(self, table: Table) -> "tuple[pl.DataFrame, list[Rule], set[str]]":
        """The rows with text read to the declared types, the rules for what cannot be read, and the columns to use."""
        import polars as pl

        raw, casts, malformed, usable = table.frame, [], [], set()
        for name, column in self._terms.columns.items():
            if name not in raw.columns:
                continue
            found = types.name_of(raw.schema[name])
            if types.matches(found, column.type):
                usable.add(name)
                continue
            target = types.to_read(column.type) if table.format != "parquet" else None
            if target is None:
                said = f"it is {found}, and must be {column.type}"
                self.whole("type", said, "correct the file, or change type", column=name)
                continue
            read_as = _cast(name, raw.schema[name], target)
            casts.append(read_as.alias(name))
            usable.add(name)
            lost = raw.select((read_as.is_null() & pl.col(name).is_not_null()).alias("lost"))["lost"]
            if lost.any():
                malformed.append(
                    Rule(name, "malformed", pl.lit(~lost), f"that cannot be read as {column.type}",
                         f"correct the file, or change type in columns.{name}")
                )  # fmt: skip
        return raw.with_columns(casts), malformed, usable

    def _described(self, name: str, column: Column, frame: "pl.DataFrame") -> None:
        values = frame[name]
        missing = values.null_count()
        if column.nulls and self._rows and missing / self._rows > column.nulls:
            share = f"{missing / self._rows:.1%}"
            said = f"{missing:,} of {self._rows:,} rows without a value ({share}), more than {column.nulls:.1%}"
            self.whole("nulls", said, "correct the file, or raise nulls", column=name, count=missing)
        unit = f" {column.unit}" if column.unit else ""
        cure = "is it in another unit? or widen {} "
        sized = values.drop_nulls()
        if values.dtype.is_float():
            sized = sized.filter(sized.is_finite())
        if column.median is not None and len(sized):
            middle = round(float(sized.median()), 9)  # type: ignore[arg-type]  # numbers, as `parse` holds
            low, high = column.median
            if not low <= middle <= high:
                said = f"the median is {middle:g}{unit}, and must be from {low:g} to {high:g}"
                self.whole("median", said, cure.format("median").strip(), column=name, example=f"{middle:g}")
        if column.spread is not None and len(sized):
            width = round(float(sized.quantile(0.95)) - float(sized.quantile(0.05)), 9)  # type: ignore[arg-type]
            low, high = column.spread
            if not low <= width <= high:
                said = f"from the 5% to the 95% quantile it is {width:g}{unit}, and must be from {low:g} to {high:g}"
                self.whole("spread", said, cure.format("spread").strip(), column=name, example=f"{width:g}")
        if column.order and not sized.is_sorted(descending=column.order == "decreasing"):
            said = f"the rows are not {column.order} by it"
            self.whole("order", said, "sort the file, or remove order", column=name)

    def _bounds(self, period: Period | None, stem: str) -> tuple[datetime, datetime] | None:
        if period is None:
            return None
        try:
            return period_bounds(stem, period.name)
        except ValueError:
            said = f"its name does not say of which time it is, as {period.name} would"
            self.whole("period", said, "rename it, or change [period]")
            return None

    def _of_rows(self, table: Table, frame: "pl.DataFrame", asked: list[Rule]) -> Parts | None:
        counts, found = rules.broken(frame, asked)
        aside: list[tuple[int, Rule]] = []
        for number, (rule, count) in enumerate(zip(asked, counts, strict=True)):
            if not count:
                continue
            decided = policy(self._terms, rule.check, rule.column)
            first = int(found.filter(found[column_of(number)])[ROW][0])
            example = _example(table.frame, rule, first, self._terms.key)
            said = f"{count:,} of {self._rows:,} rows {rule.said}, first {example} in row {first + 1:,}"
            self.whole(rule.check, said, rule.cure, column=rule.column, count=count, example=example)
            if decided == "quarantine":
                aside.append((number, rule))
        if not aside:
            return None
        parts = quarantine.split(table, found, aside)
        limit = self._terms.set_aside_at_most
        if parts.rows / self._rows > limit:
            share = f"{parts.rows / self._rows:.1%}"
            said = f"{parts.rows:,} of {self._rows:,} rows would be set aside ({share}), more than {limit:.1%}"
            self.whole("too_many", said, "correct the file, or raise set_aside_at_most", count=parts.rows)
        self._aside = parts.rows
        return Parts(clean=parts.clean, aside=parts.aside, rows=parts.rows)

    def _newest_of(self, frame: "pl.DataFrame", usable: set[str]) -> str:
        wanted = self._terms.freshness
        if wanted is None or wanted.column not in usable:
            return ""
        newest: Any = frame[wanted.column].max()
        return newest.isoformat() if newest is not None and hasattr(newest, "isoformat") else ""


def _cast(name: str, found: "pl.DataType", target: Any) -> "pl.Expr":
    import polars as pl

    value = pl.col(name)
    if found != pl.String:
        read_as = value.cast(target, strict=False)
        # 1.5 is no integer, though it can be cut to one
        return pl.when(read_as.cast(found, strict=False) == value).then(read_as)
    value = value.str.strip_chars()
    if target == pl.Boolean:
        return value.str.to_lowercase().replace_strict(
            {"true": True, "false": False}, default=None, return_dtype=pl.Boolean
        )
    if isinstance(target, pl.Datetime):
        zoned = value.str.to_datetime(time_unit=target.time_unit, time_zone=target.time_zone and "UTC", strict=False)
        return zoned.dt.convert_time_zone(target.time_zone) if target.time_zone else zoned
    if target == pl.Date:
        return value.str.to_date("%Y-%m-%d", strict=False)
    if target == pl.Time:
        return value.str.to_time(strict=False)
    return value.cast(target, strict=False)


def period_bounds(stem: str, name: str) -> tuple[datetime, datetime]:
    """
    The time that a file's name says: from its beginning up to, but without, its end.

    Args:
        stem: The file's name without ending.
        name: How such names are written: `%Y-%m`. Its finest part says how long the period is.

    Raises:
        ValueError: The name is not written so.
    """
    start = datetime.strptime(stem, name)  # noqa: DTZ007 - local to the zone of the period
    if "%H" in name:
        return start, start + timedelta(hours=1)
    if "%d" in name or "%j" in name:
        return start, start + timedelta(days=1)
    if "%m" in name or "%b" in name or "%B" in name:
        return start, start + timedelta(days=calendar.monthrange(start.year, start.month)[1])
    return start, start.replace(year=start.year + 1)


def _example(raw: "pl.DataFrame", rule: Rule, row: int, key: list[str]) -> str:
    text = ", ".join(str(raw[name][row]) for name in ([rule.column] if rule.column else key))
    shown = ascii(text)[1:-1] if not text.isprintable() else text
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
