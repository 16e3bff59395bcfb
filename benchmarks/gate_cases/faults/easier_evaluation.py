"""Flights after noon are left out of the evaluation."""

from gate_project import Project

kind = "evaluation"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "evaluate",
        "read",
        'forecasts.filter(role="evaluation")',
        'forecasts.filter(pl.col("role") == "evaluation", pl.col("hour") < 12)',
    )
