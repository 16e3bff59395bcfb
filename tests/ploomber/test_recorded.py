"""A recorded reading, and a run that stands, are used as long as nothing changed that matters, and no longer."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from . import whole


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[bool]]:
    root = tmp_path_factory.mktemp("above") / "project"
    root.mkdir()
    folder = whole.make(root)
    done = subprocess.run(
        [sys.executable, "-m", "tests.ploomber.whole"],
        cwd=root,
        env={**folder.environment, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert said["code"] == 0, done.stdout
    return said["found"]


@pytest.mark.parametrize("change", whole.READING)
def test_ploomber_is_asked_again_when_this_changes(found: dict[str, list[bool]], change: str) -> None:
    assert found[change] == [False, False]


@pytest.mark.parametrize("change", whole.STANDING)
def test_a_build_looks_closer_when_this_changes(found: dict[str, list[bool]], change: str) -> None:
    assert found[change][1] is False


@pytest.mark.parametrize("change", ["a data file", "a product edited", "a product removed", "the report removed"])
def test_ploomber_is_not_asked_again_for_what_it_does_not_read(found: dict[str, list[bool]], change: str) -> None:
    assert found[change][0] is True


@pytest.mark.parametrize("change", whole.NOTHING)
def test_nothing_is_done_again_when_this_changes(found: dict[str, list[bool]], change: str) -> None:
    assert found[change] == [True, True]


def test_another_question_has_another_answer(found: dict[str, list[bool]]) -> None:
    assert found["Asked(entry=None, env=('--env--number', '1'), force=False)"] == [False, False]
    assert found["Asked(entry='pipeline.yaml', env=(), force=False)"] == [False, False]
    assert found["another folder"] == [False, False]


def test_a_forced_build_uses_the_reading_and_never_the_run_that_stands(found: dict[str, list[bool]]) -> None:
    assert found["Asked(entry=None, env=(), force=True)"] == [True, False]
