"""A cell was split in two."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("train", "inputs", 'flights = pl.read_parquet(upstream["features"]["features"])\n', "")
    project.edit("train", "inputs", 'training = flights.filter(role="training")\n', "")
    project.insert(
        "train",
        "inputs-text",
        'flights = pl.read_parquet(upstream["features"]["features"])\ntraining = flights.filter(role="training")\n',
    )
