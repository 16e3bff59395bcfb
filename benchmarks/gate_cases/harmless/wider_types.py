"""Whole numbers are wider."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "ingest",
        "tidy",
        "flights.write_parquet",
        'wider = {"hour": pl.Int32, "distance": pl.Int64, "dep_delay": pl.Int32}\n'
        "flights = flights.cast(wider)\n"
        "flights.write_parquet",
    )
