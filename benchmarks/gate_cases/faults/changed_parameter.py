"""Ten trees are grown instead of forty."""

from gate_project import Project

kind = "model"


def apply(project: Project) -> None:
    """Edit the project."""
    project.parameter("iterations", 10)
