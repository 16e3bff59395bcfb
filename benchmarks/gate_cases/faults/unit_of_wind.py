"""From August on the file of the weather gives wind in metres a second."""

import polars as pl
from gate_project import Project

kind = "unit"


def apply(project: Project) -> None:
    """Edit the project."""
    for month in ("08", "09"):
        project.table(
            f"data/weather/2013-{month}.parquet", lambda frame: frame.with_columns(pl.col("wind_speed") * 0.447)
        )
