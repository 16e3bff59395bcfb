"""The daily list names the flights that are least likely to be late."""

from gate_project import Project

kind = "sign"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("briefing", "list-figure", "descending=True", "descending=False")
