"""The delay itself is among the inputs of the model."""

from gate_project import Project

kind = "leak"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("train", "inputs", '"aircraft": ["age", "seats"]', '"aircraft": ["age", "seats", "dep_delay"]')
