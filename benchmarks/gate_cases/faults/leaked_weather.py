"""A flight is given the weather of an hour that is not over yet."""

from gate_project import Project

kind = "leak"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("features", "weather", 'dt.offset_by("1h")', 'dt.offset_by("0h")')
