"""What lint says at error level of a name comes true when the notebook runs: held against hundreds of small runs."""

from dataclasses import dataclass

import pytest

from proofbook.lint import engine
from proofbook.model.configuration import LintConfiguration
from tests.lint import programs
from tests.lint.factory import notebook

NAMES = LintConfiguration(select=["PB201", "PB202", "PB203", "PB209"])


@dataclass(frozen=True)
class Run:
    seed: int
    cells: int
    failed: int | None
    error: str
    errors: frozenset[int]
    told: frozenset[int]


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    made = []
    for seed in range(500):
        cells = programs.program(seed)
        failed, error = programs.ran(cells)
        found = engine.lint(notebook(*cells), configuration=NAMES)
        errors = frozenset(one.cell for one in found if one.level == "error")
        made.append(Run(seed, len(cells), failed, error, errors, frozenset(one.cell for one in found)))
    return made


def test_no_cell_that_ends_well_is_said_to_fail(runs):
    wrong = [(run.seed, cell) for run in runs for cell in run.errors if cell < (run.failed or run.cells + 1)]

    assert wrong == []


def test_most_cells_that_fail_for_want_of_a_name_are_told_of(runs):
    failed = [run for run in runs if run.error == "NameError"]

    # the others stand where the run may not come, or below a name that may have been bound: nobody can be sure
    assert len(failed) > 300
    assert sum(run.failed in run.errors for run in failed) / len(failed) > 0.6
    assert sum(run.failed in run.told for run in failed) / len(failed) > 0.75
