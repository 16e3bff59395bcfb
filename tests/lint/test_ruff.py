"""Python-level lint by ruff's binary: `lint/ruff.py` and its neighbours."""

from pathlib import Path

import pytest

from proofbook.analyze import source
from proofbook.exceptions import ConfigurationError, MachineError
from proofbook.lint import registry, ruff, ruff_codes, ruff_findings, ruff_settings
from proofbook.model.configuration import LintConfiguration
from tests.lint.factory import content, markdown

LITERAL = "x = 1\nif x is 'a':\n    print('é', x is 'b')"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # nobody's own configuration speaks here
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))
    ruff_settings.forget()
    return tmp_path


def chosen(root: Path, **configuration: object) -> ruff.Selection:
    asked = LintConfiguration(**configuration)
    return ruff.selection(asked, root=root, ours=[rule.code for rule in registry.selected(asked)])


def said(path: Path, **configuration: object) -> list[tuple[int, int, int, str]]:
    """Cell, line, column and code of each finding."""
    told = ruff.Reading([path], chosen=chosen(path.parent, **configuration)).said().get(path, ())
    found = ruff_findings.findings(source.read(path, shown=path.name), told)
    return [(one.cell, one.line, one.column, one.rule) for one, _ in found if one.suppressed is None]


def test_a_finding_points_at_cell_line_and_column_in_characters(root: Path) -> None:
    (root / "a.ipynb").write_bytes(content(markdown("# Title"), LITERAL))

    assert said(root / "a.ipynb") == [(2, 2, 4, "F632"), (2, 3, 16, "F632")]


def test_a_finding_is_a_warning_that_says_what_to_do(root: Path) -> None:
    path = root / "a.ipynb"
    path.write_bytes(content(LITERAL))
    told = ruff.Reading([path], chosen=chosen(root)).said()[path]
    (finding, fix), *_ = ruff_findings.findings(source.read(path, shown="a.ipynb"), told)

    assert (finding.level, finding.name, finding.text) == ("warning", "is-literal", "if x is 'a':")
    assert finding.advice == "Replace `is` with `==`"
    assert finding.fix == "safe"
    assert fix is not None
    (edit,) = fix.changes
    assert (edit.span.line, edit.span.column, edit.span.end_column, edit.text) == (2, 6, 8, "==")


def test_of_a_script_the_lines_are_those_of_its_cells(root: Path) -> None:
    (root / "a.py").write_text("# %%\nx = 1\n\n# %%\ny = 2\nprint(y is 'a')\n")

    assert said(root / "a.py") == [(2, 2, 7, "F632")]


def test_magics_are_ordinary(root: Path) -> None:
    (root / "a.ipynb").write_bytes(
        content("%%time\n%matplotlib inline\n!ls\nx = !pwd\nx?", "%%bash\nif [ 1 ]; then", LITERAL)
    )

    assert {cell for cell, *_ in said(root / "a.ipynb")} == {3}


def test_noqa_and_our_own_comment_suppress(root: Path) -> None:
    lines = "x = 1\nprint(x is 'a')  # noqa: F632\nprint(x is 'b')  # proofbook: ignore[F632] the exercise asks why"
    (root / "a.ipynb").write_bytes(content(lines))

    assert said(root / "a.ipynb") == []


def test_undefined_names_and_syntax_errors_are_ours_alone(root: Path) -> None:
    (root / "a.ipynb").write_bytes(content("print(unknown)", "return 5", "x is 'a'\nx = ("))

    assert said(root / "a.ipynb", python=["F", "E9"]) == []


def test_what_a_rule_of_ours_says_is_not_said_twice(root: Path) -> None:
    (root / "a.ipynb").write_bytes(content("from os import *\nx = 1", LITERAL))

    codes = {code for *_, code in said(root / "a.ipynb", python=["F"])}
    without = {code for *_, code in said(root / "a.ipynb", python=["F"], ignore=["PB213"])}

    assert (codes, without) == ({"F632"}, {"F403", "F632"})


def test_of_nothing_selected_only_mistakes_are_asked_for(root: Path) -> None:
    (root / "a.ipynb").write_bytes(content("import sys, os\nl = 1\nif l == None: print('x');\nf''"))

    assert said(root / "a.ipynb") == []


def test_an_empty_selection_runs_no_ruff(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ruff, "_binary", lambda: "/nowhere")
    (root / "a.ipynb").write_bytes(content(LITERAL))

    assert said(root / "a.ipynb", python=[]) == []
    assert said(root / "a.ipynb", select=["PB2"]) == []


def test_codes_of_ruff_stand_beside_ours_in_select_and_ignore(root: Path) -> None:
    (root / "a.ipynb").write_bytes(content(LITERAL, "def f(a=[]):\n    return a"))

    assert {code for *_, code in said(root / "a.ipynb", select=["PB2", "B006"])} == {"B006"}
    assert said(root / "a.ipynb", ignore=["F6"]) == []


def test_the_project_may_select_in_its_own_configuration_of_ruff(root: Path) -> None:
    (root / "a.ipynb").write_bytes(content(LITERAL, "def f(a=[]):\n    return a"))
    (root / "pyproject.toml").write_text('[tool.ruff.lint]\nselect = ["B006"]\n')

    assert {code for *_, code in said(root / "a.ipynb")} == {"B006"}
    assert {code for *_, code in said(root / "a.ipynb", python=["F"])} == {"F632"}


def test_what_the_project_ignores_is_ignored_per_file_too(root: Path) -> None:
    (root / "a.ipynb").write_bytes(content(LITERAL, "assert (1, 'x')"))
    (root / "ruff.toml").write_text('extend = "base.toml"\n[lint.per-file-ignores]\n"a.ipynb" = ["F631"]\n')
    (root / "base.toml").write_text('[lint]\nignore = ["F632"]\n')

    assert said(root / "a.ipynb") == []


def test_a_file_that_the_project_excludes_is_passed_over(root: Path) -> None:
    (root / "a.ipynb").write_bytes(content(LITERAL))
    (root / "ruff.toml").write_text('extend-exclude = ["a.ipynb"]\n')

    assert said(root / "a.ipynb") == []


@pytest.mark.parametrize("text", ["lint = 5", "[lint]\nignore = 5", "extend = 'ruff.toml'", "not toml", "[tool"])
def test_a_configuration_that_ruff_will_not_take_ends_in_one_line(root: Path, text: str) -> None:
    (root / "a.ipynb").write_bytes(content(LITERAL))
    (root / "ruff.toml").write_text(text)

    with pytest.raises(ConfigurationError, match=r"^ruff: [^\n]+$"):
        said(root / "a.ipynb")


def test_a_code_that_ruff_does_not_know_is_said_by_ruff(root: Path) -> None:
    (root / "a.ipynb").write_bytes(content(LITERAL))

    with pytest.raises(ConfigurationError, match="F999"):
        said(root / "a.ipynb", python=["F999"])


def test_without_ruff_it_is_said_how_to_go_on(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ruff, "_binary", lambda: str(root / "gone"))
    (root / "a.ipynb").write_bytes(content(LITERAL))

    with pytest.raises(MachineError, match="install it, or lint without it by `python = "):
        said(root / "a.ipynb")


def test_of_many_files_only_the_one_is_lost_on_which_ruff_breaks_down(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = root / "broken"
    broken.write_text(f'#!/bin/sh\ncase "$*" in *b.ipynb*) kill -9 $$;; esac\nexec {ruff._binary()} "$@"\n')
    broken.chmod(0o755)
    monkeypatch.setattr(ruff, "_binary", lambda: str(broken))
    paths = [root / f"{name}.ipynb" for name in "abc"]
    for path in paths:
        path.write_bytes(content(LITERAL))
    reading = ruff.Reading(paths, chosen=chosen(root))

    assert set(reading.said()) == {paths[0], paths[2]}
    assert {path: reason.split(" (")[0] for path, reason in reading.failures.items()} == {
        paths[1]: f"ruff failed on {paths[1]}"
    }


def test_many_files_are_read_by_several_commands(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ruff, "_BYTES_OF_NAMES", 1)
    paths = [root / "a.ipynb", root / "b.ipynb"]
    for path in paths:
        path.write_bytes(content(LITERAL))

    assert set(ruff.Reading(paths, chosen=chosen(root)).said()) == set(paths)


def test_what_ruff_says_hangs_on_its_configuration(root: Path) -> None:
    before = ruff.fingerprint(root, chosen=chosen(root))
    (root / "ruff.toml").write_text("line-length = 100\n")
    ruff_settings.forget()

    assert before is not None
    assert ruff.fingerprint(root, chosen=chosen(root)) not in {before, None}


@pytest.mark.parametrize("code", ["I", "INP001", "ALL", "EXE", "N", "N9", "T"])
def test_rules_that_look_at_more_than_the_file_are_asked_each_time(root: Path, code: str) -> None:
    assert ruff.fingerprint(root, chosen=chosen(root, python=[code])) is None


@pytest.mark.parametrize("written", ["F632", "F", "PLE", "ALL", "C4", "T20", "RUF100"])
def test_codes_of_ruff_are_known(written: str) -> None:
    assert ruff_codes.is_code(written)


@pytest.mark.parametrize("written", ["PB201", "PB", "PB4O3", "XYZ1", "f632", "", "invalid-syntax", "F6322222"])
def test_other_codes_are_not(written: str) -> None:
    assert not ruff_codes.is_code(written)


def test_every_rule_that_is_named_for_one_of_ruffs_exists() -> None:
    assert set(ruff_codes._OURS.values()) <= set(registry.rules())


def test_what_is_asked_for_where_nobody_says_is_known_to_ruff(root: Path) -> None:
    (root / "a.ipynb").write_bytes(content("x = 1"))

    assert said(root / "a.ipynb", python=list(ruff_codes.DEFAULT)) == []
