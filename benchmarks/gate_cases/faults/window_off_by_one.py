"""A flight counts as overdue a minute too early."""

from gate_project import Project

kind = "time"


def apply(project: Project) -> None:
    """Edit the project."""
    project.text(
        "notebooks/flights/so_far.py", 'at=pl.col("scheduled") + late_after + 1', 'at=pl.col("scheduled") + late_after'
    )
