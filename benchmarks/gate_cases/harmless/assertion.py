"""A cell asserts what always held."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.rewrite("train", "baseline", lambda source: source + '\nassert forecasts["model"].is_between(0, 1).all()')
