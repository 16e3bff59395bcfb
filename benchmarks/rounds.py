"""Ways of doing one thing, taken in turns, and what is claimed of them."""

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from processes import Taken

__all__ = ["Result", "arguments", "said"]


def arguments(about: str | None, *, rounds: int = 5) -> argparse.ArgumentParser:
    """The options that every benchmark has."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=rounds, help="how often each way is taken (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there as well")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a figure is not reached")
    return parser


class Result:
    """The figures of one benchmark, printed and written."""

    def __init__(self, name: str, *, machine: Mapping[str, Any]) -> None:
        self._document: dict[str, Any] = {"benchmark": name, "machine": dict(machine), "taken": {}, "reach": []}
        self._taken: dict[str, list[Taken]] = {}
        self._lines: list[str] = []

    def rounds(self, number: int, ways: Mapping[str, Callable[[], Taken]]) -> None:
        """Take every way once in each round, so that a busy minute falls on all of them; keeps what each took."""
        for turn in range(1, number + 1):
            for name, way in ways.items():
                taken = way()
                self.add(name, taken)
                print(f"  round {turn} of {number}: {name}: {taken.seconds:.2f} s", file=sys.stderr, flush=True)

    def add(self, name: str, taken: Taken) -> None:
        """Keep one more taking of a way."""
        self._taken.setdefault(name, []).append(taken)

    def taken(self, name: str) -> list[Taken]:
        """What each taking of a way took; nothing where it was not taken."""
        return self._taken.get(name, [])

    def median(self, name: str) -> float:
        """Seconds that the way took, in the middle of its takings."""
        return statistics.median(one.seconds for one in self._taken[name])

    def ratio(self, slow: str, fast: str) -> float:
        """How many times the median of `fast` fits into that of `slow`."""
        return self.median(slow) / self.median(fast)

    def has(self, *names: str) -> bool:
        """Whether these ways were taken."""
        return all(name in self._taken for name in names)

    def reach(self, claim: str, value: float, *, least: float | None = None, most: float | None = None) -> None:
        """Hold a figure against the one to be reached; `value` shall be at least, or at most, the bound."""
        reached = (least is None or value >= least) and (most is None or value <= most)
        self._document["reach"].append(
            {"claim": claim, "value": value, "least": least, "most": most, "reached": reached}
        )

    def note(self, key: str, value: Any) -> None:
        """Keep a figure that is no duration."""
        self._document[key] = value

    def table(self, *, beside: str | None = None, unit: str = "s") -> None:
        """Print every way: median, least and most seconds, processor seconds, and how often `beside` fits into it."""
        self._document |= {"beside": beside, "unit": unit}
        width = max(map(len, self._taken))
        per = 1000 if unit == "ms" else 1
        digits = 1 if unit == "ms" else 2
        count = {len(values) for values in self._taken.values()}
        rounds = str(count.pop()) if len(count) == 1 else "several"
        head = f"{'way':<{width}}  {'median':>8}  {'least':>8}  {'most':>8}  {'CPU':>8}"
        print(head + (f"  {'ratio':>6}" if beside else "") + f"   {unit}, of {rounds}")
        for name, values in self._taken.items():
            seconds = [one.seconds * per for one in values]
            shown = [statistics.median(seconds), min(seconds), max(seconds)]
            shown.append(statistics.median(one.cpu * per for one in values))
            line = f"{name:<{width}}" + "".join(f"  {value:8.{digits}f}" for value in shown)
            print(line + (f"  {self.ratio(name, beside):6.2f}" if beside and self.has(beside) else ""))

    def end(self, options: argparse.Namespace) -> None:
        """Print what was to be reached, write the JSON, and leave with 1 under `--strict` where a figure is missed."""
        taken = self._document["taken"]
        for name, values in self._taken.items():
            taken[name] = [
                {
                    "seconds": round(one.seconds, 4), "cpu": round(one.cpu, 4), "own_cpu": one.own_cpu,
                    "own_peak": one.own_peak, "left": one.left,
                }
                for one in values
            ]  # fmt: skip
        print()
        for line in self._document["reach"]:
            print(said(line))
        left = {name: most for name, values in self._taken.items() if (most := max(one.left for one in values))}
        for name, most in left.items():
            print(f"note     {name}: {most} of its processes outlived it by 50 ms")
        print(_versions(self._document["machine"]))
        if options.json:
            options.json.parent.mkdir(parents=True, exist_ok=True)
            options.json.write_text(json.dumps(self._document, indent=1) + "\n", encoding="utf-8")
        if options.strict and not all(line["reached"] for line in self._document["reach"]):
            sys.exit(1)


def said(line: Mapping[str, Any]) -> str:
    """One figure that was to be reached, in one line."""
    bound = f"at least {line['least']:g}" if line["least"] is not None else f"at most {line['most']:g}"
    return f"{'reached' if line['reached'] else 'MISSED':<8} {line['claim']}: {line['value']:.3g} ({bound})"


def _versions(machine: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    peers = machine.get("versions_of_peers", {})
    others = f"\npeers    {', '.join(f'{name} {version}' for name, version in peers.items())}" if peers else ""
    return (
        f"machine  {machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}, "
        f"{machine['file_system']}, load before {machine['load_before']}\n"
        f"versions Python {machine['python']}, {versions}{others}"
    )
