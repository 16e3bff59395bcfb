"""The notebooks as they are committed: clean sources that a person can read."""

import json
import re

import pytest

from tests.example.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return json.loads(request.param.read_text(encoding="utf-8"))


def test_sources_carry_no_outputs_and_stay_as_nbformat_says(notebook):
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


def test_cells_have_names_that_a_finding_can_be_read_by(notebook):
    names = [cell["id"] for cell in notebook["cells"]]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)


def test_each_opens_with_a_title_and_explains_itself(notebook):
    prose = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    assert "".join(notebook["cells"][0]["source"]).startswith("# ")
    assert sum(len("".join(cell["source"])) for cell in prose) > 600
