"""A user's own comparator: a real package, found by its entry point, called exactly as ours are."""

import importlib
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from proofbook.gate import plugins, registry
from proofbook.gate.decision import judge
from proofbook.model.record import Record, Rule
from proofbook.model.verdict import Comparison, GateResult
from tests.gate.conftest import Shelf, run, task

DOCS = Path(__file__).resolve().parents[2] / "docs/comparators.md"
Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """`install("acme", source, {"auc*": "acme:compare"})`: a distribution on sys.path, as an installer leaves it."""
    made: list[str] = []

    def put(name: str, source: str, offers: dict[str, str], *, version: str = "1.0") -> Path:
        site = tmp_path / name
        site.mkdir()
        (site / f"{name}.py").write_text(source, encoding="utf-8")
        folder = site / f"{name}-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
        lines = "\n".join(f"{pattern} = {value}" for pattern, value in offers.items())
        (folder / "entry_points.txt").write_text(f"[{plugins.GROUP}]\n{lines}\n", encoding="utf-8")
        monkeypatch.syspath_prepend(str(site))
        made.append(name)
        forget()
        return site

    def forget() -> None:
        importlib.invalidate_caches()
        plugins._offered.cache_clear()
        plugins._loaded.cache_clear()

    yield put
    monkeypatch.undo()
    for name in made:
        sys.modules.pop(name, None)
    forget()


def record(value: Any, *, name: str = "auc", kind: Any = "scalar", **rule: Any) -> Record:
    return Record(name=name, task="evaluate", kind=kind, value=value, rule=Rule(**(rule or {"exact": True})))


def compare(before: Record, after: Record, **more: Any) -> Comparison:
    shelf = Shelf()
    return registry.compare(before, after, load=shelf.get, keep=shelf.put, **more)


ALWAYS = """
from proofbook.gate.outcome import outcome

def compare(production, candidate, *, load, keep):
    return outcome(candidate, "pass", f"{__name__} saw {production.value} and {candidate.value}")

class Unhashable:
    __hash__ = None

    def __call__(self, production, candidate, *, load, keep, history):
        return outcome(candidate, "pass", f"{len(history)} before")

seasoned = Unhashable()
"""


def test_a_plugin_judges_records_by_name_by_glob_and_by_kind(install: Install) -> None:
    install("acme", ALWAYS, {"auc*": "acme:compare", "text": "acme:compare", "evaluate/brier": "acme:compare"})

    assert compare(record(1), record(2)).reason == "acme saw 1 and 2"
    assert compare(record(1, name="brier"), record(2, name="brier")).verdict == "pass"
    assert compare(record("a", kind="text", name="t"), record("b", kind="text", name="t")).verdict == "pass"
    assert compare(record(1, name="rmse"), record(2, name="rmse")).verdict == "regressed"


def test_a_name_wins_over_a_glob_a_longer_glob_over_a_shorter_and_any_over_a_kind(install: Install) -> None:
    for package, pattern in (("one", "scalar"), ("two", "*"), ("three", "au*"), ("four", "auc")):
        install(package, ALWAYS, {pattern: f"{package}:compare"})
        assert compare(record(1), record(2)).reason == f"{package} saw 1 and 2"


def test_a_plugin_may_ask_for_the_history_of_a_record(install: Install) -> None:
    install("acme", ALWAYS, {"auc": "acme:seasoned"})
    runs = [run(number, task("evaluate", record(number))) for number in range(5)]
    shelf = Shelf()
    told = judge(
        run(9, task("evaluate", record(9))),
        runs[-1],
        manifests=("a", "b"),
        load=shelf.get,
        keep=shelf.put,
        earlier=runs,
    )
    assert told.comparisons[0].reason == "5 before"


def test_nothing_is_imported_before_a_record_needs_it(install: Install) -> None:
    install("acme", ALWAYS, {"other": "acme:compare"})
    compare(record(1), record(1))
    assert "acme" not in sys.modules
    compare(record(1, name="other"), record(1, name="other"))
    assert "acme" in sys.modules


def test_what_a_plugin_does_not_honour_of_a_rule_is_no_pass(install: Install) -> None:
    install("acme", ALWAYS, {"auc": "acme:compare"})
    found = compare(record(1, floor=0.5), record(2, floor=0.5))
    assert found.verdict == "inconclusive"
    assert "floor cannot be judged" in found.reason


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import nowhere_to_be_found", "ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("compare = 7", "acme:compare is a int, not a function"),
        ("def other(): ...", "AttributeError"),
    ],
)
def test_a_broken_plugin_is_named_and_never_ends_the_gate(install: Install, source: str, said: str) -> None:
    install("acme", source, {"auc*": "acme:compare"}, version="2.3")
    shelf = Shelf()
    sides = [run(number, task("evaluate", record(1), record(1, name="rmse"))) for number in (1, 2)]
    told: GateResult = judge(
        sides[1], sides[0], manifests=("a", "b"), load=shelf.get, keep=shelf.put, earlier=sides[:1]
    )

    broken, sound = told.comparisons
    assert (broken.verdict, broken.failed, told.decision) == ("inconclusive", True, "no")
    assert broken.reason.startswith("the comparator 'auc*' of acme 2.3 could not be loaded (")
    assert said in broken.reason
    assert broken.reason.endswith(": mend or uninstall it")
    assert sound.verdict == "pass"


@pytest.mark.parametrize(
    "body",
    [
        "raise ValueError('no')",
        "raise SystemExit(1)",
        "return None",
        "return {'verdict': 'pass'}",
        "return replace(outcome(candidate, 'pass', 'x'), verdict='fine')",
        "return outcome(candidate, 'pass', 'x', evidence={'o': object()})",
    ],
)
def test_an_answer_that_is_none_is_inconclusive(install: Install, body: str) -> None:
    source = (
        "from msgspec.structs import replace\nfrom proofbook.gate.outcome import outcome\n"
        f"def compare(production, candidate, *, load, keep):\n    {body}\n"
    )
    install("acme", source, {"auc": "acme:compare"})
    found = compare(record(1), record(1))
    assert (found.verdict, found.failed) == ("inconclusive", True)


def test_a_plugin_cannot_decide_that_a_record_does_not_gate(install: Install) -> None:
    source = (
        "from msgspec.structs import replace\nfrom proofbook.gate.outcome import outcome\n"
        "def compare(production, candidate, *, load, keep):\n"
        "    return replace(outcome(candidate, 'regressed', 'x'), gates=False, record='another')\n"
    )
    install("acme", source, {"auc": "acme:compare"})
    found = compare(record(1), record(1))
    assert (found.record, found.gates) == ("auc", True)


@pytest.mark.parametrize("lost", [{"value": None}, {"value": None, "special": "nan"}, {"value": float("inf")}])
def test_no_plugin_passes_a_scalar_that_has_no_value(install: Install, lost: dict[str, Any]) -> None:
    install("acme", ALWAYS, {"auc": "acme:compare"})
    found = compare(record(1), replace(record(1), **lost))
    assert (found.verdict, found.failed) == ("inconclusive", True)
    assert compare(replace(record(1), **lost), record(1)).verdict == "pass"


def test_two_packages_that_offer_the_same_are_both_named(install: Install) -> None:
    install("one", ALWAYS, {"auc": "one:compare"})
    install("two", ALWAYS, {"auc": "two:compare"})
    found = compare(record(1), record(1))
    assert found.failed
    assert found.reason == "one 1.0 and two 1.0 both offer a comparator 'auc': uninstall one of them"


def test_the_package_that_the_documentation_shows_works_as_it_says(install: Install) -> None:
    blocks = DOCS.read_text(encoding="utf-8").split("```")
    source = next(block.removeprefix("python\n") for block in blocks if block.startswith("python\n# worst_group.py"))
    install("worst_group", source, {"groups/*": "worst_group:compare"})
    assert [entry.name for entry in entry_points(group=plugins.GROUP)] == ["groups/*"]

    def groups(**shares: float) -> Record:
        rule = {"floor": 0.6, "tolerance": 0.02}
        return Record(name="recall", task="groups", kind="json", value=shares, rule=Rule(**rule))

    assert compare(groups(a=0.7, b=0.9), groups(a=0.71, b=0.8)).verdict == "pass"
    found = compare(groups(a=0.7, b=0.9), groups(a=0.65, b=0.9))
    assert (found.verdict, found.reason) == ("regressed", "the worst group is a with 0.65, and production's a with 0.7")
    assert compare(groups(a=0.5), groups(a=0.55)).reason == "the worst group is a with 0.55, below its floor of 0.6"
    assert compare(groups(a=0.7), groups()).failed
