"""Tasks stand in another order in the file of the pipeline."""

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    file = project.folder / "pipeline.yaml"
    head, *tasks = file.read_text(encoding="utf-8").split("  - source:")
    file.write_text(
        "  - source:".join([head, *reversed([task.rstrip("\n") + "\n\n" for task in tasks])]), encoding="utf-8"
    )
