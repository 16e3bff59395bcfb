"""A figure has other colours, other markers and another size."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("evaluate", "carriers-figure", "figsize=(8, 4.4)", "figsize=(9, 5)")
    project.edit("evaluate", "carriers-figure", 'fmt="o", color=BLUE, capsize=3', 'fmt="s", color=GREY, capsize=5')
    project.edit("evaluate", "carriers-figure", "color=ORANGE, markersize=5", "color=BLUE, markersize=7")
