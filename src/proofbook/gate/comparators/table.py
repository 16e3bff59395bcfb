"""
Tables: first the columns, then rows aligned, then each column by its class.

With a `key` rows are aligned by it, and neither their order nor that of the columns counts; a key that repeats is said
and never passes. Without a key the n-th row is compared with the n-th: order is then part of the table, and a mere
reordering is said to be one. Text, whole numbers, truth and times are compared exactly, floats up to rounding or within
the rule's tolerance.

A direction, margin, floor or ceiling holds for every fraction (float or decimal) outside of the key: in a table of one
score a carrier each carrier's score is judged, and counts beside it are compared as ever. The verdict is that of the
worst value. A table without any fraction cannot be judged so.

Columns are read a few at a time, and rows in portions: memory does not grow with the table, but for its key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proofbook.gate import sweep
from proofbook.gate.alignment import Pairs, SchemaChange, align_by_key, align_by_order, schema_change
from proofbook.gate.classes import class_of
from proofbook.gate.columns import Cell, Column, is_measure, plain
from proofbook.gate.numbers import amount, describe
from proofbook.gate.outcome import PayloadError, differs, outcome
from proofbook.gate.parquet import Payload, both
from proofbook.gate.registry import Keep, Load
from proofbook.model.record import Record, Rule
from proofbook.model.verdict import Comparison, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["compare_tables"]

_DIRECTED = ("better", "margin", "floor", "ceiling")
_SHOWN = 10


@dataclass(frozen=True)
class _Tables:
    """Both sides and what was found; what all sentences are made of."""

    before: Payload
    after: Payload
    rule: Rule
    schema: SchemaChange
    pairs: Pairs
    columns: tuple[Column, ...]
    differing: int

    @property
    def exactly(self) -> tuple[Column, ...]:
        """The columns that no direction speaks for."""
        return tuple(column for column in self.columns if not (column.measured and self.rule.better))

    @property
    def directed(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.measured and self.rule.better)


def compare_tables(production: Record, candidate: Record, *, load: Load, keep: Keep) -> Comparison:  # noqa: ARG001  every comparator has this signature
    """Compare two tables, stored as Parquet."""
    rule = candidate.rule
    before, after = both(production, candidate, load=load)
    same = before is after
    schema = schema_change(before.schema, after.schema, exact=rule.exact)
    measures = _measures(before, after, schema=schema, rule=rule)
    heard = ("tolerance", *(_DIRECTED if measures else ()))

    def found(verdict: Verdict, reason: str, **more: Any) -> Comparison:
        if (rule.superiority or rule.noise is not None) and verdict in {"pass", "improved"}:
            verdict, said = "inconclusive", "superiority" if rule.superiority else "noise"
            reason = f"{reason}; {said} cannot be judged on a table: record the number itself as a scalar"
        return outcome(candidate, verdict, reason, heard=heard, sides=(_rows(before.rows), _rows(after.rows)), **more)

    if same:
        sweep.read_through(after)
    if before.rows == after.rows == 0 and not schema:
        return found("inconclusive", "has no rows: nothing to compare")
    _check_key(rule.key, before=before, after=after, schema=schema)
    bounded = rule.floor is not None or rule.ceiling is not None
    beyond = sweep.outside(after, names=measures, rule=rule) if bounded and measures else []
    if violated := [column for column in beyond if column.rows]:
        return found("regressed", _violation(violated, rule=rule, after=after))
    pairs = align_by_key(before, after, key=rule.key) if rule.key else align_by_order(before, after)
    swept = sweep.Found((), 0) if same else sweep.sweep(before, after, pairs, names=schema.common, rule=rule)
    tables = _Tables(before, after, rule, schema, pairs, swept.columns, swept.differing)
    if not (schema or swept.columns or len(pairs.added) or len(pairs.removed)):
        return _equal(tables, same=same, missing=sum(column.missing for column in beyond), found=found)
    return _different(tables, found=found)


def _measures(before: Payload, after: Payload, *, schema: SchemaChange, rule: Rule) -> list[str]:
    return [
        name for name in schema.common if name not in rule.key and is_measure(before.schema[name], after.schema[name])
    ]


def _check_key(key: tuple[str, ...], *, before: Payload, after: Payload, schema: SchemaChange) -> None:
    for name in key:
        if name not in after.schema:
            raise PayloadError(f"has no column {name!r}, which its key names", side="candidate")
        if name not in before.schema:
            raise PayloadError(f"production has no column {name!r} to align rows by", side="production")
        if name in schema.retyped and name not in schema.rezoned:
            was, now = schema.retyped[name]
            raise PayloadError(f"key column {name!r} was {was}, is {now}: rows cannot be aligned", side="candidate")
        if (kind := class_of(after.schema[name])) in {"list", "struct"}:
            raise PayloadError(f"key column {name!r} is a {kind}, which identifies no row", side="candidate")


def _violation(beyond: Sequence[sweep.Outside], *, rule: Rule, after: Payload) -> str:
    """The sentence. What is below a floor is so whatever production was."""
    first = beyond[0]
    low = rule.floor is not None and first.worst < rule.floor
    side, bound = ("below its floor", rule.floor) if low else ("above its ceiling", rule.ceiling)
    where = _where(_place(after, first.row, key=rule.key))
    more = f", and {len(beyond) - 1} more columns" if len(beyond) > 1 else ""
    return (
        f"{first.column} at {where}: {describe(first.worst)} is {side} of {describe(bound)}"
        f" ({_rows(first.rows)} in {first.column}{more})"
    )


def _equal(tables: _Tables, *, same: bool, missing: int, found: Callable[..., Comparison]) -> Comparison:
    if not sweep.holds_values(tables.after):
        return found("inconclusive", f"{_rows(tables.after.rows)} without any value: nothing to compare")
    if missing:
        return found("inconclusive", f"{missing:,} values are missing: no floor or ceiling holds for them")
    reason = "the same bytes" if same else f"{_rows(tables.after.rows)} equal"
    for name, (was, now) in tables.schema.rezoned.items():
        reason += f"; {name} names the same instants in {now}, not {was}"
    return found("pass", reason, change="no change")


def _different(tables: _Tables, *, found: Callable[..., Comparison]) -> Comparison:
    schema, pairs, rule = tables.schema, tables.pairs, tables.rule
    cells = sweep.worst_cells(tables.columns)
    evidence = _evidence(tables, cells)
    change = _change(tables)
    if not rule.key and not schema and sweep.reordered(tables.before, tables.after, names=schema.common, rule=rule):
        reason = "the same rows in another order: declare a key if their order does not count"
        return found(differs(rule), reason, change=change, evidence=evidence)
    verdict: Verdict = "pass"
    failed, remarks = False, []
    if schema or len(pairs.added) or len(pairs.removed) or tables.exactly:
        verdict = differs(rule)
    if tables.directed:
        directed, failed, remark = _directed(tables.directed, rule=rule)
        verdict = _worse(verdict, directed)
        remarks = [remark]
    reason = "; ".join([*_sentences(tables, cells), *remarks])
    return found(verdict, reason, failed=failed, change=change, evidence=evidence)


_ORDER: tuple[Verdict, ...] = ("pass", "improved", "changed", "regressed", "inconclusive")


def _worse(one: Verdict, other: Verdict) -> Verdict:
    return max(one, other, key=_ORDER.index)


def _directed(columns: tuple[Column, ...], *, rule: Rule) -> tuple[Verdict, bool, str]:
    """What the direction says of the fractions that differ: verdict, whether it failed, and why."""
    if lost := sum(column.lost for column in columns):
        return "inconclusive", True, f"{lost:,} {'value is' if lost == 1 else 'values are'} missing or infinite"
    worst = max(columns, key=lambda column: column.loss)
    best = max(columns, key=lambda column: column.gain)
    if rule.exact:
        return "regressed", False, "any difference counts"
    margin = rule.margin
    if margin is None and rule.tolerance is None:
        if worst.loss > 0:
            said = f"worse by up to {amount(worst.loss)} in {worst.name} and no margin declared: declare one, or accept"
            return "changed", False, said
        return _gained(best)
    # values within the tolerance were found equal: what is left is beyond it
    allowed = margin or 0.0
    bound = f"margin {amount(margin)}" if margin is not None else f"tolerance {amount(rule.tolerance or 0.0)} relative"
    if worst.loss - allowed > worst.slack:
        return "regressed", False, f"worse by up to {amount(worst.loss)} in {worst.name}, {bound}"
    if best.gain - allowed > best.slack:
        verdict, _, said = _gained(best)
        return verdict, False, f"{said}, {bound}"
    return "pass", False, f"all within the {bound.replace(' ', ' of ', 1)}"


def _gained(best: Column) -> tuple[Verdict, bool, str]:
    if best.gain > 0:
        return "improved", False, f"better by up to {amount(best.gain)} in {best.name}"
    return "changed", False, "values appeared where production has none"


def _sentences(tables: _Tables, cells: list[Cell]) -> list[str]:
    schema, pairs = tables.schema, tables.pairs
    parts = [str(schema)] if schema else []
    differing = {column.name for column in tables.columns}
    alike = [name for name in schema.retyped if name in schema.common and name not in differing]
    parts += [f"values of {', '.join(alike[:3])} equal"] if alike and len(pairs) else []
    parts += [f"{_rows(len(pairs.removed))} gone"] if len(pairs.removed) else []
    parts += [f"{_rows(len(pairs.added))} new"] if len(pairs.added) else []
    if tables.columns:
        names = ", ".join(column.name for column in tables.columns[:3])
        names += f" and {len(tables.columns) - 3} more" if len(tables.columns) > 3 else ""
        first = cells[0]
        where = _where(_place(tables.after, first.row, key=tables.rule.key))
        values = f"{describe(first.production)} → {describe(first.candidate)}"
        parts.append(
            f"{tables.differing:,} of {_rows(len(pairs))} differ in {names}"
            f" (worst in {first.column} at {where}: {values})"
        )
    return parts


def _place(payload: Payload, row: int, *, key: tuple[str, ...]) -> dict[str, Any]:
    return sweep.rows_as_json(payload, [row], names=key)[0] if key else {"row": row}


def _where(place: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in place.items())


def _change(tables: _Tables) -> str:
    pairs = tables.pairs
    parts = ["columns"] if tables.schema else []
    parts += [f"+{len(pairs.added):,}"] if len(pairs.added) else []
    parts += [f"-{len(pairs.removed):,}"] if len(pairs.removed) else []
    parts += [f"{tables.differing:,} of {_rows(len(pairs))}"] if tables.differing else []
    return ", ".join(parts)


def _evidence(tables: _Tables, cells: list[Cell]) -> dict[str, Any]:
    schema, pairs, key = tables.schema, tables.pairs, tables.rule.key

    def alone(payload: Payload, rows: Any) -> list[dict[str, Any]]:
        return sweep.rows_as_json(payload, list(rows[:_SHOWN]), names=key or tuple(payload.schema)) if len(rows) else []

    places = sweep.rows_as_json(tables.after, [cell.row for cell in cells], names=key) if key and cells else None
    return {
        "rows": {
            "aligned": len(pairs),
            "differing": tables.differing,
            "added": len(pairs.added),
            "removed": len(pairs.removed),
        },
        "schema": {
            "added": list(schema.added),
            "removed": list(schema.removed),
            "retyped": {name: list(types) for name, types in schema.retyped.items()},
            "rezoned": {name: list(zones) for name, zones in schema.rezoned.items()},
        },
        "columns": {
            column.name: {"rows": column.rows, "largest": plain(column.worst[0].size)} for column in tables.columns
        },
        "worst": [
            {
                "row": places[number] if places else {"row": cell.row},
                "column": cell.column,
                "production": cell.production,
                "candidate": cell.candidate,
            }
            for number, cell in enumerate(cells)
        ],
        "added": alone(tables.after, pairs.added),
        "removed": alone(tables.before, pairs.removed),
    }


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number:,} rows"
