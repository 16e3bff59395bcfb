"""Values as a person writes them."""

import json
import math
import re
from datetime import datetime
from typing import Any

from markupsafe import Markup

from proofbook.model.record import Record, Rule
from proofbook.report.limits import VALUE_CHARACTERS

__all__ = ["DECISIONS", "STATUSES", "VERDICTS", "amount", "brief", "duration", "moment", "plural", "recorded", "rule"]
__all__ += ["breakable", "chance", "evaluation", "parameter", "rough", "share", "shortened", "size", "value"]

_DIGITS = re.compile(r"\b[0-9a-f]{40,}\b…?")

# every state has a symbol and a word: colour never says anything alone
VERDICTS = {
    "pass": ("✓", "pass"),
    "improved": ("▲", "improved"),
    "regressed": ("▼", "regressed"),
    "changed": ("≠", "changed"),
    "inconclusive": ("?", "inconclusive"),
}
DECISIONS = {"go": ("✓", "Go"), "review": ("!", "Review"), "no": ("✕", "No")}
STATUSES = {
    "ran": ("●", "ran"),
    "restored": ("↺", "restored"),
    "up-to-date": ("=", "up to date"),
    "failed": ("✕", "failed"),
    "cancelled": ("◼", "cancelled"),
    "skipped": ("○", "skipped"),
}


def duration(seconds: float) -> str:
    """`0.41 s`, `41.2 s`, `3 min 12 s`, `1 h 04 min`; seconds below zero and not a number are `unknown`."""
    if not math.isfinite(seconds) or seconds < 0:
        return "unknown"
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def size(count: int) -> str:
    """Bytes: `512 B`, `18.2 kB`, `401 MB`."""
    if count < 1000:
        return f"{count} B"
    units, reduced = iter(("kB", "MB", "GB", "TB")), count / 1000
    unit = next(units)
    while reduced >= 999.5 and (larger := next(units, None)) is not None:
        reduced, unit = reduced / 1000, larger
    return f"{reduced:.3g} {unit}"


def amount(number: float, *, apart: bool = True) -> str:
    """A number without noise: six significant digits, thousands apart when it is whole and `apart`."""
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        return str(number)
    if isinstance(number, int) and number.bit_length() > 1000:
        return "beyond 1e+300" if number > 0 else "beyond -1e+300"
    if isinstance(number, int) or (number.is_integer() and abs(number) < 1e15):
        return (f"{int(number):,}" if apart else f"{int(number)}") if abs(number) < 10**15 else f"{number:.6g}"
    return f"{number:.6g}"


def moment(iso: str) -> str:
    """`31 Oct 2013, 06:00 UTC`; what is not a time stays as it is."""
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return brief(iso)
    zone = when.tzname() or ""
    return f"{when.day} {when:%b %Y, %H:%M} {zone}".strip()


def brief(text: str, *, limit: int = VALUE_CHARACTERS) -> str:
    """One line of at most `limit` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def value(content: Any, *, apart: bool = True) -> str:
    """Any JSON value in one line; whole numbers with their thousands apart, where `apart`."""
    if content is None:
        return "none"
    if isinstance(content, bool):
        return "true" if content else "false"
    if isinstance(content, (int, float)):
        return amount(content, apart=apart)
    if isinstance(content, str):
        return brief(content)
    if isinstance(content, (list, tuple)) and all(isinstance(item, (str, int, float, bool)) for item in content):
        return brief(", ".join(value(item, apart=apart) for item in content[:50]))
    try:
        return brief(json.dumps(content, ensure_ascii=False, default=str))
    except (RecursionError, ValueError):
        return "deeply nested"


def parameter(content: Any) -> str:
    """The value of a parameter: a seed or a year is a name rather than an amount."""
    return value(content, apart=False)


def shortened(text: str) -> str:
    """With the beginning of each digest in its place: nobody reads 64 digits."""
    return _DIGITS.sub(lambda found: f"{found[0][:12]}…", text)


def breakable(name: str) -> Markup:
    """A name that may go on in the next line after each `_`, and not within a word."""
    return Markup("_<wbr>").join(name.split("_"))


def recorded(record: Record) -> str:
    """What a record holds, in one line."""
    if record.unreadable is not None:
        return f"unreadable: {brief(record.unreadable)}"
    if record.special is not None:
        return {"nan": "NaN", "inf": "∞", "-inf": "-∞"}[record.special]
    if record.kind in ("table", "predictions"):
        return _shape(record.value) or record.kind
    if record.kind in ("figure", "profile"):
        return record.kind
    if record.kind == "model" and isinstance(record.value, dict):
        return _model(record.value)
    return value(record.value)


def _model(described: dict[str, Any]) -> str:
    said = [value(described[key]) for key in ("class", "path", "size") if key in described]
    probe = described.get("probe")
    if isinstance(probe, dict) and isinstance(probe.get("rows"), int):
        said.append(f"probed on {plural(probe['rows'], 'row')}")
    return brief(" · ".join(said)) or "model"


def _shape(described: Any) -> str:
    """Rows and columns of a table, however the record describes them."""
    if not isinstance(described, dict):
        return ""
    rows, columns = described.get("rows"), described.get("columns")
    if not isinstance(rows, int):
        return ""
    if isinstance(columns, (list, dict)):
        columns = len(columns)
    return plural(rows, "row") + (f", {plural(columns, 'column')}" if isinstance(columns, int) else "")


def rule(declared: Rule, *, eval_set: str | None = None) -> str:
    """What is in force for a record, as a sentence without a full stop; empty where that is nothing but to inform."""
    said = [*_allowed(declared), *_compared(declared)]
    if eval_set is not None:
        said.append(f"measured on {evaluation(eval_set)}")
    if declared.informs and said:
        said.append("never gates")
    return "; ".join(said)


def _compared(declared: Rule) -> list[str]:
    """What is held against what."""
    said = []
    if declared.metric or declared.truth or declared.prediction:
        scored = f"scored by {declared.metric}" if declared.metric else "scored"
        sides = [f"{name} {brief(column)}" for name, column in _columns(declared) if column]
        said.append(f"{scored} ({', '.join(sides)})" if sides else scored)
    if declared.slices:
        said.append(f"also in each {brief(', '.join(declared.slices))}")
    if declared.key:
        said.append(f"rows matched by {brief(', '.join(declared.key))}")
    return said


def _columns(declared: Rule) -> tuple[tuple[str, str | None], ...]:
    return (("truth", declared.truth), ("prediction", declared.prediction))


def _allowed(declared: Rule) -> list[str]:
    """How far apart they may be."""
    said = []
    if declared.better:
        said.append(f"{declared.better} is better")
    if declared.superiority:
        said.append("must be better than production")
    if declared.margin is not None:
        said.append(f"may be worse by {amount(declared.margin)}")
    if declared.floor is not None:
        said.append(f"never below {amount(declared.floor)}")
    if declared.ceiling is not None:
        said.append(f"never above {amount(declared.ceiling)}")
    if declared.exact:
        said.append("must be exactly equal")
    if declared.tolerance is not None:
        said.append(f"equal within {amount(declared.tolerance)} relative")
    if declared.noise is not None:
        moves = f"moves by {amount(declared.noise)} by itself" if declared.noise else "does not move by itself"
        said.append(moves)
    return said


def evaluation(digest: str) -> str:
    """An evaluation set, of whose digest the beginning is enough."""
    return f"evaluation set {brief(digest[:8])}"


def rough(number: float, *, digits: int = 3) -> str:
    """A number of which the size counts, such as a deviation, to so many significant digits; whole from 1,000 on."""
    return f"{number:,.0f}" if 1000 <= abs(number) < 1e15 else f"{number:.{digits}g}"


def share(part: float) -> str:
    """A share: `1.1%`, `0.02%`, `98.31%`."""
    return f"{100 * part:.2g}%" if part < 0.1 else f"{100 * part:.4g}%"


def chance(probability: float) -> str:
    """A probability, which is never quite nothing."""
    return "under 0.01%" if probability < 0.0001 else share(probability)


def plural(count: int, word: str) -> str:
    """`1 task`, `2 tasks`, `1,200 lines`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
