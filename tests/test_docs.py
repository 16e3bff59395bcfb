"""The docs say what the code does."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_command_line_page_is_what_the_commands_say() -> None:
    import make_cli_docs

    assert (ROOT / "docs/cli.md").read_text() == make_cli_docs.page(), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_that_exist(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_requirement_has_a_row() -> None:
    text = (ROOT / "docs/mission.md").read_text()
    named: set[int] = set()
    for cell in re.findall(r"^\| ([0-9][0-9, to]*) \|", text, re.MULTILINE):
        for part in cell.split(", "):
            first, _, last = part.partition(" to ")
            named |= set(range(int(first), int(last or first) + 1))
    assert named == set(range(1, 60))


def test_every_test_that_is_named_as_a_proof_exists() -> None:
    for page in PAGES:
        for path, name in re.findall(r"`(tests/[\w/.]+)(?:::(\w+))?`", page.read_text()):
            assert (ROOT / path).exists(), f"{page.name} names {path}"
            if name:
                assert f"def {name}(" in (ROOT / path).read_text(), f"{page.name} names {path}::{name}"


def test_no_page_names_a_machine_or_an_index() -> None:
    for page in [*PAGES, ROOT / "requirements.lock"]:
        text = page.read_text()
        assert not re.search(r"(^|[\s(`'\"])/(work|root|tmp)/", text), page.name
        assert "pythonhosted" not in text, page.name
