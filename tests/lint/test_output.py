"""How findings are shown."""

import json

from proofbook.lint import output
from proofbook.lint.result import LintResult
from proofbook.model.finding import Finding


def finding(**given) -> Finding:
    values = {
        "path": "notebooks/train.ipynb", "cell": 4, "cell_id": "a1b2", "line": 3, "column": 7, "rule": "PB201",
        "name": "undefined-name", "level": "error", "message": "undefined name `flights`", "advice": "define it",
        "text": "x = f(flights)",
    }  # fmt: skip
    return Finding(**{**values, **given})


def shown(*findings: Finding, colour: bool = False) -> str:
    return output.text(LintResult(findings=findings, notebooks=1, cells=5), colour=colour)


def test_a_finding_shows_where_what_the_line_and_the_cure() -> None:
    assert shown(finding()) == (
        "notebooks/train.ipynb:cell 4 (a1b2):line 3:col 7 error PB201 undefined name `flights`\n"
        "  3 | x = f(flights)\n"
        "    |       ^^^^^^^\n"
        "  = define it\n"
        "\n"
        "1 error, 0 warnings in 1 notebook, 5 code cells."
    )


def test_what_can_be_mended_is_marked_and_counted() -> None:
    waved = finding(fix="safe", suppressed="why")
    some = shown(finding(fix="safe"), finding(fix="safe"), finding(fix="unsafe"), finding(), waved).splitlines()

    assert [line for line in some if line.startswith("  =")] == [
        "  = define it [--fix]",
        "  = define it [--fix]",
        "  = define it [--fix --unsafe-fixes]",
        "  = define it",
    ]
    assert some[-1] == "2 fixable with --fix, 1 more with --fix --unsafe-fixes."
    assert shown(finding(fix="unsafe")).endswith("\n1 fixable with --fix --unsafe-fixes.")


def test_what_was_mended_is_said_in_the_end() -> None:
    mended = LintResult(fixed=2, notebooks=1, cells=5)

    assert output.text(mended) == "2 fixed; no findings in 1 notebook, 5 code cells."


def test_a_finding_on_a_whole_cell_shows_no_line() -> None:
    first = shown(finding(line=0, column=0, text="")).splitlines()

    assert first[0].startswith("notebooks/train.ipynb:cell 4 (a1b2) error PB201 ")
    assert first[1] == "  = define it"


def test_a_finding_on_a_whole_file_shows_no_cell() -> None:
    assert shown(finding(cell=0, cell_id="", line=0, column=0, text="")).startswith(
        "notebooks/train.ipynb error PB201 "
    )


def test_an_id_that_was_made_up_from_the_number_is_not_repeated() -> None:
    assert shown(finding(cell_id="cell-4")).startswith("notebooks/train.ipynb:cell 4:line 3")


def test_the_caret_stands_below_the_name_behind_tabs_and_wide_letters() -> None:
    lines = shown(finding(text="\t表 = y", column=6)).splitlines()

    assert lines[1] == "  3 | \t表 = y"
    assert lines[2] == "    | \t     ^"


def test_a_long_line_is_cut_to_a_window_around_the_column() -> None:
    lines = shown(finding(text="a" * 300 + " flights " + "b" * 300, column=302)).splitlines()

    assert len(lines[1]) < 120
    assert lines[1].startswith("  3 | ...")
    assert lines[1].endswith("...")
    start = lines[2].index("^")
    assert lines[1][start : start + 7] == "flights"


def test_control_and_reordering_characters_never_reach_the_terminal() -> None:
    hostile = "\x1b]0;owned\x07 \u202e \x9b31m \r"

    text = shown(
        finding(path=f"a{hostile}.ipynb", message=hostile, text=f"x = 1 {hostile}", advice=hostile, cell_id=hostile)
    )

    assert all(char.isprintable() or char == "\n" for char in text)


def test_colours_are_only_there_when_asked_for() -> None:
    assert "\x1b[" not in shown(finding())
    assert "\x1b[1;31merror PB201\x1b[0m" in shown(finding(), colour=True)


def test_suppressed_findings_are_counted_and_not_shown() -> None:
    assert (
        shown(finding(suppressed="as agreed")) == "No findings in 1 notebook, 5 code cells; 1 suppressed with a reason."
    )


def test_json_is_one_document_with_every_field_and_a_summary() -> None:
    result = LintResult(
        findings=(finding(), finding(level="warning"), finding(suppressed="as agreed")), notebooks=1, cells=5
    )

    document = json.loads(output.json(result))

    assert document["findings"][0] == {
        "path": "notebooks/train.ipynb", "cell": 4, "line": 3, "column": 7, "rule": "PB201", "name": "undefined-name",
        "level": "error", "message": "undefined name `flights`", "advice": "define it", "cell_id": "a1b2",
        "text": "x = f(flights)", "file_line": 0, "fix": "", "suppressed": None, "known": False,
    }  # fmt: skip
    assert document["summary"] == {
        "errors": 1, "warnings": 1, "suppressed": 1, "known": 0, "fixed": 0, "notebooks": 1, "cells": 5,
            "not_analysed": [],
    }  # fmt: skip


def test_statistics_count_what_each_rule_said() -> None:
    result = LintResult(
        findings=(finding(), finding(line=4), finding(rule="PB403", name="changes-directory")), notebooks=1, cells=5
    )

    assert output.statistics(result).splitlines() == [
        "     2  PB201  undefined-name",
        "     1  PB403  changes-directory",
        "3 errors, 0 warnings in 1 notebook, 5 code cells.",
    ]
