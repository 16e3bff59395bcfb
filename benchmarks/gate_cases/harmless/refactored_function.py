"""A calculation was moved into a function."""

from gate_project import Project

FUNCTION = '''def gained(score):
    """What the model gains over the baseline."""
    return score(late, model) - score(late, baseline)


'''


def apply(project: Project) -> None:
    """Edit the project."""
    project.edit("evaluate", "gain", "auc(late, model) - auc(late, baseline)", "gained(auc)")
    project.rewrite("evaluate", "gain", lambda source: FUNCTION + source)
