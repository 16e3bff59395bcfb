"""The palette of all figures is another one."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.text("notebooks/flights/look.py", "#1f5fa8", "#2a7f62")
    project.text("notebooks/flights/look.py", '"font.size": 10', '"font.size": 11')
