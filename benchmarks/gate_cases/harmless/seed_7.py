"""Another seed: luck, and no more than luck."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.parameter("seed", 7)
