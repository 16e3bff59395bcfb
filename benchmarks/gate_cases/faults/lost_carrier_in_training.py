"""One airline is missing among the flights that the model is fitted on."""

from gate_project import Project

kind = "lost rows"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "train",
        "inputs",
        'training = flights.filter(role="training")',
        'training = flights.filter(pl.col("role") == "training", pl.col("carrier") != "EV")',
    )
