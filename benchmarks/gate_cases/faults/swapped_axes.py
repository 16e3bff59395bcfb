"""Airlines are on the axis of the shares, and shares on that of the airlines."""

from gate_project import Project

kind = "figure"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "evaluate", "carriers-figure", 'shown["observed"], names, xerr=error', 'names, shown["observed"], yerr=error'
    )
    project.edit(
        "evaluate",
        "carriers-figure",
        'axis.plot(shown["forecast"], names, "D"',
        'axis.plot(names, shown["forecast"], "D"',
    )
    project.edit("evaluate", "carriers-figure", "xaxis.set_major_formatter", "yaxis.set_major_formatter")
