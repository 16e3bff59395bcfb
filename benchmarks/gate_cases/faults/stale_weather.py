"""February's weather file holds January's readings under February's dates."""

import polars as pl
from gate_project import Project

kind = "stale"


def _as_february(january: pl.DataFrame) -> pl.DataFrame:
    later = january.filter(pl.col("day") <= 28)
    return later.with_columns(pl.lit(2, pl.Int8).alias("month"), pl.col("time_hour") + pl.duration(days=31))


def apply(project: Project) -> None:
    """Edit the project."""
    project.table("data/weather/2013-01.parquet", _as_february, to="data/weather/2013-02.parquet")
