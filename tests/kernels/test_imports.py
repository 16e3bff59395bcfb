"""What notebooks import, read without running anything."""

import json
import time
from pathlib import Path

from proofbook.kernels.imports import of_files, of_project


def notebook(path: Path, *cells: str) -> None:
    content = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    path.write_text(json.dumps({"cells": content, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


def test_notebooks_and_scripts_of_a_pipeline_are_read_and_the_projects_modules_with_them(tmp_path: Path) -> None:
    notebook(
        tmp_path / "first.ipynb",
        "%matplotlib inline\n!pip list\nimport numpy as np, json\nfrom sklearn.linear_model import Ridge",
        "if True:\n    %time 1\nfrom matplotlib import pyplot\nimport not_installed_anywhere",
    )
    (tmp_path / "second.py").write_text("# %%\nfrom helpers import tables\n")
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "__init__.py").write_text("")
    (tmp_path / "helpers" / "tables.py").write_text("def load():\n    import pandas\n")
    (tmp_path / "third.py").write_text("import tabulate\n")
    (tmp_path / "unused.py").write_text("import scipy\n")
    (tmp_path / "pipeline.yaml").write_text(
        "tasks:\n  - source: first.ipynb # the first\n    product: out.ipynb\n  - product: {nb: a.ipynb}\n"
        "    source: 'second.py'\n  - source: gone.ipynb\n    product: x\n"
        "  - {source: third.py, product: {nb: b.ipynb}}\n"
    )
    assert of_project(tmp_path, "pipeline.yaml") == (
        "matplotlib",
        "matplotlib.pyplot",
        "numpy",
        "pandas",
        "sklearn.linear_model",
        "tabulate",
    )


def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    assert of_project(tmp_path, "pipeline.yaml") == ()
    (tmp_path / "pipeline.yaml").write_bytes(
        b"tasks:\n  - source: bad.ipynb\n  - source: worse.py\n  - source: odd.ipynb\xff\n"
    )
    (tmp_path / "bad.ipynb").write_text("{")
    (tmp_path / "odd.ipynb").write_text('{"cells": [3, null, {"cell_type": "code", "source": 5}]}')
    (tmp_path / "worse.py").write_text("def broken(:\nimport numpy\n")
    assert of_project(tmp_path, "pipeline.yaml") == ("numpy",)


def test_modules_that_import_each_other_end(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("import two\n")
    (tmp_path / "two.py").write_text("import one\nimport pandas\n")
    assert of_files([tmp_path / "one.py"], root=tmp_path) == ("pandas",)


def test_it_is_cheap(tmp_path: Path) -> None:
    for number in range(20):
        notebook(
            tmp_path / f"{number}.ipynb",
            *(f"import pandas as pd\nx = {number}\npd.DataFrame([x] * {cell})" for cell in range(20)),
        )
    start = time.process_time()
    assert of_files(sorted(tmp_path.glob("*.ipynb")), root=tmp_path) == ("pandas",)
    assert time.process_time() - start < 0.5
