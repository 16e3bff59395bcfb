"""Scores are those of the recent days and the evaluation days together."""

from gate_project import Project

kind = "evaluation"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("evaluate", "read", 'frozen = forecasts.filter(role="evaluation")', "frozen = forecasts")
