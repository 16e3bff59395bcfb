"""What was acknowledged survives, what was not is wholly there or not at all: struck at every named point."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tests
from proofbook.disk.faults import POINTS

ROOT = Path(tests.__file__).parent.parent
struck: set[str] = set()


def strike(scenario: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.store.striking", scenario, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    struck.update(found["points"])
    return found


@pytest.mark.parametrize("scenario", ["creation", "record", "release", "upgrade"])
def test_no_promise_is_broken_wherever_the_process_or_the_disk_fails(quick: Path, scenario: str) -> None:
    found = strike(scenario, quick)
    assert found["broken"] == []
    # bringing a store up to date is one transaction
    assert found["struck"] > 10 or (scenario == "upgrade" and found["struck"] > 0)


def test_every_named_point_was_struck() -> None:
    """After the test above: a step that no scenario passes is a step that nobody looked at."""
    if len(struck) < 10:
        pytest.skip("the strikes themselves were not asked for")
    assert struck == POINTS
