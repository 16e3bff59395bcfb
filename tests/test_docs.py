"""The docs say what the code does."""

import re
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

from proofbook.flow import configuration
from proofbook.model.configuration import (
    Configuration,
    GateConfiguration,
    LintConfiguration,
    Retry,
    TaskConfiguration,
)

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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_configuration_that_is_shown_can_be_loaded(tmp_path: Path, page: Path) -> None:
    for shown in re.findall(r"^```toml\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
        tomllib.loads(shown)
        (tmp_path / "pyproject.toml").write_text(shown)
        configuration.load(tmp_path)


@pytest.mark.parametrize(
    ("section", "shape"),
    [
        ("", Configuration), (".tasks.NAME", TaskConfiguration), (".retry", Retry), (".lint", LintConfiguration),
        (".gate", GateConfiguration),
    ],
)  # fmt: skip
def test_the_configuration_page_has_every_key_with_its_default_and_no_other(
    section: str, shape: type[msgspec.Struct]
) -> None:
    text = (ROOT / "docs/configuration.md").read_text()
    table = text.partition(f"## `[tool.proofbook{section}]`\n")[2].partition("\n## ")[0]
    rows = {
        key: said.strip()
        for keys, said in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|([^|]*)\|", table, re.MULTILINE)
        for key in re.findall(r"\w+", keys)
    }
    assert set(rows) == {field.encode_name for field in msgspec.structs.fields(shape)}
    for field in msgspec.structs.fields(shape):
        shown = re.fullmatch(r"`(.+)`", rows[field.encode_name])
        default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory
        if shown and default is not None:
            found = tomllib.loads(f"it = {shown[1]}")["it"]
            assert found == (default() if callable(default) else default), field.name


def test_no_page_names_a_machine_or_an_index() -> None:
    for page in [*PAGES, ROOT / "requirements.lock"]:
        text = page.read_text()
        assert not re.search(r"(^|[\s(`'\"])/(work|root|tmp)/", text), page.name
        assert "pythonhosted" not in text, page.name
