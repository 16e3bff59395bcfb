"""The probability of being punctual is handed on as that of being late."""

from gate_project import Project

kind = "sign"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "train", "baseline", "predict_proba(matrix(kept_apart))[:, 1]", "predict_proba(matrix(kept_apart))[:, 0]"
    )
