"""Production built again on the same data: how much its records move by themselves."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from proofbook.cli.noise import noise as command
from proofbook.exceptions import NotFoundError, UsageError
from proofbook.flow.noise import noise
from proofbook.store import Store

from .replaying import Small


@pytest.fixture
def small(tmp_path: Path) -> Small:
    made = Small(tmp_path)
    made.data(11, 12, 13)
    made.configure()
    made.cells["fit"][0] += "\nimport random"
    return made


@pytest.fixture
def store(small: Small) -> Iterator[Store]:
    with Store.open(small.root) as opened:
        yield opened


def test_seeds_are_drawn_anew_and_what_has_none_is_known(small: Small, store: Store) -> None:
    small.params["fit"] = {"seed": 3}
    small.cells["fit"][2] = "offset = random.Random(seed).random()"
    small.build()
    small.promote(1)
    before, runs = small.files(), store.runs()
    said: list[str] = []
    found = noise(small.root, runs=2, say=said.append)
    assert (found.run, found.runs, found.new) == (1, 2, 2)
    assert (found.seeds, found.afresh) == ({"fit": ("seed",)}, {})
    assert [line.partition(",")[0] for line in said] == ["run 1 again", "run 1 again"]
    assert all("fit ran" in line for line in said)
    rows, fit = found.records
    assert (rows.record, rows.deviation, rows.values) == ("rows", 0.0, (3.0, 3.0, 3.0))
    assert len(set(fit.values)) == 3
    assert 12 < fit.mean < 13
    assert fit.deviation > 0

    # what is known is not done again, and the same seeds give the same values
    more = noise(small.root, runs=3)
    assert (more.runs, more.new) == (3, 1)
    assert more.records[1].values[:3] == fit.values
    assert small.files() == before
    assert store.runs() == runs
    assert store.verify() == ()


def test_what_draws_without_a_seed_runs_each_time(small: Small) -> None:
    small.cells["fit"][2] = "offset = random.random()"
    small.build()
    small.promote(1)
    result = CliRunner().invoke(command, ["--runs", "2", "--entry-point", str(small.root / "pipeline.yaml"), "--json"])
    document = json.loads(result.stdout)
    assert document["afresh"] == {"fit": ["random.random"]}
    assert [len(set(record["values"])) for record in document["records"]] == [1, 3]


def test_where_nothing_is_left_to_chance_nothing_runs(small: Small) -> None:
    small.build()
    small.promote(1)
    said: list[str] = []
    found = noise(small.root, runs=2, say=said.append)
    assert [one.deviation for one in found.records] == [0.0, 0.0]
    assert all("nothing in it is left to chance" in line for line in said)
    shown = CliRunner().invoke(command, ["--runs", "2", "--entry-point", str(small.root / "pipeline.yaml")])
    assert shown.stdout.splitlines()[0].split() == ["record", "production", "mean", "deviation", "runs"]
    assert "fit     13          13    0          3" in shown.stdout


def test_without_a_count_or_production_it_says_so(small: Small) -> None:
    small.build()
    with pytest.raises(UsageError, match="--runs 0"):
        noise(small.root, runs=0)
    with pytest.raises(NotFoundError, match="nothing is in production"):
        noise(small.root, runs=1)
