"""Flights of one airline are gone after a join with a list that does not have it."""

from gate_project import Project

kind = "lost rows"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "features",
        "read",
        'pl.read_parquet(upstream["ingest"]["aircraft"])',
        'pl.read_parquet(upstream["ingest"]["aircraft"])\nflights = flights.filter(pl.col("carrier") != "FL")',
    )
