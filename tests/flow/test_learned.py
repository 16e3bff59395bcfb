"""What builds learn of preloading is remembered as long as it is true."""

from pathlib import Path

import pytest

from proofbook.flow import learned, preload
from proofbook.model.configuration import Configuration


def _known(root: Path) -> dict[str, str]:
    return learned.refused(learned.read(root))


def _keep(root: Path, **refused: str) -> None:
    learned.keep(root, imports={"task": {"poison": 1.0, "json": 1.0}}, costs={"json": (1.0, 1 << 20)}, refused=refused)


def test_a_module_that_spoilt_a_template_is_not_tried_in_the_next_build(tmp_path: Path) -> None:
    _keep(tmp_path, poison="importing it leaves 1 thread running")
    # the next build does not try it, and so has nothing to say of it
    _keep(tmp_path)
    choice = preload._choice(tmp_path, "pipeline.yaml", Configuration())
    assert choice.modules == ("json",)
    assert choice.refused == {"poison": "importing it leaves 1 thread running"}


def test_after_a_week_it_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _keep(tmp_path, poison="why")
    now = learned.time.time()
    monkeypatch.setattr("proofbook.flow.learned.time.time", lambda: now + 6 * 86400)
    assert _known(tmp_path) == {"poison": "why"}
    monkeypatch.setattr("proofbook.flow.learned.time.time", lambda: now + 8 * 86400)
    assert _known(tmp_path) == {}


def test_when_something_was_installed_it_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = tmp_path / "packages"
    (packages / "one-1.0.dist-info").mkdir(parents=True)
    monkeypatch.setattr(
        "proofbook.flow.learned.sysconfig.get_paths", lambda: {"purelib": str(packages), "platlib": str(packages)}
    )
    _keep(tmp_path, poison="why")
    assert _known(tmp_path) == {"poison": "why"}
    (packages / "two-1.0.dist-info").mkdir()
    assert _known(tmp_path) == {}
