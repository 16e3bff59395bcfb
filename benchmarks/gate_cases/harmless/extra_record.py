"""One more number is recorded, which informs."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.rewrite(
        "evaluate",
        "recent",
        lambda source: source + '\nrecord("recent_late_share", float(recent_late.mean()), informs=True)',
    )
