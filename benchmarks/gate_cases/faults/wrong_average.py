"""Cancelled flights count as punctual in the rates of the months."""

from gate_project import Project

kind = "aggregation"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("profile", "months", 'late=pl.col("late").mean()', 'late=pl.col("late").fill_null(False).mean()')
