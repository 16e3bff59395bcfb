"""A product is written with another compression."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "features",
        "roles",
        'write_parquet(product["features"])',
        'write_parquet(product["features"], compression="gzip")',
    )
