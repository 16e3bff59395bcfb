"""A curve is drawn with twice as many points."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("evaluate", "roc", "np.linspace(0, 1, 201)", "np.linspace(0, 1, 401)")
