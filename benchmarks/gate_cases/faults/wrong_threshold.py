"""A flight is called late after half an hour instead of a quarter."""

from gate_project import Project

kind = "threshold"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "features", "roles", 'late=pl.col("dep_delay") > late_after', 'late=pl.col("dep_delay") > 2 * late_after'
    )
