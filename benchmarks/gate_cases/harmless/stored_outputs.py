"""A notebook was saved with outputs of an earlier time."""

import json

from gate_project import Project


def apply(project: Project) -> None:
    """Edit the project."""
    file = project.folder / "notebooks/evaluate.ipynb"
    document = json.loads(file.read_text(encoding="utf-8"))
    cell = next(cell for cell in document["cells"] if cell["id"] == "read")
    cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": ["frozen set: 1 flights\n"]}]
    cell["execution_count"] = 3
    file.write_text(json.dumps(document), encoding="utf-8")
