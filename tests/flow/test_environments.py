"""A second environment, with a package as another run had it: real wheels, a real interpreter, no network."""

import base64
import hashlib
import zipfile
from pathlib import Path

import pytest
from msgspec.structs import replace

from proofbook.exceptions import ReplayError
from proofbook.flow import cause, check, environments, replay
from proofbook.model.run import Environment, Run
from proofbook.store import Store

from .replaying import Small, value


def wheel(folder: Path, version: str) -> None:
    """A distribution whose only module says its version."""
    info = f"proofbook_tried-{version}.dist-info"
    files = {
        "proofbook_tried.py": f"NUMBER = {version}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: proofbook-tried\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {
        name: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        for name, text in files.items()
    }
    lines = [f"{name},sha256={digest},{len(files[name])}" for name, digest in digests.items()]
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,"]) + "\n"
    with zipfile.ZipFile(folder / f"proofbook_tried-{version}-py3-none-any.whl", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Small:
    for name in ("UV_OFFLINE", "UV_NO_INDEX", "PIP_NO_INDEX"):
        monkeypatch.setenv(name, "1")
    for name in ("UV_FIND_LINKS", "PIP_FIND_LINKS"):
        monkeypatch.setenv(name, str(tmp_path / "wheels"))
    (tmp_path / "wheels").mkdir()
    made = Small(tmp_path / "project")
    made.root.mkdir()
    made.data(1, 2, 3)
    made.configure("[gate]\ncause = 'never'\n")
    made.cells["fit"][2] = (
        "from importlib.util import find_spec\n"
        "offset = float(__import__('proofbook_tried').NUMBER) if find_spec('proofbook_tried') else 0.0"
    )
    return made


def with_package(run: Run, version: str) -> Run:
    """The run as if the package had been there, and had done nothing."""
    packages = {**run.environment.packages, "proofbook-tried": version}
    return replace(run, environment=replace(run.environment, packages=packages))


def test_a_package_in_the_version_that_a_run_had_is_what_its_kernels_import(small: Small, tmp_path: Path) -> None:
    wheel(tmp_path / "wheels", "7.5")
    run = small.build().run
    with Store.open(small.root) as store:
        had = with_package(run, "7.5")
        assert value(replay.replay(store, run, environment=had), "fit") == 9.5
        assert store.verify() == ()
    (made,) = (small.root / ".proofbook" / "cache" / "environments").iterdir()
    assert (made / "complete").exists()


def test_where_it_cannot_be_made_the_cause_says_so_and_the_rest_is_told(small: Small, tmp_path: Path) -> None:
    run = small.build().run
    small.promote(1)
    small.data(2, 3, 4)
    new = small.build().run
    with Store.open(small.root) as store:
        with pytest.raises(ReplayError, match=r"^the environment of the other run cannot be made: .*proofbook-tried"):
            replay.replay(store, run, environment=with_package(new, "8.0"), data=new)
        result = cause.explain(
            store, check.check(store), candidate=new, production=with_package(run, "8.0"), when="always"
        )
    assert result.cause is not None
    (why,) = [line for line in result.cause.skipped if line.startswith("new data with old environment")]
    assert "cannot be made" in why
    assert {factor.name for share in result.cause.shares for factor in share.factors} == {"data", "environment"}
    assert not list((small.root / ".proofbook" / "cache" / "environments").iterdir())


def test_what_was_only_added_is_no_other_environment() -> None:
    old = Environment(python="3.11.7", packages={"a": "1", "b": "2", "proofbook": "1"})
    new = replace(old, packages={"a": "1", "b": "2", "c": "1", "proofbook": "2"})
    assert environments.same(old, new)
    assert environments.added(old, new) == ("c",)
    assert not environments.same(new, old)
    assert environments.differing(new, old) == {"c": "1"}
    assert not environments.same(old, replace(new, python="3.12.1"))
