"""A new version of the shared library has another default: the last hour counts, not the last two."""

from gate_project import Project

kind = "library"


def apply(project: Project) -> None:
    """Edit the project."""
    project.text("notebooks/flights/so_far.py", "window: int = 120", "window: int = 60")
