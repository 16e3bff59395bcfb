"""Which kernels are installed: Jupyter's own answer is the measure."""

import json
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

from proofbook.flow import kernels


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Kernels of which the names differ in case, in each place where Jupyter looks; and folders that are none."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "path"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    for name in ("data/kernels/MyKern", "path/kernels/mykern", "path/kernels/julia-1.9", "ipython/kernels/old"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "kernel.json").write_text(json.dumps({"argv": ["true"], "display_name": name}))
    (tmp_path / "data/kernels/empty").mkdir()
    return tmp_path


def test_the_kernels_are_those_that_jupyter_finds_in_the_same_folders(folders: Path) -> None:
    found, theirs = kernels.installed(), KernelSpecManager().find_kernel_specs()

    assert set(found) == set(theirs)
    assert {name: str(folder) for name, folder in found.items() if folder is not None} == {
        name: theirs[name] for name, folder in found.items() if folder is not None
    }
    assert found["mykern"] == folders / "path/kernels/mykern"


@pytest.mark.parametrize(
    "name", ["mykern", "MyKern", "MYKERN", "julia-1.9", "old", "python3", "Python3", "empty", "gone"]
)
@pytest.mark.usefixtures("folders")
def test_a_kernel_is_installed_where_jupyter_would_start_one(name: str) -> None:
    try:
        KernelSpecManager().get_kernel_spec(name)
        theirs = True
    except NoSuchKernel:
        theirs = False

    assert (name.lower() in kernels.installed()) == theirs
