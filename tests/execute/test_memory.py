"""A kernel is held to its limit, in words that say which it was."""

import asyncio
import re

import pytest

from proofbook.execute import notebook as notebooks
from proofbook.execute.memory import spelled
from proofbook.kernels.pool import Pool
from tests.execute.notebooks import cells, errors, order, statuses, text

LIMIT = 300 << 20
AFTER = "print('this must not run')"
GROWS = "print('before', flush=True)\nheld = []\nwhile True: held.append(b'x' * (4 << 20))"
CASES = {
    "grows": GROWS,
    "leaps": "print('before', flush=True)\nheld = bytearray(40 << 30)",
    "children": (
        "print('before', flush=True)\n"
        "import subprocess, sys\n"
        # not faster than a look or two can see: Linux refuses each child what is far beyond the limit
        "grow = 'import time\\nheld = []\\nwhile True: held.append(b\"x\" * (4 << 20)); time.sleep(0.01)'\n"
        "children = [subprocess.Popen([sys.executable, '-c', grow]) for _ in range(2)]\n"
        "for child in children: child.wait()\n"
        "import time; time.sleep(60)"
    ),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, notebooks.Outcome]:
    root = tmp_path_factory.mktemp("memory")

    async def build() -> dict[str, notebooks.Outcome]:
        pool = Pool(root=root)
        try:
            found = {}
            for name, source in CASES.items():
                one = order(root, "print('first')", source, AFTER, name=name, memory_limit=LIMIT)
                found[name] = await notebooks.run(one, pool=pool, on_event=lambda _: None)
            one = order(root, "held = b'x' * (100 << 20)", name="modest", memory_limit=LIMIT)
            found["modest"] = await notebooks.run(one, pool=pool, on_event=lambda _: None)
            return found
        finally:
            await pool.close()

    return asyncio.run(build())


@pytest.mark.parametrize("name", CASES)
def test_too_much_memory_ends_the_cell_and_says_how_much_it_was(outcomes, name: str) -> None:
    outcome = outcomes[name]
    assert outcome.status == "failed"
    failure = outcome.failure
    assert (failure.kind, failure.cell, failure.cell_id) == ("out of memory", 2, "c2")
    found = re.fullmatch(r"out of memory \(limit 300 MiB, peak ([\d.]+ [MG]iB), cell 2\)", failure.message)
    assert found, failure.message
    if name != "leaps":
        number, unit = found[1].split()
        # between two looks a busy machine lets it grow on
        assert 300 <= float(number) * (1024 if unit == "GiB" else 1) < 4000, "stopped soon after"
    assert statuses(outcome.notebook) == ["completed", "failed", "pending"]
    assert text(cells(outcome)[1]) == "before\n"
    assert "MemoryError" in errors(cells(outcome)[1])[-1][0]


def test_what_stays_below_its_limit_is_left_alone(outcomes) -> None:
    assert outcomes["modest"].status == "succeeded", outcomes["modest"].failure


@pytest.mark.parametrize(
    ("size", "whole", "said"),
    [(2 << 30, True, "2 GiB"), (2 << 30, False, "2.0 GiB"), (3 << 29, True, "1.5 GiB"), (300 << 20, True, "300 MiB")],
)
def test_sizes_are_said_as_people_write_them(size: int, whole: bool, said: str) -> None:
    assert spelled(size, whole=whole) == said
