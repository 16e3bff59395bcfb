"""One forecast is not a number, and the score with it."""

from gate_project import Project

kind = "gaps"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "train",
        "baseline",
        "predict_proba(matrix(kept_apart))[:, 1])",
        'predict_proba(matrix(kept_apart))[:, 1]).set(pl.int_range(len(kept_apart), eager=True) == 0, float("nan"))',
    )
