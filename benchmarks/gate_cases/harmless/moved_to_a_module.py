"""A function was moved from a notebook to a module."""

from gate_project import Project

DRIFT = '''"""How far two distributions are apart."""

import numpy as np

__all__ = ["distance"]


def distance(sample, reference):
    """Jensen-Shannon distance of two distributions, given as counts."""
    p, q = sample / sample.sum(), reference / reference.sum()
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        divergence = np.nansum(p * np.log2(p / middle)) + np.nansum(q * np.log2(q / middle))
    return float(np.sqrt(max(divergence, 0) / 2))
'''


def apply(project: Project) -> None:
    """Edit the project."""
    (project.folder / "notebooks/flights/drift.py").write_text(DRIFT, encoding="utf-8")
    project.rewrite("profile", "drift", lambda source: source[source.index("def table_of_counts") :])
    project.edit(
        "profile",
        "imports",
        "from notebooks.flights.look",
        "from notebooks.flights.drift import distance\nfrom notebooks.flights.look",
    )
