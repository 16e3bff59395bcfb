"""Every second training flight is fitted."""

from gate_project import Project

kind = "lost rows"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("train", "check", "training.filter(~is_check)", "training.filter(~is_check).gather_every(2)")
