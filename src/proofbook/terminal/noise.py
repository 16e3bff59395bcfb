"""How much records move by themselves, for a person."""

from proofbook.flow.noise import Noise
from proofbook.gate.noise import Past, again
from proofbook.terminal.say import line
from proofbook.terminal.tables import Cell, table

__all__ = ["print_noise"]


def print_noise(found: Noise) -> None:
    """Print each record's mean and deviation, and what was left to chance."""
    rows: list[list[Cell]] = []
    for one in found.records:
        still = "" if one.deviation else "dim"
        name = f"{one.task}: {one.record}" if _shared(found, one.record) else one.record
        shown = (name, _number(one.production), _number(one.mean), _number(one.deviation), str(len(one.values)))
        rows.append([(text, still) for text in shown])
    table(["record", "production", "mean", "deviation", "runs"], rows)
    line("")
    for task, names in found.seeds.items():
        line(f"{task}: {', '.join(names)} drawn anew each time")
    for task, why in found.afresh.items():
        line(f"{task}: ran each time, for it has no seed and may draw ({', '.join(why[:3])})")
    for one in found.records:
        if len(one.values) > 1 and not again(one.production, Past(reruns=one.values)):
            line(
                f"{one.record} in {one.task}: production's own {_number(one.production)} does not fit among these; "
                "something that no run records has changed since, so they do not count"
            )
    if not found.seeds and not found.afresh:
        line("nothing is left to chance in it, as far as its code tells: every result was known")


def _shared(found: Noise, record: str) -> bool:
    return len({one.task for one in found.records if one.record == record}) > 1


def _number(value: float) -> str:
    return f"{value:.6g}"
