"""A paragraph was added, and a title rephrased."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.insert("evaluate", "title", "Read the briefing first.", kind="markdown")
    project.edit("train", "title", "# Training", "# How the model is made")
