"""The checks of a contract that look at rows, as a schema of dataframely."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from proofbook.contracts.contract import Column, Period, Terms

if TYPE_CHECKING:
    import polars as pl

__all__ = ["ROW", "Rule", "broken", "column_of", "local", "of_rows"]

ROW = "proofbook row"
"""Name of the column that numbers the rows, from 0."""


class Rule(Struct, frozen=True):
    """One check of one column; what is null keeps every rule but `nulls`."""

    column: str
    check: str
    holds: Any
    """Polars expression, true for a row that keeps it."""
    said: str
    """`outside of 0 to 100 %`: what is said of a row that does not."""
    cure: str


def of_rows(
    terms: Terms,
    frame: "pl.DataFrame",
    *,
    usable: set[str],
    bounds: tuple[datetime, datetime] | None,
    raw: "pl.DataFrame",
) -> list[Rule]:
    """
    The rules for the columns that can be looked at.

    Args:
        terms: The contract.
        frame: The rows, read to the declared types.
        usable: Columns that are there and of their type.
        bounds: Of the file's period, local to its zone: from, and up to but without.
        raw: The rows as they are in the file: what is malformed is not missing there.
    """
    rules: list[Rule] = []
    for name, column in terms.columns.items():
        if name in usable:
            rules += _of_column(name, column, frame, usable, raw)
    if terms.key and usable.issuperset(terms.key):
        rules.append(_key(terms.key, frame))
    if terms.period and bounds and terms.period.column in usable:
        rules.append(_period(terms.period, frame, bounds))
    return rules


def broken(frame: "pl.DataFrame", rules: list[Rule]) -> "tuple[list[int], pl.DataFrame]":
    """
    How many rows break each rule; and those that break any: their index, and a column of truth values for each rule.

    dataframely evaluates all rules at once and keeps the rows that break one.
    """
    import dataframely as dy
    import polars as pl

    members: dict[str, Any] = {f"c{number}": dy.Any(alias=name) for number, name in enumerate([ROW, *frame.columns])}
    names = [column_of(number) for number in range(len(rules))]
    members |= {name: dy.rule()(_giving(rule.holds)) for name, rule in zip(names, rules, strict=True)}
    schema: Any = type("Rows", (dy.Schema,), members)
    _, failure = schema.filter(frame.with_row_index(ROW).lazy())
    details = failure.details()
    found = details.select(ROW, *((pl.col(name) == "invalid").alias(name) for name in names))
    return [int(found[name].sum()) for name in names], found.sort(ROW)


def column_of(number: int) -> str:
    """Name of the column that says which rows break the rule of that number."""
    return f"proofbook rule {number}"


def local(frame: "pl.DataFrame", column: str, zone: str) -> "pl.Expr":
    """A moment as the clocks of a zone show it; dates, and moments without a zone, as they are."""
    import polars as pl

    kind = frame.schema[column]
    if isinstance(kind, pl.Datetime) and kind.time_zone is not None:
        return pl.col(column).dt.convert_time_zone(zone).dt.replace_time_zone(None)
    return pl.col(column).cast(pl.Datetime("us"))


def _giving(expression: Any) -> Any:
    return lambda _: expression


def _of_column(name: str, column: Column, frame: "pl.DataFrame", usable: set[str], raw: "pl.DataFrame") -> list[Rule]:
    import polars as pl

    value, place = pl.col(name), f"columns.{name}"
    unit = f" {column.unit}" if column.unit else ""
    rules = []

    def rule(check: str, holds: Any, said: str, cure: str) -> None:
        rules.append(Rule(name, check, holds, said, f"correct the file, or {cure} in {place}"))

    if column.nulls == 0:
        rule("nulls", pl.lit(raw[name].is_not_null()), "without a value", "raise nulls")
    if column.finite and frame.schema[name].is_float():
        rule("finite", value.is_finite(), "neither a number nor missing (NaN or infinite)", "set finite = false")
    if column.range is not None:
        low, high = (_bound(one, frame.schema[name]) for one in column.range)
        said = f"outside of {_said(column.range[0])} to {_said(column.range[1])}{unit}"
        inside = value.is_between(low, high)
        # what is no number is what `finite` speaks of
        rule("range", inside | ~value.is_finite() if frame.schema[name].is_float() else inside, said, "widen range")
    if column.categories is not None:
        known = pl.Series(column.categories, dtype=_categories(frame.schema[name]), strict=False)
        rule(
            "categories",
            value.cast(known.dtype).is_in(known.implode()),
            "in none of the categories",
            "add to categories",
        )
    if column.pattern is not None:
        whole = value.cast(pl.String).str.contains(f"^(?:{column.pattern})$")
        rule("pattern", whole, f"not like {column.pattern}", "change pattern")
    return rules + _beside(name, column, frame, usable)


def _beside(name: str, column: Column, frame: "pl.DataFrame", usable: set[str]) -> list[Rule]:
    """Rules that look at other rows, or other columns."""
    import polars as pl

    value, cure, rules = pl.col(name), "correct the file, or {} in columns." + name, []
    if column.unique:
        rules.append(
            Rule(
                name,
                "unique",
                value.is_null() | value.is_unique(),
                "with a value that occurs again",
                cure.format("set unique = false"),
            )
        )
    if column.not_above and column.not_above in usable:
        rules.append(
            Rule(
                name,
                "not_above",
                value <= pl.col(column.not_above),
                f"above {column.not_above}",
                cure.format("remove not_above"),
            )
        )
    for part, other in column.parts.items():
        if other in usable:
            told = getattr(local(frame, name, column.zone).dt, part)()
            said = f"whose {part} ({column.zone}) is not what {other} says"
            rules.append(
                Rule(
                    name,
                    "parts",
                    told.cast(pl.Int64) == pl.col(other).cast(pl.Int64),
                    said,
                    cure.format("change parts"),
                )
            )
    return rules


def _key(key: list[str], frame: "pl.DataFrame") -> Rule:
    """Rows that share a key: of rows that are equal as a whole the first stays, of others none is known to be right."""
    import polars as pl

    again = pl.struct(key).is_duplicated()
    holds = ~again
    if frame.select(again.any()).item():
        whole = pl.struct(frame.columns)
        first, alone = whole.is_first_distinct(), (whole.is_first_distinct().cast(pl.UInt32).sum().over(key) == 1)
        holds = ~again | (first & alone)
    return Rule(
        "", "key", holds, f"whose key ({', '.join(key)}) occurs again",
        "remove the rows that are there twice, or change key",
    )  # fmt: skip


def _period(period: Period, frame: "pl.DataFrame", bounds: tuple[datetime, datetime]) -> Rule:
    import polars as pl

    low, high = (pl.lit(one, dtype=pl.Datetime("us")) for one in bounds)
    moment = local(frame, period.column, period.zone)
    said = f"outside of the file's period, {bounds[0]:%Y-%m-%d %H:%M} to {bounds[1]:%Y-%m-%d %H:%M} ({period.zone})"
    return Rule(
        period.column,
        "period",
        (moment >= low) & (moment < high),
        said,
        "correct the file or its name, or change [period]",
    )


def _bound(value: Any, kind: "pl.DataType") -> Any:
    import polars as pl

    if isinstance(kind, pl.Datetime) and isinstance(value, date):
        moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001 - the zone comes next
        zone = kind.time_zone
        if zone is None:
            return pl.lit(moment.replace(tzinfo=None), dtype=pl.Datetime(kind.time_unit))
        if moment.tzinfo is None:
            return (
                pl.lit(moment, dtype=pl.Datetime(kind.time_unit)).dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
            )
        return pl.lit(moment).dt.convert_time_zone(zone)
    return value


def _categories(kind: "pl.DataType") -> Any:
    import polars as pl

    return pl.String if kind.base_type().__name__ in {"String", "Categorical", "Enum"} else kind


def _said(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) and abs(value) < 1e6 else str(value)
