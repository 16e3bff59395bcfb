"""Where PB605 looks for a file, for a notebook that lies deep in a project."""

import msgspec
import pytest

from proofbook.lint import engine
from proofbook.model.configuration import LintConfiguration
from tests.lint.factory import notebook

ONLY = LintConfiguration(select=["PB605"])


def said(folder, source="open('data/a.csv')"):
    made = msgspec.structs.replace(notebook(source), path="doc/guide/x.ipynb")
    return [found.message for found in engine.lint(made, configuration=ONLY, folder=folder)]


@pytest.fixture
def project(tmp_path):
    """A project inside a repository."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "project/doc/guide").mkdir(parents=True)
    return tmp_path / "project"


@pytest.mark.parametrize("place", ["project/doc/guide", "project/doc", "project", "."])
def test_a_file_is_found_from_the_notebook_s_folder_up_to_the_repository(project, place):
    assert said(project) == ["`data/a.csv` is read, and there is no such file"]

    (project.parent / place / "data").mkdir()
    (project.parent / place / "data/a.csv").touch()

    assert said(project) == []


def test_a_file_elsewhere_in_the_repository_is_none(project):
    (project / "other/data").mkdir(parents=True)
    (project / "other/data/a.csv").touch()

    assert said(project) == ["`data/a.csv` is read, and there is no such file"]


def test_a_name_that_no_file_system_takes_is_no_crash(project):
    assert said(project, f"open({'a' * 5000!r})") == []
