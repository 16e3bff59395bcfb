"""The evaluation reads forecasts that were left by a build of two weeks ago."""

from datetime import date

import polars as pl
from gate_project import Project

kind = "stale"


def apply(project: Project) -> None:
    """Edit the project."""
    until = date(2013, 9, 15)
    project.table(
        "output/forecasts.parquet", lambda frame: frame.filter(pl.col("date") <= until), to="kept/forecasts.parquet"
    )
    project.edit(
        "evaluate",
        "read",
        'pl.read_parquet(upstream["train"]["forecasts"])',
        'pl.read_parquet("kept/forecasts.parquet")',
    )
