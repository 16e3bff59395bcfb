"""Weather is joined by time alone: the airport is no key any more."""

from gate_project import Project

kind = "join"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("features", "weather", '        by="origin",\n', "")
    project.edit(
        "features",
        "weather",
        '.drop("origin", "now", "known_at")',
        '.drop("origin", "origin_right", "now", "known_at")',
    )
