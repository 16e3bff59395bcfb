"""The model: honest about what it was trained on, better than the baseline, the same when made again."""

import hashlib
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tests.example.conftest import products


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


@pytest.fixture
def shown(monkeypatch):
    """The sentences that notebooks write, as they are displayed."""
    texts = []
    monkeypatch.setattr("IPython.display.display", lambda text: texts.append(" ".join(text.data.split())))
    return texts


def briefed(run, forecasts):
    return run("briefing", as_of="2013-09-30", upstream={"train": {"forecasts": str(forecasts)}}, product={})


def test_the_briefing_lists_a_share_of_each_day_and_says_what_the_forecasts_say(run, september, shown):
    briefing = briefed(run, september.forecasts)

    recent = pl.read_parquet(september.forecasts).filter(role="recent")
    days = recent.partition_by("date")
    listed = pl.concat([day.sort("model", descending=True).head(len(day) // 10) for day in days])
    share = listed["late"].sum() / recent["late"].sum()
    assert briefing.records["named_by_model"] == pytest.approx(share, abs=2e-3)  # ties at the end of a list
    warned = recent.filter(pl.col("model") > 0.5)
    by_card = recent.sort("baseline", descending=True).head(len(warned))["late"].mean()
    assert briefing.records["named_by_model"] > briefing.records["named_by_baseline"]
    assert briefing.records["warnings_that_came_true"] == warned["late"].mean() > 2 * by_card
    text = " ".join(shown)
    assert "30 days from 1 September to 30 September 2013. On these days" in text
    assert f"**{len(recent):,} flights** left" in text
    assert (
        f"**each day's** flights by these forecasts: about {len(listed) / 30:.0f} a day, {len(listed):,} in all" in text
    )
    assert f"**{100 * briefing.records['named_by_model']:.0f}% of all late departures**" in text
    assert f"said so of {len(warned):,} flights, on {warned['date'].n_unique()} of the 30 days" in text
    assert "nan" not in text.lower()
    assert "None" not in text


def test_a_briefing_without_a_warning_says_so(run, september, shown, tmp_path):
    forecasts = pl.read_parquet(september.forecasts)
    forecasts.with_columns(pl.col("model") / 2).write_parquet(tmp_path / "forecasts.parquet")

    records = briefed(run, tmp_path / "forecasts.parquet").records

    assert "it said so of no flight" in " ".join(shown)
    assert (records["warnings"], records["warnings_that_came_true"]) == (0, None)


def test_the_briefing_names_the_days_that_it_leaves_out(run, september, shown, tmp_path):
    forecasts = pl.read_parquet(september.forecasts)
    skipped = [date(2013, 9, 7), date(2013, 9, 30)]
    forecasts.filter(~pl.col("date").is_in(skipped)).write_parquet(tmp_path / "forecasts.parquet")

    briefed(run, tmp_path / "forecasts.parquet")

    days = (
        "28 days from 1 September to 30 September 2013, without 7 September, 30 September (set apart to compare models)"
    )
    assert days in " ".join(shown)


def test_what_is_measured_on_the_recent_days_has_a_direction_and_never_gates(september):
    rules = {name: rule for name, rule in september.rules.items() if name.startswith("recent_")}

    assert all(rule["informs"] for rule in rules.values())
    better = {name: rule["better"] for name, rule in rules.items() if "better" in rule}
    assert better == {
        **dict.fromkeys(["recent_auc", "recent_average_precision"], "higher"),
        **dict.fromkeys(["recent_gain_auc", "recent_gain_brier"], "higher"),
        "recent_brier": "lower",
    }


@pytest.mark.parametrize(
    ("as_of", "says"),
    [
        (
            "2013-01-31",
            ["Most cancelled: 30 January", "left late is 18.6% in Jan", "from 5:00 (8%)"],
        ),
        (
            "2013-04-30",
            [
                "Most cancelled: 9 February (393 of 684)",
                "cancelled ranges from 1.9% in Jan to 5.1% in Feb",
                "from 21:00 (35%)",
            ],
        ),
        (
            "2013-12-31",
            ["**336,776 flights** were due", "from 13.9% in Sep to 29.6% in Jul", "cancelled ranges from 0.8% in Oct"],
        ),
    ],
)
def test_what_the_first_notebooks_say_is_computed_from_what_may_be_seen(run, shown, tmp_path, as_of, says):
    ingest = products(tmp_path, "flights", "weather", "aircraft")
    run("ingest", as_of=as_of, product=ingest)
    records = run("profile", upstream={"ingest": ingest}, product={}).records

    text = " ".join(shown)
    assert [sentence for sentence in says if sentence not in text] == []
    assert "nan" not in text.lower()
    assert len(records["drift_by_month"]) == int(as_of[5:7]) - 1


def test_the_profile_of_the_data_runs_on_what_ingest_wrote(run, september):
    records = run("profile", upstream={"ingest": september.ingest}, product={}).records

    assert records["months"]["month"].to_list() == list(range(1, 10))
    assert records["months"]["flights"].sum() == september.records["flights_ingested"]
    assert records["delay_rate_by_hour"]["late"].is_between(0, 1).all()
