"""Late flights are fitted twice."""

from gate_project import Project

kind = "too many rows"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "train",
        "check",
        "training.filter(~is_check), training.filter(is_check)",
        'training.filter(~is_check), training.filter(is_check)\nfitted = pl.concat([fitted, fitted.filter("late")])',
    )
