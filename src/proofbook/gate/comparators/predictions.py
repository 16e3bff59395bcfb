"""
Predictions, row by row: both sides' predictions of the same rows, held against the same truth.

Rows are aligned by the key (without one by order), so that what is easy and what is hard to predict is so for both, and
a difference is seen that two scores alone could not tell from the luck of the rows. With a margin:

    regressed     worse by more than the margin, and by more than chance (1%)
    pass          the bound of the loss (5%) lies within the margin: it is shown not to be inferior
    improved      better by more than the margin, and by more than chance (1%)
    inconclusive  anything else: too few rows to tell

Without a margin only what chance explains is told from what it does not. Under `superiority` being better is to be
shown, beyond margin and chance. Slices are judged in the same way at a level shared out by Holm; one that regresses
makes a pass `changed`: the whole is not inferior, and a person decides about the part.

Another truth for the same row, rows that came or went, and other classes are never a pass; NaN is a failure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from proofbook.gate import holm
from proofbook.gate.alignment import Pairs, align_by_key, align_by_order
from proofbook.gate.classes import class_name, class_of, fits, unified
from proofbook.gate.numbers import amount, describe, pair, ulps
from proofbook.gate.outcome import PayloadError, outcome
from proofbook.gate.parquet import Payload, Selection, both
from proofbook.gate.registry import Keep, Load
from proofbook.gate.scores import HIGHER, Unscorable, difference, faults, metric_of
from proofbook.model.record import Record, Rule
from proofbook.model.verdict import Comparison, Noise, Verdict

if TYPE_CHECKING:
    import polars as pl

    from proofbook.gate.paired import Difference
    from proofbook.gate.parquet import Side
    from proofbook.model.record import Metric

__all__ = ["LEVEL", "NOT_INFERIOR", "compare_predictions"]

LEVEL = 0.01
"""Probability that chance alone makes predictions that are no worse look worse: one-sided."""
NOT_INFERIOR = 0.05
"""One minus the confidence with which a loss beyond the margin must be excluded before it passes."""
_HEARD = ("better", "margin", "floor", "ceiling")
_SLICES_LIMIT = 200
"""Slices that are judged, the largest; the others are counted."""


@dataclass(frozen=True)
class _Rows:
    """Aligned rows."""

    truth: pl.Series
    production: pl.Series
    candidate: pl.Series
    retold: int
    """Rows whose truth is not what it was."""


@dataclass(frozen=True)
class _Slice:
    name: str
    found: Difference
    level: float

    def regressed(self, rule: Rule) -> bool:
        margin = rule.margin or 0.0
        return self.found.loss - margin > _slack(self.found) and self.found.worse() <= self.level


def compare_predictions(production: Record, candidate: Record, *, load: Load, keep: Keep) -> Comparison:  # noqa: ARG001  every comparator has this signature
    """Compare two sets of predictions, stored as Parquet."""
    rule = candidate.rule
    before, after = both(production, candidate, load=load)
    _check_columns(after, rule=rule, side="candidate")
    _check_columns(before, rule=rule, side="production")
    if not (after.rows and before.rows):
        side: Side = "production" if after.rows else "candidate"
        raise PayloadError(f"{'production' if after.rows else 'it'} has no rows: nothing to compare", side=side)
    whole = after.frame([rule.truth or "", rule.prediction or ""], Selection(after, range(after.rows)))
    metric = metric_of(rule, whole.to_series(0))
    _check_values(whole, metric=metric, rule=rule, side="candidate")
    if rule.better is not None and (rule.better == "higher") != (metric in HIGHER):
        better = "higher" if metric in HIGHER else "lower"
        raise PayloadError(f"declares better {rule.better}, and of {metric} {better} is better", side="candidate")
    held = before.frame([rule.truth or "", rule.prediction or ""], Selection(before, range(before.rows)))
    _check_values(held, metric=metric, rule=rule, side="production")
    if not rule.key and before.rows != after.rows:
        said = f"{after.rows:,} rows beside production's {before.rows:,}, and no key to align them by"
        return outcome(candidate, "inconclusive", said, heard=_HEARD)
    pairs = align_by_key(before, after, key=rule.key) if rule.key else align_by_order(before, after)
    if not len(pairs):
        return outcome(candidate, "inconclusive", "no row is production's as well: other keys", heard=_HEARD)
    rows = _aligned(before, after, pairs, rule=rule)
    try:
        found = difference(rows.truth, rows.production, rows.candidate, metric=metric)
    except Unscorable as reason:
        return outcome(candidate, "inconclusive", f"cannot be scored: {reason}", heard=_HEARD)
    slices, unjudged = _slices(after, pairs, rows, rule=rule, metric=metric)
    return _said(candidate, found, metric=metric, rows=rows, pairs=pairs, slices=slices, unjudged=unjudged)


def _check_columns(payload: Payload, *, rule: Rule, side: Side) -> None:
    for what, names in (
        ("truth", (rule.truth,)),
        ("prediction", (rule.prediction,)),
        ("key", rule.key),
        ("slice", rule.slices),
    ):
        for name in names:
            if name is None:
                raise PayloadError(f"does not say which column is the {what}", side="candidate")
            if name not in payload.schema and not (what == "slice" and side == "production"):
                whose = "has" if side == "candidate" else "production has"
                raise PayloadError(f"{whose} no column {name!r}, which its rule names as {what}", side=side)
            if what == "key" and class_of(payload.schema[name]) in {"list", "struct"}:
                raise PayloadError(f"key column {name!r} is a {class_of(payload.schema[name])}", side=side)


def _check_values(frame: pl.DataFrame, *, metric: Metric, rule: Rule, side: Side) -> None:
    fault = faults(frame[rule.prediction or ""], frame[rule.truth or ""], metric=metric)
    if fault is not None:
        raise PayloadError(f"{'has' if side == 'candidate' else 'production has'} {fault}", side=side)


def _aligned(before: Payload, after: Payload, pairs: Pairs, *, rule: Rule) -> _Rows:
    truth, prediction = rule.truth or "", rule.prediction or ""
    for name in (truth, *rule.key):
        if not fits(before.schema[name], after.schema[name]):
            was, now = class_name(before.schema[name]), class_name(after.schema[name])
            raise PayloadError(f"column {name!r} was {was}, is {now}: rows cannot be held together", side="candidate")
    left, right = Selection(before, pairs.production), Selection(after, pairs.candidate)
    held, asked = (side.frame([truth, prediction], rows) for side, rows in ((before, left), (after, right)))
    old, new = unified(held[truth], asked[truth])
    return _Rows(new, held[prediction], asked[prediction], retold=int(old.ne_missing(new).sum()))


def _slices(
    after: Payload, pairs: Pairs, rows: _Rows, *, rule: Rule, metric: Metric
) -> tuple[list[_Slice], dict[str, str]]:
    """What was found within each value of each slicing column, worst first, and what could not be scored."""
    import polars as pl

    found: list[tuple[str, Difference]] = []
    unjudged: dict[str, str] = {}
    for column in rule.slices:
        values = after.column(column, Selection(after, pairs.candidate))
        frame = pl.DataFrame({"value": unified(values, values)[0]}).with_row_index("row")
        groups = frame.group_by("value", maintain_order=True).agg(pl.col("row"), pl.len().alias("rows"))
        groups = groups.sort("rows", descending=True, maintain_order=True)
        if groups.height > _SLICES_LIMIT:
            unjudged[column] = f"{groups.height - _SLICES_LIMIT:,} smaller slices of {groups.height:,}"
        for value, places in groups.head(_SLICES_LIMIT).select("value", "row").iter_rows():
            name = f"{column}={describe(value)}"
            inside = pl.Series(places)
            truth, old, new = (side.gather(inside) for side in (rows.truth, rows.production, rows.candidate))
            try:
                found.append((name, difference(truth, old, new, metric=metric)))
            except Unscorable as reason:
                unjudged[name] = str(reason)
    levels = holm.share([one.worse() for _, one in found], level=LEVEL)
    slices = [_Slice(name, one, level) for (name, one), level in zip(found, levels, strict=True)]
    return sorted(slices, key=lambda one: -one.found.loss), unjudged


def _said(
    candidate: Record,
    found: Difference,
    *,
    metric: Metric,
    rows: _Rows,
    pairs: Pairs,
    slices: list[_Slice],
    unjudged: dict[str, str],
) -> Comparison:
    rule = candidate.rule
    texts = pair(found.production, found.candidate, beside=rule.margin)
    same = _same(rows)
    verdict, words = _judge(found, rule=rule, same=same)
    if bound := _bound(found.candidate, rule=rule):
        verdict, words = "regressed", bound
    bad = [one for one in slices if one.regressed(rule)]
    if bad and verdict in {"pass", "improved"}:
        verdict = "changed"
    if rule.exact and not same:
        verdict, words = "regressed", f"{words}, and any difference counts"
    missing = _otherwise(pairs, rows)
    if missing and verdict != "regressed":
        verdict = "inconclusive"
    parts = [f"{metric} {texts[0]} → {texts[1]} on {found.rows:,} rows: {words}", *missing]
    parts += [_of_slices(bad, of=len(slices))] if bad else []
    detectable = found.detectable(LEVEL, margin=rule.margin or 0.0)
    if not same:
        parts.append(f"smallest loss seen at 80% is {amount(detectable)} ({found.method})")
    evidence = _evidence(found, metric=metric, rows=rows, pairs=pairs, slices=slices, unjudged=unjudged)
    sides, reason = texts[:2], "; ".join(parts)
    said = outcome(candidate, verdict, reason, sides=sides, change=texts[2], heard=_HEARD, evidence=evidence)
    return replace(said, noise=_chance(found, detectable=detectable, higher=metric in HIGHER))


def _same(rows: _Rows) -> bool:
    old, new = unified(rows.production, rows.candidate)
    return old.dtype == new.dtype and old.equals(new)


def _judge(found: Difference, *, rule: Rule, same: bool) -> tuple[Verdict, str]:
    """The whole, by margin and chance."""
    if same and rule.superiority:
        return "inconclusive", "the same predictions; it must be better than production, and that is not shown"
    if same:
        return "pass", "the same predictions"
    slack, margin = _slack(found), rule.margin
    way = "worse" if found.loss > 0 else "better"
    words = f"{way} by {amount(abs(found.loss))}" if abs(found.loss) > slack else "no better and no worse"
    words += f", margin {amount(margin)}" if margin is not None else ""
    allowed = margin or 0.0
    verdict: Verdict = "inconclusive"
    if found.loss - allowed > slack:
        if found.worse() <= LEVEL:
            verdict = "regressed" if rule.gates else "changed"
            words += ", and not by chance"
        elif margin is None and not rule.superiority:
            verdict, words = "pass", f"{words}, no more than chance does"
        else:
            words += ", but chance may do that"
    elif -found.loss - allowed > slack and found.better(-allowed if rule.superiority else 0.0) <= LEVEL:
        verdict, words = "improved", f"{words}, and not by chance"
    elif rule.superiority:
        words += "; it must be better than production, and that is not shown"
    elif margin is None or found.deviation == 0 or found.better(margin) <= NOT_INFERIOR:
        verdict = "pass"
    else:
        words += f", but too few rows to exclude a loss of {amount(found.bound(NOT_INFERIOR))}"
    return verdict, words


def _slack(found: Difference) -> float:
    return ulps(found.production, found.candidate)


def _bound(score: float, *, rule: Rule) -> str | None:
    if rule.floor is not None and score < rule.floor:
        return f"below its floor of {describe(rule.floor)}"
    if rule.ceiling is not None and score > rule.ceiling:
        return f"above its ceiling of {describe(rule.ceiling)}"
    return None


def _otherwise(pairs: Pairs, rows: _Rows) -> list[str]:
    """What keeps both sides from having been asked the same."""
    parts = [f"the truth of {rows.retold:,} rows is another one"] if rows.retold else []
    parts += [f"{len(pairs.removed):,} of production's rows gone"] if len(pairs.removed) else []
    parts += [f"{len(pairs.added):,} rows new"] if len(pairs.added) else []
    return parts


def _of_slices(bad: list[_Slice], *, of: int) -> str:
    shown = ", ".join(f"{one.name} by {amount(one.found.loss)}" for one in bad[:3])
    more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
    return f"worse in {len(bad)} of {of} slices: {shown}{more}"


def _evidence(
    found: Difference,
    *,
    metric: Metric,
    rows: _Rows,
    pairs: Pairs,
    slices: list[_Slice],
    unjudged: dict[str, str],
) -> dict[str, Any]:
    return {
        "metric": metric,
        "method": found.method,
        "loss": found.loss,
        "deviation": found.deviation,
        "interval": [found.least(NOT_INFERIOR), found.bound(NOT_INFERIOR)],
        "by_chance": found.worse(),
        "rows": {
            "aligned": len(pairs),
            "added": len(pairs.added),
            "removed": len(pairs.removed),
            "other truth": rows.retold,
        },
        "slices": {
            one.name: {
                "rows": one.found.rows,
                "production": one.found.production,
                "candidate": one.found.candidate,
                "loss": one.found.loss,
                "by_chance": one.found.worse(),
                "level": one.level,
            }
            for one in slices[:50]
        },
        "slices_not_judged": dict(list(unjudged.items())[:50]),
    }


def _chance(found: Difference, *, detectable: float, higher: bool) -> Noise:
    """What is known of chance, where it is kept of other numbers too."""
    reach = found.bound(LEVEL) - found.loss
    return Noise(
        source="paired",
        runs=found.rows,
        deviation=found.deviation,
        baseline=found.production,
        level=LEVEL,
        bound=found.production - reach if higher else found.production + reach,
        detectable=detectable,
    )
