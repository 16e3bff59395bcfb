"""Files of flights are written in small row groups."""

import polars as pl
from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    for path in sorted((project.folder / "data" / "flights").glob("*.parquet")):
        frame = pl.read_parquet(path)
        path.unlink()
        frame.write_parquet(path, row_group_size=1000)
