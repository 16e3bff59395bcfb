"""A score is computed and no longer recorded."""

from gate_project import Project

kind = "rule"


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit(
        "evaluate",
        "frozen",
        'record(\n    "brier", brier(late, model), better="lower", margin=0.001, ceiling=0.16, eval_set=asked\n)\n',
        "brier(late, model)\n",
    )
