"""A score is written in another way."""

from gate_project import Project

OLD = "return float(np.mean((np.asarray(score, dtype=float) - np.asarray(late, dtype=float)) ** 2))"
NEW = """errors = np.asarray(late, dtype=float) - np.asarray(score, dtype=float)
    return float(errors @ errors / len(errors))"""


def apply(project: Project) -> None:
    """Edit the project."""
    project.text("notebooks/flights/scores.py", OLD, NEW)
