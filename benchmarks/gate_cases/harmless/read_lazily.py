"""A table is scanned instead of read."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "evaluate",
        "read",
        'pl.read_parquet(upstream["train"]["forecasts"])',
        'pl.scan_parquet(upstream["train"]["forecasts"]).collect()',
    )
    project.edit(
        "profile",
        "read",
        'pl.read_parquet(upstream["ingest"]["weather"])',
        'pl.scan_parquet(upstream["ingest"]["weather"]).collect()',
    )
