"""The gain over the baseline is computed the wrong way round."""

from gate_project import Project

kind = "sign"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "evaluate", "gain", "brier(late, baseline) - brier(late, model)", "brier(late, model) - brier(late, baseline)"
    )
