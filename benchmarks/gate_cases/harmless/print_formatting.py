"""Numbers are printed with another number of digits."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("train", "reliance", 'f"{drop:.3f}"', 'f"{drop:.2f}"')
    project.edit("evaluate", "read", "{len(rows):,} flights of", "{len(rows)} flights of")
