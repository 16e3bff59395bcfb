"""The state of the day is taken at the departure, not an hour before."""

from gate_project import Project

kind = "leak"


def apply(project: Project) -> None:
    """Edit the project."""
    project.text("notebooks/flights/so_far.py", 'now=pl.col("scheduled") - horizon', 'now=pl.col("scheduled")')
