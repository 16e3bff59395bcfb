"""The margin of a score was made ten times as wide."""

from gate_project import Project

kind = "rule"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("evaluate", "frozen", "    margin=0.003,\n    floor=0.75", "    margin=0.03,\n    floor=0.75")
