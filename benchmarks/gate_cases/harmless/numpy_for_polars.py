"""Means are computed by another library."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("train", "baseline", "float(np.mean(outcome))", 'float(fitted["late"].mean())')
    project.edit("briefing", "situation", "late.mean()", "np.average(late)")
