"""
Whether the gate keeps its budget of false alarms, and what it sees: the tables of docs/gate.md are this file's output.

Histories are drawn in which nothing ever changes, the gate learns noise from them, and the probability that the next
run is refused is computed from the distribution that it comes from: exactly, not by counting, so that one in 4,500 is
measured too. A budget of one false alarm a quarter, one run a day, over 1 to 50 numbers that gate. Then whole runs go
through `decision.judge`, and shifts of known size are held against what other tools would have said on the same draws.

    python benchmarks/gate_calibration.py                    # three to five minutes
    python benchmarks/gate_calibration.py --quick            # what the test runs
    python benchmarks/gate_calibration.py --critical-values  # computes gate/tails.py's table
"""

import argparse
import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special, stats

from proofbook.gate import budget, noise, power, tails
from proofbook.gate.decision import judge
from proofbook.gate.estimates import Estimate
from proofbook.model.record import Record, Rule
from proofbook.model.run import Run, TaskRun

STATED = "1 per quarter"
BUDGET = budget.budget(STATED, schedule="1 per day", started=())
METRICS = (1, 5, 20, 50)
RUNS = (3, 5, 10, 20, 50)
WELL_BEHAVED, OTHER = 1.25, 2.0
"""What the realised rate may be, as a multiple of the stated one."""

Floats = Any
Tail = Callable[[float], float]
"""The probability that the next run is worse than a bound."""


@dataclass(frozen=True)
class Family:
    """Noise of one kind: how a history is drawn, and how the next run is distributed after it."""

    name: str
    better: str
    draw: Callable[[np.random.Generator, int], tuple[Floats, Tail]]
    well_behaved: bool = False
    whole: bool = False

    @property
    def limit(self) -> float:
        """The largest multiple of the budget that it may cause."""
        return WELL_BEHAVED if self.well_behaved else OTHER


def _independent(values: Callable[[np.random.Generator, int], Floats], tail: Tail) -> Any:
    return lambda rng, count: (values(rng, count), tail)


def _normal(bound: float) -> float:
    return float(special.ndtr((bound - 0.8) / 0.01))


def _autoregression(likeness: float) -> Any:
    def draw(rng: np.random.Generator, count: int) -> tuple[Floats, Tail]:
        values, scatter = np.empty(count), math.sqrt(1 - likeness**2)
        steps = rng.standard_normal(count)
        values[0] = steps[0]
        for place in range(1, count):
            values[place] = likeness * values[place - 1] + scatter * steps[place]
        last = float(values[-1])
        return 0.8 + 0.01 * values, lambda bound: float(
            special.ndtr(((bound - 0.8) / 0.01 - likeness * last) / scatter)
        )

    return draw


def _rounded(deviation: float) -> Any:
    """Two decimals; what rounds to less than the bound is worse."""

    def tail(bound: float) -> float:
        below = (math.ceil(round(bound * 100, 6)) - 1) / 100 + 0.005
        return float(special.ndtr((below - 0.803) / deviation))

    return _independent(lambda rng, count: np.round(0.803 + deviation * rng.standard_normal(count), 2), tail)


def _mixed(bound: float) -> float:
    z = (bound - 0.8) / 0.01
    return 0.95 * float(special.ndtr(z)) + 0.05 * float(special.ndtr(z / 5))


def _improved(rng: np.random.Generator, count: int) -> tuple[Floats, Tail]:
    values = 0.8 + 0.01 * rng.standard_normal(count)
    values[: count // 2] -= 0.06
    return values, _normal


FAMILIES = (
    Family("normal", "higher", _independent(lambda g, n: 0.8 + 0.01 * g.standard_normal(n), _normal), True),
    Family(
        "normal, wide beside its mean",
        "higher",
        _independent(lambda g, n: 3 + g.standard_normal(n), lambda b: float(special.ndtr(b - 3))),
        True,
    ),
    Family(
        "normal, an improvement by 6 sd half way",
        "higher",
        _improved,
        True,
    ),
    Family(
        "log-normal (0.3), worse is larger",
        "lower",
        _independent(
            lambda g, n: np.exp(0.3 * g.standard_normal(n)), lambda b: float(special.ndtr(-math.log(b) / 0.3))
        ),
    ),
    Family(
        "log-normal (1), worse is larger",
        "lower",
        _independent(lambda g, n: np.exp(g.standard_normal(n)), lambda b: float(special.ndtr(-math.log(b)))),
    ),
    Family(
        "gamma (4) from 10 on, worse is larger",
        "lower",
        _independent(lambda g, n: 10 + g.gamma(4, size=n), lambda b: float(special.gammaincc(4, max(b - 10, 0)))),
    ),
    Family(
        "exponential below 0.8, worse is smaller",
        "higher",
        _independent(lambda g, n: 0.8 - 0.01 * g.exponential(size=n), lambda b: math.exp(-max(0.8 - b, 0) * 100)),
    ),
    Family(
        "heavy tails: t, 3 degrees",
        "higher",
        _independent(lambda g, n: 0.8 + 0.01 * g.standard_t(3, n), lambda b: float(stats.t.cdf((b - 0.8) / 0.01, 3))),
    ),
    Family(
        "outliers: 1 in 20 five times as wide",
        "higher",
        _independent(
            lambda g, n: 0.8 + 0.01 * g.standard_normal(n) * np.where(g.random(n) < 0.05, 5, 1),
            _mixed,
        ),
    ),
    Family("autocorrelated, 0.5", "higher", _autoregression(0.5)),
    Family("autocorrelated, 0.7", "higher", _autoregression(0.7)),
    Family("rounded to 1 sd", "higher", _rounded(0.01)),
    Family("rounded to 2.5 sd", "higher", _rounded(0.004)),
    Family(
        "bounded: beta near 1",
        "higher",
        _independent(lambda g, n: g.beta(98, 2, n), lambda b: float(special.betainc(98, 2, min(max(b, 0), 1)))),
    ),
    Family(
        "counts: Poisson (3)",
        "lower",
        _independent(lambda g, n: g.poisson(3, n), lambda b: float(special.pdtrc(np.floor(b + 1e-9), 3))),
        whole=True,
    ),
)


@dataclass(frozen=True)
class Row:
    """What one family of noise did to the budget."""

    family: Family
    metrics: int
    rates: dict[int, float]
    """Runs of history to false blocks, as a multiple of the budget."""


def realised(*, draws: int, seed: int, metrics: Sequence[int] = METRICS, runs: Sequence[int] = RUNS) -> list[Row]:
    """
    False blocks of a whole run as a multiple of the budget, for each family of noise.

    Args:
        draws: Histories of 50 runs of each kind; of short ones, where rare ones decide, up to twenty times as many.
        seed: Of the draws.
        metrics: Numbers that gate, each with noise of its own.
        runs: Lengths of history.
    """
    rng = np.random.default_rng(seed)
    found = []
    for family in FAMILIES:
        rule = Rule(better=family.better, margin=0.0)  # type: ignore[arg-type]
        rates: dict[int, dict[int, float]] = {number: {} for number in metrics}
        for count in runs:
            number = draws * max(1, 60 // count)
            worse = dict.fromkeys(rates, 0.0)
            for _ in range(number):
                values, tail = family.draw(rng, count)
                past = noise.Past(values=tuple(values.tolist()))
                found_noise = noise.estimate(rule, past.values[-1], past=past, level=BUDGET.level)
                for several in metrics:
                    worse[several] += _refused(found_noise, level=BUDGET.level / several, tail=tail)
            for several, sum_of_all in worse.items():
                rates[several][count] = (1 - (1 - sum_of_all / number) ** several) / BUDGET.level
        found += [Row(family, several, rates[several]) for several in rates]
    return found


def _refused(found: tuple[Estimate, ...], *, level: float, tail: Tail) -> float:
    """The probability that one number is refused at that level."""
    if not found:
        # the margin alone would decide, and it is not what is measured here
        return 0.0
    bound = power.judged_by(found, level=level).bound(level)
    return tail(bound) if math.isfinite(bound) else 0.0


@dataclass(frozen=True)
class Judged:
    """What whole runs got in which nothing had changed."""

    family: Family
    runs: int
    go: float
    review: float
    no: float


def judged(*, draws: int, seed: int, metrics: int = 5, runs: Iterable[int] = (3, 10, 30)) -> list[Judged]:
    """Whole runs through `decision.judge`: each number with a margin of twice its noise's quartile distance."""
    rng = np.random.default_rng(seed)
    found = []
    for family in FAMILIES:
        sample, _ = family.draw(rng, 4000)
        margin = 2 * float(np.subtract(*np.percentile(sample[2000:], [75, 25])))
        rule = Rule(better=family.better, margin=margin)  # type: ignore[arg-type]
        for count in runs:
            words = [_word(family, rule, rng=rng, count=count, metrics=metrics) for _ in range(draws)]
            shares = [words.count(word) / draws for word in ("go", "review", "no")]
            found.append(Judged(family, count, *shares))
    return found


def _word(family: Family, rule: Rule, *, rng: np.random.Generator, count: int, metrics: int) -> str:
    drawn = [family.draw(rng, count + 1)[0].tolist() for _ in range(metrics)]
    past = {("task", f"m{place}"): noise.Past(values=tuple(values[:-1])) for place, values in enumerate(drawn)}
    before, after = (
        _run(number, [values[place] for values in drawn], rule=rule) for number, place in ((count, -2), (count + 1, -1))
    )
    result = judge(
        after, before, manifests=("c" * 64, "p" * 64), load=_nothing, keep=lambda _: "", past=past, budget=BUDGET
    )
    return result.decision


def _run(number: int, values: list[float], *, rule: Rule) -> Run:
    records = tuple(
        Record(name=f"m{place}", task="task", kind="scalar", value=value, rule=rule)
        for place, value in enumerate(values)
    )
    task = TaskRun(name="task", status="ran", records=records)
    return Run(
        number=number, pipeline="p", ending="succeeded", started="", finished="", seconds=1.0, tasks=(task,)
    )  # fmt: skip


def _nothing(digest: str) -> bytes:
    raise KeyError(digest)


SHIFTS = (0, 1, 2, 3, 4, 6, 8, 12)
MARGIN = 0.01
"""Declared for ours, in the units of the draws: one standard deviation."""


@dataclass(frozen=True)
class Seen:
    """How often one method says no to a shift of each size, in standard deviations."""

    method: str
    shares: tuple[float, ...]
    of_run: float
    """The share of runs that it refuses although no number has changed."""


def seen(*, draws: int, seed: int, count: int, metrics: int, heavy: bool = False) -> list[Seen]:
    """
    One of several numbers becomes worse: ours beside what other tools say at their own settings, on the same draws.

    Args:
        draws: Histories.
        seed: Of the draws.
        count: Runs of history.
        metrics: Numbers that gate.
        heavy: Noise with t's tails (3 degrees), scaled to the same standard deviation, instead of normal noise.
    """
    rng = np.random.default_rng(seed)
    rule = Rule(better="higher", margin=MARGIN)
    counts: dict[str, list[int]] = {}
    for _ in range(draws):
        unit = rng.standard_t(3, count + 1) / math.sqrt(3) if heavy else rng.standard_normal(count + 1)
        *history, after = (0.8 + 0.01 * unit).tolist()
        known = noise.noise(rule, history[-1], past=noise.Past(values=tuple(history)), level=BUDGET.level / metrics)
        for place, shift in enumerate(SHIFTS):
            for method, refused in _verdicts(history, after - 0.01 * shift, bound=known.bound).items():
                counts.setdefault(method, [0] * len(SHIFTS))[place] += refused
    return [
        Seen(method, tuple(number / draws for number in numbers), 1 - (1 - numbers[0] / draws) ** metrics)
        for method, numbers in counts.items()
    ]


def _verdicts(history: list[float], after: float, *, bound: float | None) -> dict[str, bool]:
    production, mean, deviation = history[-1], statistics.mean(history), statistics.stdev(history)
    beyond = production - after > MARGIN
    return {
        "Proofbook: no": beyond and bound is not None and after < bound,
        "Proofbook: no, or review": beyond,
        # mlflow.models.MetricThreshold as in its documentation: min_absolute_change=0.05, greater_is_better=True
        "MLflow, better by 0.05 (its example)": after < production + 0.05,
        "MLflow, better at all": after < production + 1e-10,
        # evidently's tests where nothing is said: equal to the reference within 10%, in either direction
        "Evidently, within 10% (default)": abs(after - production) > 0.1 * abs(production),
        # nbsnapshot.compare: statistics.stdev of what is stored, from two values on, in either direction
        "nbsnapshot, mean ± 3 sd": abs(after - mean) > 3 * deviation,
        "mean - 3 sd": after < mean - 3 * deviation,
    }


LEVELS = tails.LEVELS
_CALIBRATED = {"normal": 1.05, "others": 1.75}


def critical_values(count: int, *, draws: int, seed: int) -> list[float]:
    """The row of `gate/tails.py`'s table for so many runs."""
    rng = np.random.default_rng([seed, count])
    cases = [(*_pivot(values, count), tail, limit) for values, tail, limit in _shapes(rng, (draws, count))]
    found = []
    for level in LEVELS:
        value = 0.3
        for mean, spread, tail, limit in cases:
            value = _smallest(value, lambda k, m=mean, s=spread, t=tail: float(t(m + k * s).mean()), limit * level)
        found.append(round(value, 2))
    return found


def _shapes(rng: np.random.Generator, size: tuple[int, int]) -> Iterable[tuple[Floats, Any, float]]:
    """Noise of each shape, larger being worse, and the probability of more than a bound."""
    others = _CALIBRATED["others"]
    yield rng.standard_normal(size), lambda b: special.ndtr(-b), _CALIBRATED["normal"]
    yield rng.standard_t(3, size), lambda b: stats.t.sf(b, 3), others
    yield rng.exponential(size=size), lambda b: np.exp(-np.maximum(b, 0)), others
    yield rng.gamma(4, size=size), lambda b: special.gammaincc(4, np.maximum(b, 0)), others
    mixed = rng.standard_normal(size) * np.where(rng.random(size) < 0.05, 5, 1)
    yield mixed, lambda b: 0.95 * special.ndtr(-b) + 0.05 * special.ndtr(-b / 5), others
    values = rng.standard_normal(size)
    for place in range(1, size[1]):
        values[:, place] = 0.7 * values[:, place - 1] + math.sqrt(0.51) * values[:, place]
    last = values[:, -1]
    yield values, lambda b: special.ndtr((0.7 * last - b) / math.sqrt(0.51)), others


def _pivot(values: Floats, count: int) -> tuple[Floats, Floats]:
    mean = values.mean(1)
    away = values - mean[:, None]
    half = np.maximum(away, 0)
    squares = np.maximum((away**2).sum(1), 2 * (half**2).sum(1))
    return mean, np.sqrt(squares / (count - 1) * (1 + 1 / count))


def _smallest(value: float, rate: Callable[[float], float], limit: float) -> float:
    """The smallest critical value, from `value` on, at which the rate is within its limit."""
    if rate(value) <= limit:
        return value
    low, high = value, 1e5
    while high / low > 1.003:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if rate(middle) > limit else (low, middle)
    return high


def _table(head: list[str], rows: Iterable[list[str]]) -> None:
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)
    print()


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the draws")
    parser.add_argument("--seed", type=int, default=1904)
    parser.add_argument("--critical-values", action="store_true", help="compute the table of gate/tails.py instead")
    asked = parser.parse_args()
    if asked.critical_values:
        for count in tails.TABLE:
            print(f"    {count}: {tuple(critical_values(count, draws=150_000, seed=asked.seed))},", flush=True)
        return
    draws = 60 if asked.quick else 600
    print(f"False blocks as a multiple of the budget ({STATED}, one run a day: {BUDGET.level:.2%} of runs)\n")
    rows = realised(draws=draws, seed=asked.seed)
    head = ["noise", "numbers that gate", *(f"{count} runs" for count in RUNS), "may be"]
    _table(
        head,
        [
            [row.family.name, str(row.metrics), *(f"{row.rates[count]:.2f}" for count in RUNS), f"{row.family.limit}"]
            for row in rows
        ],
    )
    print("Decisions on whole runs of 5 numbers in which nothing has changed")
    print("Each has a margin of twice its noise's quartile distance, which is 2.7 sd where it is normal.\n")
    found = judged(draws=draws, seed=asked.seed)
    _table(
        ["noise", "runs", "go", "review", "no"],
        [[one.family.name, str(one.runs), f"{one.go:.1%}", f"{one.review:.1%}", f"{one.no:.2%}"] for one in found],
    )
    for count, metrics, heavy in ((5, 1, False), (20, 1, False), (50, 1, False), (20, 20, False), (20, 20, True)):
        shape = "t, 3 degrees" if heavy else "normal"
        print(f"Says no to one number of {metrics} that became worse; {count} runs of history, noise {shape}\n")
        table = seen(draws=4 * draws, seed=asked.seed, count=count, metrics=metrics, heavy=heavy)
        _table(
            ["method", "refuses a run in which nothing changed", *(f"{shift} sd" for shift in SHIFTS[1:])],
            [[one.method, f"{one.of_run:.1%}", *(f"{share:.0%}" for share in one.shares[1:])] for one in table],
        )


if __name__ == "__main__":
    main()
