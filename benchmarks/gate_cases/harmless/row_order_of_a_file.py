"""A file of flights holds the same rows the other way round."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.table("data/flights/2013-03.parquet", lambda frame: frame.reverse())
