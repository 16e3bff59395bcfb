"""Hours of weather reports are New York time taken for universal time."""

from gate_project import Project

kind = "time"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "features",
        "weather",
        'pl.col("time_hour").dt.offset_by("1h")',
        'pl.col("time_hour").dt.convert_time_zone("America/New_York").dt.replace_time_zone("UTC").dt.offset_by("1h")',
    )
