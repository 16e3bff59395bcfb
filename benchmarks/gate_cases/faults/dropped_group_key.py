"""What the airline had so far is counted over all three airports."""

from gate_project import Project

kind = "join"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("features", "so-far", '"airline": ["origin", "carrier"]', '"airline": ["carrier"]')
