"""The model: honest about what it was trained on, better than the baseline, the same when made again."""

import hashlib
from pathlib import Path

import polars as pl


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def retrained(run, folder, rows):
    rows.write_parquet(folder / "features.parquet")
    product = {"model": str(folder / "model.joblib"), "forecasts": str(folder / "forecasts.parquet")}
    run("train", upstream={"features": {"features": str(folder / "features.parquet")}}, product=product)
    return product


def test_the_baseline_is_beaten_clearly_on_both_sets(september):
    records = september.records

    assert records["gain_auc"] > 0.05
    assert records["gain_brier"] > 0.015
    assert records["recent_gain_auc"] > 0.03
    assert records["recent_gain_brier"] > 0.01


def test_outcomes_on_days_kept_apart_do_not_reach_the_model_or_the_baseline(run, september, tmp_path):
    """Every outcome outside training is turned round; the forecasts and the model's bytes stay as they were."""
    rows = pl.read_parquet(september.features)
    turned = rows.with_columns(late=pl.when(pl.col("role") == "training").then("late").otherwise(~pl.col("late")))

    product = retrained(run, tmp_path, turned)

    forecasts = ["id", "model", "baseline"]
    assert (
        pl.read_parquet(product["forecasts"])
        .select(forecasts)
        .equals(pl.read_parquet(september.forecasts).select(forecasts))
    )
    assert digest(product["model"]) == digest(september.model)


def test_only_days_kept_apart_are_forecast(september):
    assert set(pl.read_parquet(september.forecasts)["role"]) == {"evaluation", "recent"}


def test_the_forecasts_are_probabilities_and_true_on_average(september):
    frozen = pl.read_parquet(september.forecasts).filter(role="evaluation")

    assert frozen["model"].is_between(0, 1).all()
    assert abs(frozen["model"].mean() - frozen["late"].mean()) < 0.02


def test_the_briefing_says_what_the_forecasts_say(run, september, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda text: shown.append(text.data))

    briefing = run("briefing", as_of="2013-09-30", upstream={"train": {"forecasts": september.forecasts}}, product={})

    recent = pl.read_parquet(september.forecasts).filter(role="recent")
    listed = recent.sort("model", descending=True, maintain_order=True).head(len(recent) // 10)
    share = listed["late"].sum() / recent["late"].sum()
    assert briefing.records["named_by_model"] == share
    text = "\n".join(shown)
    assert f"**{len(recent):,} flights** left" in text
    assert f"**{100 * share:.0f}% of all late" in text.replace("\n", " ")
    assert "nan" not in text.lower()
    assert "None" not in text


def test_the_profile_of_the_data_runs_on_what_ingest_wrote(run, september):
    records = run("profile", upstream={"ingest": september.ingest}, product={}).records

    assert records["months"]["month"].to_list() == list(range(1, 10))
    assert records["months"]["flights"].sum() == september.records["flights_ingested"]
    assert records["delay_rate_by_hour"]["late"].is_between(0, 1).all()
