"""Distances are in kilometres."""

from gate_project import Project

kind = "unit"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("features", "schedule", '"destination", "distance", "carrier"', '"destination", "carrier"')
    project.edit("features", "schedule", "    age=2013", '    distance=pl.col("distance") * 1.609,\n    age=2013')
