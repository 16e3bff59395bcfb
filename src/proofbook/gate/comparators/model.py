"""
Models: by what they do, never by their bytes.

With a probe set (`record("model", model, probe=X)`) production's predictions for it are held against the candidate's:
how many rows agree, the largest change, and where the scale of the predictions moved. Equal within `tolerance` (of a
probability its difference, of another number the relative one; rounding, where none is declared) passes, all else is
`changed`, and `regressed` where the rule is exact. How long predicting took, and how large the file is, are only said.

Another probe set is `inconclusive`. Without one only the bytes are known: the same pass, others are `changed`.
"""

from __future__ import annotations

import math
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

from proofbook.gate.numbers import amount
from proofbook.gate.outcome import PayloadError, allowed, differs, outcome
from proofbook.gate.registry import Keep, Load
from proofbook.model.record import Record
from proofbook.model.verdict import Comparison

if TYPE_CHECKING:
    import polars as pl

    from proofbook.gate.behaviour import Behaviour

__all__ = ["compare_models"]

_Side = Literal["production", "candidate"]
_HEARD = ("tolerance",)
_NOTABLE = 1.2
"""How much longer, or larger, is worth a word."""


def compare_models(production: Record, candidate: Record, *, load: Load, keep: Keep) -> Comparison:  # noqa: ARG001  every comparator has this signature
    """Compare two models: by their predictions for a probe set, where both have one."""
    after, before = _probe(candidate), _probe(production)
    if after is None and before is None:
        return _by_bytes(production, candidate)
    sides = (_shown(production, before), _shown(candidate, after))
    if after is None:
        reason = "has no probe set, and production has: its behaviour cannot be compared"
        return outcome(candidate, "inconclusive", reason, failed=True, heard=_HEARD, sides=sides)
    new = _predictions(candidate, load=load, side="candidate")
    if before is None:
        raise PayloadError("production's model has no probe set: nothing to compare with", side="production")
    if before.get("digest") != after.get("digest") or not isinstance(after.get("digest"), str):
        reason = "probed on another set than production: the two cannot be compared; keep one probe set for both"
        return outcome(candidate, "inconclusive", reason, heard=_HEARD, sides=sides)
    old = _predictions(production, load=load, side="production")
    if old.height != new.height:
        reason = f"predicts {new.height:,} rows of a probe set for which production predicts {old.height:,}"
        return outcome(candidate, "inconclusive", reason, failed=True, heard=_HEARD, sides=sides)
    if (before.get("method"), sorted(old.columns)) != (after.get("method"), sorted(new.columns)):
        reason = _other_answers(old, new, before=before, after=after)
        return outcome(candidate, differs(candidate.rule), reason, change="other classes", heard=_HEARD, sides=sides)
    return _by_behaviour(candidate, production, _compared(old, new, after, candidate), sides=sides)


def _by_behaviour(candidate: Record, production: Record, found: Behaviour, *, sides: tuple[str, str]) -> Comparison:
    costs = _costs(production.value, candidate.value)
    evidence: dict[str, Any] = {
        "agreement": found.agreement,
        "largest": found.largest,
        "shift": found.shift,
        "calibration": found.calibration,
        "worst": list(found.worst),
        "costs": costs,
    }
    said = f"{found}, largest change {amount(found.largest)}"
    moved = f", mean moved by {amount(found.shift)}, in a tenth of the rows by {amount(found.calibration)}"
    reason = said if found.same else said + moved
    return outcome(
        candidate,
        "pass" if found.same else differs(candidate.rule),
        "; ".join([reason, *costs]),
        change="no change" if found.same and found.largest == 0 else f"largest {amount(found.largest)}",
        evidence=evidence,
        heard=_HEARD,
        sides=sides,
    )


def _compared(old: pl.DataFrame, new: pl.DataFrame, probe: dict[str, Any], candidate: Record) -> Behaviour:
    from proofbook.gate import behaviour

    tolerance = allowed(candidate.rule)
    if probe.get("method") == "predict_proba":
        return behaviour.compare_probabilities(old, new, tolerance=tolerance)
    if all(dtype.is_float() for frame in (old, new) for dtype in frame.dtypes):
        return behaviour.compare_numbers(old, new, tolerance=tolerance)
    numbers = all(dtype.is_numeric() for frame in (old, new) for dtype in frame.dtypes)
    if numbers and tolerance:
        return behaviour.compare_numbers(old, new, tolerance=tolerance)
    return behaviour.compare_labels(old, new)


def _other_answers(old: pl.DataFrame, new: pl.DataFrame, *, before: dict[str, Any], after: dict[str, Any]) -> str:
    if before.get("method") != after.get("method"):
        return f"answers by {after.get('method')}, production by {before.get('method')}"
    parts = [
        f"{', '.join(names[:5])}{' ...' if len(names) > 5 else ''} {what}"
        for names, what in (
            ([name for name in new.columns if name not in old.columns], "new"),
            ([name for name in old.columns if name not in new.columns], "gone"),
        )
        if names
    ]
    return f"other classes: {'; '.join(parts)}"


def _probe(record: Record) -> dict[str, Any] | None:
    probe = record.value.get("probe") if isinstance(record.value, dict) else None
    return probe if isinstance(probe, dict) else None


def _predictions(record: Record, *, load: Load, side: _Side) -> pl.DataFrame:
    """
    What a model predicted, one row for each row of its probe set.

    Raises:
        PayloadError: It is missing, cannot be read, is empty, or holds NaN, infinity or nothing where a number belongs.
    """
    import polars as pl

    whose = "its" if side == "candidate" else "production's"
    if record.blob is None:
        raise PayloadError(f"{whose} predictions for the probe set were not kept", side=side)
    try:
        frame = pl.read_parquet(BytesIO(load(record.blob)))
    # Polars panics, which is no Exception, on some Parquet that was torn
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        raise PayloadError(f"{whose} predictions cannot be read: {type(error).__name__}", side=side) from error
    if frame.height == 0 or frame.width == 0:
        raise PayloadError(f"{whose} predictions are empty", side=side)
    probed = (_probe(record) or {}).get("method") == "predict_proba"
    for column in frame.get_columns():
        if probed and not column.dtype.is_numeric():
            raise PayloadError(f"{whose} probabilities of {column.name} are {column.dtype}", side=side)
        number = column.cast(pl.Float64) if column.dtype.is_numeric() else None
        bad = column.null_count() + (0 if number is None else int((~number.is_finite()).sum()))
        if bad:
            raise PayloadError(f"{whose} predictions hold {bad:,} times NaN, infinity or nothing", side=side)
    return frame


def _costs(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Time and size where they moved by a fifth: for a person to know, never to judge by."""
    words = []
    for said, was, now in (
        ("predicting took", _number(before["probe"], "seconds"), _number(after["probe"], "seconds")),
        ("its file is", _number(before, "size"), _number(after, "size")),
    ):
        if was and now and not 1 / _NOTABLE < now / was < _NOTABLE:
            words.append(f"{said} {now / was:.2g} times {'as long' if said.startswith('pred') else 'as large'}")
    return words


def _number(facts: dict[str, Any], name: str) -> float | None:
    value = facts.get(name)
    sound = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return value if sound else None


def _shown(record: Record, probe: dict[str, Any] | None) -> str:
    kind = record.value.get("class") if isinstance(record.value, dict) else None
    name = str(kind)[:60] if kind else "model"
    rows = probe.get("rows") if probe else None
    return f"{name}, probed on {rows:,} rows" if isinstance(rows, int) else name


def _by_bytes(production: Record, candidate: Record) -> Comparison:
    after = _reference(candidate)
    if after is None:
        raise PayloadError("the model has no digest: its file was not kept", side="candidate")
    before = _reference(production)
    if before is None:
        raise PayloadError("production's model has no digest: nothing to compare with", side="production")
    sides = (_written(*before), _written(*after))
    if before[0] == after[0]:
        return outcome(candidate, "pass", "the same file", change="no change", sides=sides)
    evidence = {"production": before[0], "candidate": after[0]}
    change = "new file"
    if before[1] is not None and after[1] is not None and before[1] != after[1]:
        change = f"{after[1] - before[1]:+,} bytes"
    reason = (
        "another file than production's, and bytes do not tell what a model does: "
        f"record({candidate.name!r}, model, probe=X) with a fixed probe set X"
    )
    return outcome(candidate, differs(candidate.rule), reason, change=change, evidence=evidence, sides=sides)


def _reference(record: Record) -> tuple[str, int | None] | None:
    value: dict[str, Any] = record.value if isinstance(record.value, dict) else {}
    digest, size = value.get("digest") or record.blob, value.get("size")
    if not isinstance(digest, str) or not digest:
        return None
    return digest, size if isinstance(size, int) else None


def _written(digest: str, size: int | None) -> str:
    if size is None:
        return digest[:8]
    unit, factor = next((unit for unit in (("MB", 1e6), ("kB", 1e3)) if size >= unit[1]), ("B", 1))
    return f"{digest[:8]}, {size / factor:.3g} {unit}"
