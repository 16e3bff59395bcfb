"""Imports stand in another order."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("train", "imports", "import joblib\n", "")
    project.edit("train", "imports", "import polars as pl\n", "import polars as pl\nimport joblib\n")
