"""Loops became expressions over whole columns."""

from gate_project import Project

LOOP = """shares, numbers = [], []
for low, high in zip(bounds[:-1], bounds[1:], strict=True):
    group = features.filter(
        pl.col("role") == "training", pl.col("airport_waiting").is_between(low, high - 1)
    )
    shares.append(group["late"].mean() or 0)
    numbers.append(group.height)
"""
EXPRESSION = """grouped = (
    features.filter(role="training")
    .group_by(pl.col("airport_waiting").cut(bounds[1:-1], left_closed=True).alias("queue"))
    .agg(pl.len(), pl.col("late").mean())
    .sort("queue")
)
shares, numbers = grouped["late"].to_list(), grouped["len"].to_list()
"""
ROWS = """[
            distance(counts[row], counts[:row].sum(axis=0)) for row in range(1, len(months))
        ]"""


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("features", "signal", LOOP, EXPRESSION)
    project.edit("profile", "drift", ROWS, "list(map(distance, counts[1:], counts.cumsum(axis=0)[:-1]))")
