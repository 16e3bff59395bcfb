"""How departures have gone today, as far as it can be known a given time before a flight is due to leave."""

from collections.abc import Sequence

import polars as pl

__all__ = ["so_far"]


def so_far(
    flights: pl.DataFrame,
    *,
    by: Sequence[str],
    prefix: str,
    horizon: int,
    window: int = 120,
    patience: int = 240,
    late_after: int = 15,
) -> pl.DataFrame:
    """
    The state of play `horizon` minutes before each flight's scheduled departure, among flights alike in `by`.

    Only two kinds of facts are used, and only those at or before that moment ("now"): a flight has departed, with the
    delay it had; or it was due more than `late_after` minutes ago and has not departed. Nothing is carried over from
    the day before, so a day's values depend on that day alone. A cancelled flight looks like one that waits, because
    the moment of cancellation is not in the data.

    Args:
        flights: One row a flight: `id`, `date`, `scheduled` (minutes after midnight), `dep_delay` (minutes; null when
            cancelled), and the columns of `by`.
        by: Columns that make flights comparable, such as `["origin", "carrier"]`.
        prefix: Put before the names of the new columns.
        horizon: Minutes between now and the scheduled departure.
        window: Departures of how many minutes before now count.
        patience: Minutes after which a flight that has not left is no longer counted as waiting.
        late_after: Minutes of delay beyond which a flight is late.

    Returns:
        One row a flight, in the order given: `<prefix>_delay` (mean minutes) and `<prefix>_late` (share) of those that
        departed in the window, null if none did; `<prefix>_waiting` (number) and `<prefix>_waited` (their minutes
        since schedule, in all) of those overdue now.
    """
    group = ["date", *by]
    delay = pl.col("dep_delay").cast(pl.Int32)
    gone = (
        flights.drop_nulls("dep_delay")
        .select(*group, at=pl.col("scheduled") + delay, gone=1, minutes=delay, late=(delay > late_after).cast(pl.Int32))
        .sort("at")
        .with_columns(pl.col("gone", "minutes", "late").cum_sum().over(group))
    )
    # A flight waits from the minute it is late until it leaves; running totals of both ends give the number waiting.
    overdue = flights.filter((delay > late_after) | delay.is_null())
    until = pl.col("scheduled") + pl.min_horizontal(delay.fill_null(patience), pl.lit(patience))
    starts = overdue.select(*group, at=pl.col("scheduled") + late_after + 1, waiting=1, due=pl.col("scheduled"))
    ends = overdue.select(*group, at=until, waiting=-1, due=-pl.col("scheduled"))
    queue = pl.concat([starts, ends]).sort("at").with_columns(pl.col("waiting", "due").cum_sum().over(group))

    asked = (
        flights.select("id", *group, now=pl.col("scheduled") - horizon)
        .with_columns(earlier=pl.col("now") - window)
        .with_row_index("order")
        .sort("now", "order")
    )
    before = gone.select(*group, "at", pl.col("gone", "minutes", "late").name.suffix("_before"))
    known = asked
    for totals, moment in ((gone, "now"), (before, "earlier"), (queue, "now")):
        known = known.join_asof(totals, left_on=moment, right_on="at", by=group, check_sortedness=False)
        known = known.drop("at", strict=False)
    known = known.sort("order").fill_null(0)
    departed = pl.col("gone") - pl.col("gone_before")
    return known.select(
        "id",
        pl.when(departed > 0).then((pl.col("minutes") - pl.col("minutes_before")) / departed).alias(f"{prefix}_delay"),
        pl.when(departed > 0).then((pl.col("late") - pl.col("late_before")) / departed).alias(f"{prefix}_late"),
        pl.col("waiting").alias(f"{prefix}_waiting"),
        (pl.col("waiting") * pl.col("now") - pl.col("due")).alias(f"{prefix}_waited"),
    )
