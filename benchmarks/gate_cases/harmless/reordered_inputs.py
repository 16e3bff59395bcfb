"""The kinds of inputs stand in another order."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("train", "inputs", '    "aircraft": ["age", "seats"],\n', "")
    project.edit("train", "inputs", "kinds = {\n", 'kinds = {\n    "aircraft": ["age", "seats"],\n')
