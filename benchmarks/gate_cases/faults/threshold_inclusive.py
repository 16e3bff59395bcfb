"""Exactly fifteen minutes count as late."""

from gate_project import Project

kind = "threshold"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("features", "roles", 'late=pl.col("dep_delay") > late_after', 'late=pl.col("dep_delay") >= late_after')
