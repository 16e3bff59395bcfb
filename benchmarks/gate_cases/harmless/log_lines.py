"""Two cells say what they have done."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    project.rewrite("train", "fit", lambda source: source + '\nprint(f"fitted {model.n_iter_} trees")')
    project.rewrite("ingest", "tidy", lambda source: 'print("writing three tables")\n' + source)
