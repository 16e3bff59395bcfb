"""A page for every rule, made from its docstring."""

from pathlib import Path

import pytest

from proofbook.lint import documentation, registry

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "rules"
CURE = "run `python scripts/make_rule_docs.py`"


@pytest.mark.parametrize("code", registry.rules())
def test_every_rule_says_what_why_how_and_whether_a_fix_is_safe_in_this_order(code: str) -> None:
    text = registry.rules()[code].documentation
    places = [text.find(heading) for heading in documentation.HEADINGS]

    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize("code", registry.rules())
def test_the_page_of_every_rule_is_current(code: str) -> None:
    assert (FOLDER / f"{code}.md").read_text() == documentation.page(registry.rules()[code]), CURE


def test_the_list_of_rules_is_current() -> None:
    assert (FOLDER / "index.md").read_text() == documentation.index(registry.rules()), CURE


def test_there_is_no_page_of_a_rule_that_is_gone() -> None:
    assert {path.stem for path in FOLDER.glob("PB*.md")} == set(registry.rules()), CURE
