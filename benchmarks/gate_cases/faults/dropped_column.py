"""The weather is no longer among the inputs."""

from gate_project import Project

kind = "inputs"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "train",
        "inputs",
        '    "weather": ["temp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"],\n',
        "",
    )
