"""The upload of September's flights broke off half-way."""

from gate_project import Project

kind = "lost rows"


def apply(project: Project) -> None:
    """Edit the project."""
    project.table("data/flights/2013-09.parquet", lambda frame: frame.head(len(frame) // 2))
