"""Columns of the table of facts stand in another order."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "features",
        "roles",
        "features.write_parquet",
        "features = features.select(sorted(features.columns))\nfeatures.write_parquet",
    )
