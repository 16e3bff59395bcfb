"""Weather is put beside flights in the order of airports, not in the order of the flights."""

from gate_project import Project

kind = "join"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "features", "weather", '    .sort("id")\n    .drop("origin"', '    .sort("origin", "now")\n    .drop("origin"'
    )
