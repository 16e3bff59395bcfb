"""
How far luck alone moves the scores of the example; the margins in `notebooks/evaluate.ipynb` rest on what this prints.

Real builds of the flights pipeline: eight seeds as of 30 September and as of 31 October, and the default seed as of the
end of the months around them. Three kinds of movement are told apart, all of them on the frozen evaluation days:
the seed's (same training days, another seed), the baseline's (other training days; it has no seed), and the days' own
(the same forecasts, the evaluation days drawn again with replacement). Scores are scikit-learn's.

    python benchmarks/seed_noise.py            # about ten minutes
    python benchmarks/seed_noise.py --seeds 3
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

ROOT = Path(__file__).parent.parent
SEEDS = (2013, 1, 2, 3, 4, 5, 6, 7)
SEEDED = ("2013-09-30", "2013-10-31")
MONTHS = ("2013-08-31", *SEEDED, "2013-11-30", "2013-12-31")
DRAWS = 500
SCORES: dict[str, Callable[..., float]] = {
    "AUC": roc_auc_score,
    "average precision": average_precision_score,
    "Brier": brier_score_loss,
}


def _project(folder: Path) -> Path:
    """A copy of the example with a store of its own."""
    folder.mkdir()
    for name in ("notebooks", "data"):
        (folder / name).symlink_to(ROOT / name)
    for name in ("pipeline.yaml", "env.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


def _forecasts(folder: Path, *, as_of: str, seed: int) -> pl.DataFrame:
    """What this build forecasts for the flights of the evaluation days."""
    binary = Path(sys.executable).parent / "ploomber"
    given = ["--env--as_of", as_of, "--env--seed", str(seed), "--partially", "train"]
    environment = {**os.environ, "PATH": f"{binary.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([binary, "build", *given], cwd=folder, capture_output=True, check=False, env=environment)
    # 4 is the gate's no, which is not asked here
    if done.returncode not in (0, 4):
        sys.exit(done.stdout.decode() + done.stderr.decode())
    return pl.read_parquet(folder / "output/forecasts.parquet").filter(role="evaluation")


def _scores(forecasts: pl.DataFrame, column: str) -> dict[str, float]:
    late, forecast = forecasts["late"].to_numpy(), forecasts[column].to_numpy()
    return {name: float(score(late, forecast)) for name, score in SCORES.items()}


def _days_drawn_again(forecasts: pl.DataFrame) -> dict[str, float]:
    """Standard deviation of each of the model's scores when whole days are drawn with replacement."""
    rng = np.random.default_rng(2013)
    days = forecasts.partition_by("date")
    drawn = [pl.concat([days[day] for day in rng.integers(len(days), size=len(days))]) for _ in range(DRAWS)]
    scores = [_scores(sample, "model") for sample in drawn]
    return {name: float(np.std([score[name] for score in scores], ddof=1)) for name in SCORES}


def _row(label: str, values: dict[str, float], digits: int) -> None:
    print(f"{label:<44}" + "".join(f"{values[name]:>19.{digits}f}" for name in SCORES), flush=True)


def main() -> None:
    """Print one row a kind of movement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="how many seeds, at least two")
    seeds = SEEDS[: max(2, parser.parse_args().seeds)]
    print(f"{'on the evaluation days':<44}" + "".join(f"{name:>19}" for name in SCORES))
    with tempfile.TemporaryDirectory() as scratch:
        folder = _project(Path(scratch, "flights"))
        baselines = []
        for as_of in MONTHS:
            forecasts = _forecasts(folder, as_of=as_of, seed=SEEDS[0])
            baselines.append(_scores(forecasts, "baseline"))
            _row(f"{as_of}  baseline", baselines[-1], 4)
            scores = [_scores(forecasts, "model")]
            _row(f"{as_of}  model, seed {SEEDS[0]}", scores[0], 4)
            if as_of not in SEEDED:
                continue
            for seed in seeds[1:]:
                scores.append(_scores(_forecasts(folder, as_of=as_of, seed=seed), "model"))
                _row(f"{as_of}  model, seed {seed}", scores[-1], 4)
            noise = {name: float(np.std([score[name] for score in scores], ddof=1)) for name in SCORES}
            _row(f"{as_of}  sd of {len(seeds)} seeds", noise, 5)
            _row(f"{as_of}  three sd of a difference", {name: 3 * 2**0.5 * sd for name, sd in noise.items()}, 5)
            _row(f"{as_of}  sd, days drawn again", _days_drawn_again(forecasts), 5)
    moves = [{name: abs(after[name] - before[name]) for name in SCORES} for before, after in pairwise(baselines)]
    _row("baseline, largest move from month to month", {name: max(move[name] for move in moves) for name in SCORES}, 5)


if __name__ == "__main__":
    main()
