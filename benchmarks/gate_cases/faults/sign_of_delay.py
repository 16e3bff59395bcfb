"""Mean delay so far has its sign flipped."""

from gate_project import Project

kind = "sign"


def apply(project: Project) -> None:
    """Edit the project."""
    project.text(
        "notebooks/flights/so_far.py",
        'pl.col("minutes") - pl.col("minutes_before")',
        'pl.col("minutes_before") - pl.col("minutes")',
    )
