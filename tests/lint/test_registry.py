"""Which rules there are, and which of them run."""

import sys
from pathlib import Path

import pytest

from proofbook.exceptions import ConfigurationError
from proofbook.lint import registry
from proofbook.lint.rule import Rule
from proofbook.model.configuration import LintConfiguration

PLUGIN = '''
from proofbook.lint.rule import Violation, rule

@rule("XX001", "shouting", level="warning")
def shouting(subject):
    """
    ## What it does
    """
    for cell in subject.notebook.cells:
        if cell.source.isupper():
            yield Violation(message="a cell shouts", advice="lower it", cell=cell)
'''


def codes(*select: str, ignore: tuple[str, ...] = ()) -> list[str]:
    return [rule.code for rule in registry.selected(LintConfiguration(select=list(select), ignore=list(ignore)))]


def test_the_rules_of_the_issue_are_there() -> None:
    wanted = {101, 105, 106, 201, 202, 204, 215, 301, 302, 304, 305, 403, 404, 406, 408, 701, 702, 807}

    assert {f"PB{number}" for number in wanted} <= set(registry.rules())


def test_every_rule_has_a_file_of_its_own_named_after_it() -> None:
    for (code, rule), module in zip(registry.rules().items(), registry.RULE_MODULES, strict=True):
        assert module.rpartition(".")[2] == f"{code.lower()}_{rule.name.replace('-', '_')}"


def test_every_file_of_rules_is_in_the_table() -> None:
    files = {path.stem for path in (Path(registry.__file__).parent / "rules").glob("pb*.py")}

    assert files == {module.rpartition(".")[2] for module in registry.RULE_MODULES}


def test_a_plugin_comes_in_by_the_door_that_our_own_rules_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shouting_plugin.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)

    table = registry.load([*registry.RULE_MODULES, "shouting_plugin"])

    assert isinstance(table["XX001"], Rule)
    assert len(table) == len(registry.RULE_MODULES) + 1
    del sys.modules["shouting_plugin"]


def test_a_plugin_cannot_take_a_code_that_is_taken() -> None:
    module = registry.RULE_MODULES[0]

    with pytest.raises(ConfigurationError, match="PB001 is taken"):
        registry.load([module, module])


def test_a_plugin_that_does_not_exist_is_named() -> None:
    with pytest.raises(ConfigurationError, match="nowhere_at_all"):
        registry.load(["nowhere_at_all"])


def test_a_module_without_rules_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"holds no lint rule"):
        registry.load(["proofbook.exceptions"])


def test_without_a_choice_every_default_rule_runs() -> None:
    assert codes() == [code for code, rule in registry.rules().items() if rule.default]


def test_a_prefix_selects_a_group_and_never_leaves_out_the_unreadable() -> None:
    assert codes("PB70") == ["PB701", "PB702", "PB703", "PB807"]


def test_an_ignored_rule_does_not_run() -> None:
    assert codes("PB7", ignore=("PB702",)) == ["PB701", "PB703", "PB807"]


def test_the_unreadable_is_left_out_by_its_full_code_only() -> None:
    assert "PB807" in codes(ignore=("PB8",))
    assert "PB807" not in codes(ignore=("PB807",))


@pytest.mark.parametrize("key", ["select", "ignore"])
def test_an_unknown_code_is_an_error_that_names_the_nearest(key: str) -> None:
    configuration = LintConfiguration(**{key: ["PB2011"]})

    with pytest.raises(ConfigurationError, match=rf"lint.{key}: no rule 'PB2011'; did you mean PB201\?"):
        registry.selected(configuration)


def test_a_rules_name_is_near_to_its_code() -> None:
    assert registry.nearest("undefined_name") == "PB201"
    assert registry.nearest("pb4O3") == "PB403"
    assert registry.nearest("zebra") is None


def test_a_code_that_is_near_none_is_answered_with_the_groups() -> None:
    with pytest.raises(ConfigurationError) as raised:
        registry.selected(LintConfiguration(select=["QQQQ"]))

    assert str(raised.value) == (
        "lint.select: no rule 'QQQQ'; known are PB0.., PB1.., PB2.., PB3.., PB4.., PB5.., PB6.., PB7.., PB8.., and ruff's"
    )
