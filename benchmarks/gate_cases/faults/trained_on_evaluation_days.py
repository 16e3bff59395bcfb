"""The evaluation days are trained on as well."""

from gate_project import Project

kind = "leak"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("train", "inputs", 'flights.filter(role="training")', 'flights.filter(pl.col("role") != "recent")')
