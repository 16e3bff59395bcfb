"""Flights are handed on in another order."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "features",
        "roles",
        "features.write_parquet",
        'features = features.sort("carrier", "origin", "date", "flight")\nfeatures.write_parquet',
    )
