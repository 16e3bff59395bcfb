"""The register of aircraft is joined by another writing of the tail number, and finds nothing."""

from gate_project import Project

kind = "join"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "features",
        "schedule",
        "flights.join(aircraft,",
        'flights.join(aircraft.with_columns(pl.col("tailnum").str.to_lowercase()),',
    )
