"""The baseline is the rate of the airline alone, which makes every gain look larger."""

from gate_project import Project

kind = "baseline"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "train",
        "baseline",
        'baseline=pl.coalesce("rate", "hour_rate", pl.lit(overall))',
        'baseline=pl.coalesce("hour_rate", pl.lit(overall))',
    )
