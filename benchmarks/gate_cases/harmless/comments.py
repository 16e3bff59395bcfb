"""Comments were added."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.rewrite("train", "fit", lambda source: "# forty small trees\n" + source)
    project.text(
        "notebooks/flights/scores.py",
        "    hits, misses = _flagged(late, score)\n    precision",
        "    hits, misses = _flagged(late, score)  # sorted\n    precision",
    )
