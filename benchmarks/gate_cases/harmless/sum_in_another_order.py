"""Scores are summed over the flights in reverse."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "evaluate",
        "read",
        'frozen = forecasts.filter(role="evaluation")',
        'frozen = forecasts.filter(role="evaluation").reverse()',
    )
