"""Values that were measured on different data are compared after production was scored on the candidate's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from proofbook.flow import configuration
from proofbook.flow.check import check
from proofbook.model.verdict import Comparison, GateResult
from proofbook.store import Store

from .replaying import Small

SCORE = [
    "from pathlib import Path\nfrom proofbook import record",
    "held = [float(line) for line in Path('data/held.txt').read_text().split()]",
    "import json\nrows = json.loads(Path(upstream['load']['rows']).read_text())",
    "score = -abs(sum(rows) / len(rows) + shift - sum(held) / len(held))",
    "record('score', score, better='higher', margin=0.5, eval_set=Path('data/held.txt'))",
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Small:
    made = Small(tmp_path_factory.mktemp("built"))
    made.cells["fit"] = SCORE
    made.params["fit"] = {"shift": 0.0}
    made.data(11, 12, 13)
    (made.root / "data" / "held.txt").write_text("12\n12")
    text = '[gate]\ncause = "never"\n[data]\nload = ["data/rows.txt"]\nfit = ["data/held.txt"]\n'
    (made.root / "proofbook.toml").write_text(text)
    made.build()
    made.promote(1)
    return made


@pytest.fixture
def small(tmp_path: Path, built: Small) -> Small:
    return built.copy(tmp_path / "project")


@pytest.fixture
def store(small: Small) -> Iterator[Store]:
    with Store.open(small.root) as opened:
        yield opened


def score(result: GateResult) -> Comparison:
    return next(found for found in result.comparisons if found.record == "score")


def test_a_set_that_became_harder_is_no_regression_and_the_line_says_on_what_it_was_compared(
    small: Small, store: Store
) -> None:
    (small.root / "data" / "held.txt").write_text("14\n14")
    small.data(11, 12, 13, 12.4)
    built = small.build()
    assert built.gate is not None
    found = score(built.gate)
    # on its own set production has 0; on the new one -2, with what it learned from still as it was
    assert (found.verdict, found.production) == ("pass", "-2.000")
    assert "production is scored on data/held.txt as run 2 read it, on its own set it was -0" in found.reason
    assert any(reason.startswith("score of run 1 is scored on data/held.txt") for reason in built.gate.reasons)
    assert [store.looks(record.eval_set or "") for run in (1, 2) for record in store.run(run).records[1:]] == [1, 1]

    # it is known now, and the same is said again
    said: list[str] = []
    gate = configuration.load(small.root).gate
    again = check(store, configuration=gate, say=said.append)
    assert (score(again), said) == (found, [])
    (kept,) = store.replays(store.manifest(1), "eval")
    assert (kept.run, [record.value for record in kept.records if record.name == "score"]) == (2, [-2.0])


def test_code_that_became_worse_is_a_regression_on_whatever_set(small: Small) -> None:
    (small.root / "data" / "held.txt").write_text("14\n14")
    small.params["fit"]["shift"] = -3.0
    built = small.build()
    assert built.gate is not None
    assert score(built.gate).verdict == "regressed"
    assert built.gate.decision == "no"


def test_where_production_cannot_be_scored_the_comparison_stays_inconclusive_and_says_why(small: Small) -> None:
    (small.root / "data" / "held.txt").write_text("14\n14")
    with Store.open(small.root) as store:
        store.blobs.path(store.run(1).data["data/rows.txt"]).unlink()
    small.data(1, 2, 3)
    built = small.build()
    assert built.gate is not None
    found = score(built.gate)
    assert found.verdict == "inconclusive"
    assert "production could not be scored on it: data file data/rows.txt, as run 1 read it, is gone" in found.reason
    assert built.gate.decision == "review"
