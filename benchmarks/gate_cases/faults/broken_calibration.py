"""Forecasts are squared: the order stays, the probabilities are wrong."""

from gate_project import Project

kind = "model"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "train", "baseline", "predict_proba(matrix(kept_apart))[:, 1])", "predict_proba(matrix(kept_apart))[:, 1] ** 2)"
    )
