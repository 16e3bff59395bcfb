"""Training and recent days are drawn by lot instead of split in time: the future is trained on."""

from gate_project import Project

kind = "leak"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "train",
        "check",
        "fitted, check = training.filter(~is_check), training.filter(is_check)",
        'fitted = flights.filter(pl.col("role") != "evaluation").sample(fraction=0.9, seed=1)\n'
        "check = training.filter(is_check)",
    )
