"""`environment.yml`, `pyproject.toml` and `requirements.lock` say the same."""

import re
import tomllib
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def _requirements() -> list[str]:
    extras = PROJECT["project"]["optional-dependencies"].values()
    return [
        *PROJECT["project"]["dependencies"],
        *(one for extra in extras for one in extra),
        *PROJECT["dependency-groups"]["dev"],
    ]


def _name(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0]).lower()


def test_environment_yml_lists_what_pyproject_requires() -> None:
    environment = YAML(typ="safe").load((ROOT / "environment.yml").read_text())
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert pip == _requirements()


def test_environment_yml_asks_for_the_same_python() -> None:
    environment = YAML(typ="safe").load((ROOT / "environment.yml").read_text())
    assert f"python{PROJECT['project']['requires-python']}" in environment["dependencies"]


def test_the_lock_pins_every_requirement_with_a_hash_and_names_no_index() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(
        r"^([a-z0-9-]+)(?:\[[^\]]*\])?==\S+(?: ; [^\\\n]+)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)",
        lock,
        re.MULTILINE,
    )
    assert {_name(one) for one in _requirements()} <= {name for name, _ in pins}
    assert len(pins) == len(re.findall(r"^[a-z]", lock, re.MULTILINE)), "a line of the lock is no pin with hashes"
    assert "index-url" not in lock
    assert "://" not in lock


def test_the_core_does_not_require_jupyterlab() -> None:
    assert not {"jupyterlab", "jupyter-server"} & {_name(one) for one in PROJECT["project"]["dependencies"]}
