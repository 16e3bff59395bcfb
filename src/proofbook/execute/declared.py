"""
What `record` declared beside a value: its rule, what it was measured on, what a model was probed with.

It was written by whoever wrote the notebook: everything in it is looked at, and what makes no sense is refused.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from proofbook.model.record import Rule
from proofbook.model.run import canonical

__all__ = ["Probed", "eval_set", "probed", "rule", "rule_fits"]

_DIGEST = re.compile(r"[0-9a-f]{64}")
_LIMIT = 1 << 16
"""Bytes of a rule as JSON."""
_CLASS_LIMIT = 200


class _Probe(Struct, frozen=True, kw_only=True):
    digest: str
    rows: int
    seconds: float
    method: str = ""


class Probed(Struct, frozen=True, kw_only=True):
    """A model's behaviour, but for what it predicted."""

    class_: str = msgspec.field(name="class")
    probe: _Probe


def rule(declared: Mapping[str, Any]) -> Rule:
    """
    The rule of a declaration.

    Raises:
        ValueError: It cannot be read, or says what no rule can.
    """
    said = declared.get("rule", {})
    try:
        found = msgspec.convert(said, Rule, strict=True)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ValueError(f"its declaration cannot be read: {str(error)[:200]}") from None
    for name in ("margin", "floor", "ceiling", "tolerance", "noise"):
        bound = getattr(found, name)
        # canonical JSON has no word for it: the run would say that no bound was declared
        if bound is not None and not math.isfinite(bound):
            raise ValueError(f"its declaration cannot be read: {name} is {bound}")
    if len(canonical(found)) > _LIMIT:
        raise ValueError(f"its declaration takes more than {_LIMIT >> 10} kB")
    return found


def rule_fits(found: Rule, columns: Mapping[str, str]) -> None:
    """
    Whether predictions have the columns that their rule names.

    Raises:
        ValueError: One is not named, or not there.
    """
    if found.truth is None or found.prediction is None:
        raise ValueError("it says that it is predictions, without the columns truth and prediction")
    for column in (*found.key, found.truth, found.prediction, *found.slices):
        if column not in columns:
            raise ValueError(f"its declaration names column {column[:50]!r}, which is not in its table")


def eval_set(declared: Mapping[str, Any]) -> str | None:
    """
    Digest of what a value was measured on.

    Raises:
        ValueError: It is none.
    """
    digest = declared.get("eval_set")
    if digest is None:
        return None
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise ValueError(f"its evaluation set {str(digest)[:20]!r} is no SHA-256")
    return digest


def probed(declared: Mapping[str, Any], *, rows: int) -> dict[str, Any]:
    """
    What is to be known of a model that was probed.

    Args:
        declared: The declaration.
        rows: How many rows it predicted.

    Raises:
        ValueError: It cannot be read, or speaks of another number of rows.
    """
    try:
        found = msgspec.convert(declared.get("value"), Probed, strict=True)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ValueError(f"what it was probed with cannot be read: {str(error)[:200]}") from None
    probe = found.probe
    sound = _DIGEST.fullmatch(probe.digest) and math.isfinite(probe.seconds) and probe.seconds >= 0
    if not sound or len(found.class_) > _CLASS_LIMIT or probe.method not in ("", "predict", "predict_proba"):
        raise ValueError("what it was probed with makes no sense")
    if probe.rows != rows:
        raise ValueError(f"it says that it was probed with {probe.rows} rows, and has predicted {rows}")
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain
