"""The file of September holds August's flights under its name."""

from gate_project import Project

kind = "wrong month"


def apply(project: Project) -> None:
    """Edit the project."""
    project.table("data/flights/2013-08.parquet", lambda frame: frame, to="data/flights/2013-09.parquet")
