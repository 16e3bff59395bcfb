"""Two threads fit the model."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("train", "imports", "threadpool_limits(limits=1)", "threadpool_limits(limits=2)")
