"""What the gate said, as JUnit XML and as Markdown."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from proofbook.model.policy import Outcome, Ruling
from proofbook.model.verdict import Comparison, GateResult
from proofbook.report.junit import junit
from proofbook.report.summary import markdown

AUC = Comparison(record="auc", task="evaluate", kind="scalar", verdict="regressed", gates=True, reason="auc fell", production="0.81", candidate="0.70")  # fmt: skip
ROC = Comparison(record="roc", task="evaluate", kind="figure", verdict="changed", gates=True, reason="another curve")
ROWS = Comparison(record="rows", task="ingest", kind="scalar", verdict="regressed", gates=False, reason="fewer")
OUTCOME = Outcome(rule="quick", at="seal", passes=False, require="false", because="Too slow.")
RULING = Ruling(transition="check", run=2, manifest="m", channel="production", policy="p", outcomes=(OUTCOME,))


def result(**options: object) -> GateResult:
    plain = {"run": 2, "manifest": "m", "production": 1, "decision": "no", "reasons": ("auc fell",)}
    return GateResult(**{**plain, "comparisons": (ROWS, ROC, AUC), **options})


def cases(document: bytes) -> dict[str, str]:
    (suite,) = ET.fromstring(document)
    for counted, tag in (("failures", "failure"), ("skipped", "skipped")):
        assert int(suite.attrib[counted]) == len(suite.findall(f"testcase/{tag}"))
    assert int(suite.attrib["tests"]) == len(suite)
    return {f"{case.attrib['classname']}.{case.attrib['name']}": case[0].tag if len(case) else "" for case in suite}


def test_what_stops_fails_what_needs_a_look_is_skipped_and_what_informs_passes() -> None:
    assert cases(junit(result())) == {
        "proofbook.ingest.rows": "",
        "proofbook.evaluate.roc": "skipped",
        "proofbook.evaluate.auc": "failure",
        "proofbook.gate.decision": "failure",
    }


def test_a_no_for_another_reason_than_a_record_is_a_failure_too() -> None:
    found = cases(junit(result(comparisons=(), policy=RULING, reasons=("policy rule quick: Too slow.",))))
    assert found == {"proofbook.policy.quick": "failure", "proofbook.gate.decision": "failure"}


@pytest.mark.parametrize(("strict", "tag"), [(False, "skipped"), (True, "failure")])
def test_a_review_fails_where_strict_is_set(strict: bool, tag: str) -> None:
    found = cases(junit(result(decision="review", comparisons=(ROC,)), strict=strict))
    assert set(found.values()) == {tag}


def test_the_summary_has_the_decision_the_reasons_and_the_worst_first() -> None:
    lines = markdown(result()).splitlines()
    assert lines[0] == "## ✕ No: run 2"
    assert "- auc fell" in lines
    table = [line for line in lines if line.startswith("| ")]
    assert [line.split(" | ")[0] for line in table[1:]] == ["| auc", "| roc", "| rows"]
    assert table[3].endswith("▼ regressed (informs) |")


TEXT = st.text(st.characters(exclude_categories=[]), max_size=30)
HOSTILE = st.sampled_from(["<img src=x onerror=y>", "](http://e) [a", "a|b", "`x`", "@all", "\n# title", "\x1b[31m", "&lt;", "![a](b)"])  # fmt: skip


@given(TEXT | HOSTILE, TEXT | HOSTILE)
def test_nothing_that_is_quoted_is_obeyed(name: str, reason: str) -> None:
    hostile = Comparison(
        record=name, task=name, kind="scalar", verdict="pass", gates=True, reason=reason, production=reason
    )
    said = result(comparisons=(hostile,), reasons=(reason,), channel=name or "x", policy=RULING)
    ET.fromstring(junit(said))
    shown = MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown(said))
    inline = [child.type for token in shown for child in token.children or ()]
    assert not {"html_inline", "link_open", "image", "code_inline", "strong_open", "em_open"} & set(inline)
    assert not [token for token in shown if token.type in {"html_block", "fence", "code_block"}]
    assert [token.type for token in shown].count("tr_open") == 2
    assert [token.type for token in shown].count("td_open") == 6


def test_a_bare_address_becomes_no_link_where_the_summary_is_shown() -> None:
    said = markdown(result(reasons=("see https://evil.example, WWW.evil.example and mailto:a@b.example; $x$",)))
    assert "https://" not in said
    assert "www." not in said.lower()
    assert "mailto:" not in said
    shown = MarkdownIt("commonmark").render(said)
    assert "see https://evil.example, WWW.evil.example and mailto:a@b.example; $x$" in shown
