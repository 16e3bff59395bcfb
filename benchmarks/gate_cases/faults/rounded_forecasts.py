"""Forecasts are handed on in steps of ten per cent."""

from gate_project import Project

kind = "model"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "train",
        "baseline",
        "predict_proba(matrix(kept_apart))[:, 1])",
        "predict_proba(matrix(kept_apart))[:, 1].round(1))",
    )
