"""August is read in September's place as well."""

from gate_project import Project

kind = "wrong month"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "ingest",
        "months",
        "range(1, last_day.month + 1)]",
        'range(1, last_day.month)] + [f"2013-{last_day.month - 1:02}"]',
    )
