import re
from pathlib import Path

import pytest

from proofbook.gate.facts import ITEMS, NAMES, Asked, declared, gather
from proofbook.gate.policy import examine
from proofbook.gate.policy_file import read
from proofbook.model.record import Record
from proofbook.model.run import Run, TaskRun
from proofbook.model.verdict import Comparison, GateResult
from proofbook.store import Generation

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")


def run(number: int = 2) -> Run:
    records = tuple(
        Record(name=name, kind="scalar", task=task, value=value)
        for task, name, value in [("a", "auc", 0.8), ("a", "rows", 2**70), ("b", "rows", 3), ("b", "label", "x\ud800")]
    )
    tasks = tuple(
        TaskRun(name=name, status="ran", seconds=1.5, records=tuple(r for r in records if r.task == name))
        for name in "ab"
    )
    return Run(
        number=number,
        pipeline="pipeline.yaml",
        ending="succeeded",
        started="2026-01-05T12:00:00.000Z",
        finished="",
        seconds=1,
        tasks=tasks,
    )


def step(number: int) -> Generation:
    return Generation(
        channel="production", number=number, run=1, manifest="m", kind="promote", by="ada", at="2026-01-05T12:00:00Z"
    )


def asked(**options: object) -> Asked:
    return Asked(**{"transition": "promote", "run": run(), "now": "2026-01-06T00:00:00Z", **options})


def test_scalars_are_found_by_name_and_by_task_where_names_are_shared() -> None:
    values = gather(asked())["run.values"]
    assert values == {"auc": 0.8, "a/rows": float(2**70), "b/rows": 3, "label": "x?"}


def test_what_is_not_known_is_empty() -> None:
    facts = gather(asked())
    assert (facts["production.exists"], facts["production.number"], facts["gate.checked"]) == (False, 0, False)
    assert facts["run.finished"].year == 1970
    assert facts["run.tasks"][0]["failure"] == ""


def test_production_the_gate_and_the_history_are_told() -> None:
    comparison = Comparison(record="auc", task="a", kind="scalar", verdict="regressed", gates=True, reason="fell")
    gate = GateResult(run=2, manifest="m", decision="no", reasons=("auc fell",), comparisons=(comparison,))
    facts = gather(asked(gate=gate, production=run(1), history=tuple(step(number) for number in range(1500, 0, -1))))
    assert (facts["production.exists"], facts["production.number"], facts["production.generation"]) == (True, 1, 1500)
    assert (facts["gate.decision"], facts["gate.verdicts"]["regressed"], facts["gate.verdicts"]["pass"]) == ("no", 1, 0)
    assert facts["gate.comparisons"][0]["production"] == ""
    assert len(facts["history"]) == 1000
    assert facts["history"][0]["at"].isoformat() == "2026-01-05T12:00:00+00:00"


def test_items_have_the_documented_names_and_no_other() -> None:
    comparison = Comparison(record="auc", task="a", kind="scalar", verdict="pass", gates=True, reason="")
    gate = GateResult(run=2, manifest="m", decision="go", reasons=(), comparisons=(comparison,))
    facts = gather(asked(gate=gate, history=(step(1),)))
    for name, fields in ITEMS.items():
        (item, *_) = facts[name if name in facts else f"run.{name}"]
        assert tuple(sorted(item)) == tuple(sorted(fields))


@pytest.mark.parametrize("transition", ["seal", "check", "promote"])
def test_a_step_is_told_what_it_knows_and_no_more(transition: str) -> None:
    assert set(gather(asked(transition=transition))) == set(declared(transition))


def test_the_page_has_every_name_with_its_type_and_meaning() -> None:
    for name, (kind, said, since) in NAMES.items():
        if not said.startswith("of the run in the channel: "):
            assert f"| `{name}` | {kind} | {since[0]} | {said} |" in PAGE
    for name, fields in ITEMS.items():
        assert f"| `{name}` | {', '.join(f'`{field}`' for field in fields)} |" in PAGE


def test_the_expressions_on_the_page_are_sound() -> None:
    for shown in re.findall(r"^```toml policy.toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        examine(read(shown.encode()))
    table = PAGE.partition("| To say | Write |")[2].partition("\n\n")[0].replace(r"\|", "|")
    bare = {"a && b", "a || b", "!a", ".exists(t, ...)"}
    shown = [one for one in re.findall(r"`([^`]+)`", table) if one not in bare]
    assert len(shown) >= 10
    rules = "\n".join(
        f"[rules.r{number}]\nat = 'promote'\nbecause = 'x'\nrequire = '''{one if 'size' not in one else f'{one} > 1'}'''"
        for number, one in enumerate(shown)
    )
    examine(read(rules.encode()))
