"""Which packages a project declares, in each of the files in which that is done."""

import os
from pathlib import Path

import pytest

from proofbook.lint import dependencies
from proofbook.lint.dependencies import Declarations, declarations, normalised
from proofbook.lint.distributions import candidates, well_known

FORMS = {
    "requirements.txt": "# what we need\nnumpy>=2\nScikit_Learn[alldeps] ~= 1.5 ; python_version > '3.9'  # models\npandas\n"
    "git+https://example.org/x.git#egg=flights\n-e .\n--hash=sha256:0\nseaborn==0.13 \\\n  --hash=sha256:1\n",
    "setup.cfg": "[metadata]\nname = delays\n[options]\ninstall_requires =\n  numpy>=2\n  scikit-learn>1\n  pandas\n"
    "[options.extras_require]\na = flights>=1\nb =\n  seaborn>=0.13\n",
    "setup.py": "from setuptools import setup\nsetup(name='delays', install_requires=['numpy>=2', 'scikit-learn>1', 'pandas'],\n"
    "extras_require={'a': ['flights>=1'], 'b': 'seaborn>=0.13'})",
    "Pipfile": '[packages]\nnumpy = ">=2"\nscikit-learn = {version = ">1"}\npandas = "*"\nflights = {path = "."}\n'
    '[dev-packages]\nseaborn = "==0.13"\n',
    "environment.yml": "name: delays\nchannels:\n  - conda-forge\ndependencies:\n  - numpy>=2\n  - conda-forge::scikit-learn=1.5\n"
    "  - pandas  # any\n  - pip\n  - pip:\n    - flights>=1\n    - 'seaborn==0.13'\nvariables:\n  - matplotlib: 1\n",
    "pyproject.toml": '[project]\nname = "delays"\ndependencies = ["numpy>=2", "scikit-learn>1"]\n[dependency-groups]\n'
    'dev = ["pandas", {include-group = "x"}]\n[tool.uv]\ndev-dependencies = ["flights>=1"]\n[tool.hatch.envs.a]\n'
    'dependencies = ["seaborn>=0.13"]\n',
}


@pytest.mark.parametrize(("name", "text"), FORMS.items())
def test_each_form_tells_packages_and_whether_a_version_is_asked_for(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / name).write_text(text)

    found = declarations(tmp_path / "a.ipynb", folder=tmp_path)

    expected = {"numpy": True, "scikit-learn": True, "pandas": False, "flights": True, "seaborn": True}
    assert {package: found.packages[package] for package in expected} == expected
    assert "matplotlib" not in found.packages
    assert found.files == (name,)
    assert found.whole


def test_what_is_declared_in_code_is_not_whole(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "setup.py").write_text("from setuptools import setup\nsetup(install_requires=read('x'))")

    assert not declarations(tmp_path / "a.ipynb", folder=tmp_path).whole


@pytest.mark.parametrize("text", ["[project", "[project]\ndependencies = 3", "\x00", "[project]\nname = ['x']"])
def test_a_file_that_makes_no_sense_is_no_declaration(tmp_path: Path, text: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text(text)

    assert not declarations(tmp_path / "a.ipynb", folder=tmp_path).packages


def test_files_that_include_each_other_come_to_an_end(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "requirements.txt").write_text("-r more.txt\n-r gone.txt\nnumpy>=2")
    (tmp_path / "more.txt").write_text("-r requirements.txt\npolars>=1")

    assert set(declarations(tmp_path / "a.ipynb", folder=tmp_path).packages) == {"numpy", "polars"}


def test_folders_are_read_up_to_the_repository(tmp_path: Path) -> None:
    inner = tmp_path / "project" / "notebooks"
    inner.mkdir(parents=True)
    (tmp_path / "project" / ".git").mkdir()
    (tmp_path / "requirements.txt").write_text("torch>=2")
    (tmp_path / "project" / "requirements.txt").write_text("numpy>=2")
    (inner / "requirements.txt").write_text("polars>=1")

    found = declarations(inner / "a.ipynb", folder=inner)

    assert set(found.packages) == {"numpy", "polars"}


def test_a_notebook_without_a_repository_belongs_to_the_folder_that_is_linted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the folder of temporary files may itself lie in a repository
    monkeypatch.setattr(dependencies, "_is_repository", lambda folder: False)
    inner = tmp_path / "project" / "notebooks"
    inner.mkdir(parents=True)
    (tmp_path / "requirements.txt").write_text("torch>=2")
    (tmp_path / "project" / "requirements.txt").write_text("numpy>=2")

    found = declarations(inner / "a.ipynb", folder=tmp_path / "project")

    assert set(found.packages) == {"numpy"}


def test_a_changed_declaration_is_read_again(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    file = tmp_path / "requirements.txt"
    file.write_text("numpy>=2")
    before = declarations(tmp_path / "a.ipynb", folder=tmp_path)
    file.write_text("numpy>=2\npolars>=1")
    os.utime(file, (1, 1))

    assert set(declarations(tmp_path / "a.ipynb", folder=tmp_path).packages) - set(before.packages) == {"polars"}


def test_nothing_declared(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()

    assert declarations(tmp_path / "a.ipynb", folder=tmp_path) == Declarations()


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("sklearn", "scikit-learn"),
        ("cv2", "py-opencv"),
        ("PIL", "pillow"),
        ("dateutil", "python-dateutil"),
        ("numpy", "numpy"),
    ],
)
def test_a_module_is_known_by_its_package(module: str, package: str) -> None:
    assert package in candidates(module)


def test_names_are_compared_as_package_indexes_do() -> None:
    assert normalised("Scikit_Learn") == normalised("scikit.learn") == "scikit-learn"
    assert well_known("nobody_knows_this") is None
