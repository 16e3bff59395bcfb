"""The newest month's weather is not read."""

from gate_project import Project

kind = "lost rows"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "ingest",
        "schema",
        'f"weather/{month}.parquet" for month in months]',
        'f"weather/{month}.parquet" for month in months[:-1]]',
    )
