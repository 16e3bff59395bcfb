"""Facts of the weather are kept in half the width."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "features",
        "roles",
        "features.write_parquet",
        'features = features.cast(dict.fromkeys(["temp", "humid", "pressure"], pl.Float32))\nfeatures.write_parquet',
    )
