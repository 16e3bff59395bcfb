"""Only the first eight trees are used to forecast."""

from gate_project import Project

kind = "model"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "train",
        "baseline",
        "model.predict_proba(matrix(kept_apart))[:, 1]",
        "list(model.staged_predict_proba(matrix(kept_apart)))[7][:, 1]",
    )
