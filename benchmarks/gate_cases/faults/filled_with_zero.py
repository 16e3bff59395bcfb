"""What is unknown is given to the model as 0."""

from gate_project import Project

kind = "gaps"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "train",
        "inputs",
        "select(pl.col(columns).cast(pl.Float32))",
        "select(pl.col(columns).cast(pl.Float32).fill_null(0))",
    )
