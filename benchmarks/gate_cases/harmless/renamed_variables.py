"""Variables have other names."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.rename("train", "check_outcome", "what_happened_then")
    project.rename("train", "fitted", "days_to_fit")
    project.edit("train", "check", '"share_days_to_fit"', '"share_fitted"')
