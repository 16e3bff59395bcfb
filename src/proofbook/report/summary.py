"""The gate's word as Markdown, for the summary of a CI job or a comment on a change. What is quoted stays quoted."""

import re
from collections.abc import Iterator

from proofbook.gate.reasons import stops
from proofbook.model.verdict import Comparison, GateResult
from proofbook.report.words import DECISIONS, VERDICTS

__all__ = ["markdown"]

_MOST_ROWS = 100
_ACTIVE = re.compile(r"([\\`*_{}\[\]()#+!|~$])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;"}
# code hosts make links of bare addresses
_ADDRESS = re.compile(r"(?<=www)\.|:(?=//)|(?<=mailto):|(?<=xmpp):", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def markdown(result: GateResult) -> str:
    """Decision, reasons, and a table of the comparisons: those that stop first, those that pass last."""
    symbol, word = DECISIONS[result.decision]
    against = f"run {result.production} in " if result.production is not None else "nothing yet in "
    return "\n".join(
        [
            f"## {symbol} {word}: run {result.run}",
            "",
            f"Compared with {against}{_quoted(result.channel)}.",
            "",
            *(f"- {_quoted(reason)}" for reason in result.reasons),
            "",
            *_table(result),
        ]
    )


def _table(result: GateResult) -> Iterator[str]:
    ranked = sorted(result.comparisons, key=_rank)
    if not ranked:
        return
    yield "| Record | Task | Production | Candidate | Change | Verdict |"
    yield "|---|---|---|---|---|---|"
    for one in ranked[:_MOST_ROWS]:
        symbol, word = VERDICTS[one.verdict]
        told = (one.record or one.kind, one.task, one.production, one.candidate, one.change)
        cells = [*(_quoted(cell or "") for cell in told), f"{symbol} {word}" + ("" if one.gates else " (informs)")]
        yield f"| {' | '.join(cells)} |"
    if len(ranked) > _MOST_ROWS:
        yield ""
        yield f"{len(ranked) - _MOST_ROWS} more are in the report."


def _rank(one: Comparison) -> int:
    if stops(one):
        return 0
    return 3 if one.verdict == "pass" else 1 if one.gates else 2


def _quoted(text: str) -> str:
    """`text` on one line, with nothing in it that Markdown or HTML would obey."""
    shown = _ACTIVE.sub(r"\\\1", _CONTROL.sub(lambda found: f"\\u{ord(found.group()):04x}", text))
    shown = "".join(_ENTITIES.get(letter, letter) for letter in shown)
    return _ADDRESS.sub(lambda found: f"&#{ord(found.group())};", shown)
