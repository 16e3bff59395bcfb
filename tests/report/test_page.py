"""The page as a reader gets it: order, content, what is said where something is not there."""

import hashlib
import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from proofbook.exceptions import BlobCorruptError
from proofbook.model.record import Record
from proofbook.model.run import Failure, Run, TaskRun
from proofbook.model.verdict import Comparison
from proofbook.report import notebooks, page
from proofbook.report.pictures import Album
from tests.report.conftest import make_gate, make_run, notebook
from tests.report.dom import Dom, problems


def text_of(html: str) -> str:
    return " ".join(Dom(html).text.split())


def order(text: str, *words: str) -> bool:
    place = 0
    for word in words:
        place = text.find(word, place)
        if place < 0:
            return False
    return True


@pytest.mark.parametrize("name", ["good", "regressed", "first", "failed", "judged"])
def test_a_page_of_every_kind_is_well_formed_and_holds_nothing_active(name, request):
    assert problems(request.getfixturevalue(name).page()) == []


@pytest.mark.parametrize("name", ["good", "regressed", "first", "failed", "judged"])
def test_no_level_of_heading_is_left_out(name, request):
    levels = Dom(request.getfixturevalue(name).page()).headings

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("name", ["good", "regressed"])
def test_every_picture_says_what_it_shows(name, request):
    images = Dom(request.getfixturevalue(name).page()).all("img")

    assert images
    assert all(image["alt"].strip() for image in images)


def test_the_sections_stand_in_the_order_in_which_they_matter(good):
    found = [attributes["id"] for tag, attributes in Dom(good.page()).tags if tag == "section"]

    assert found == [
        "verdict",
        "records",
        "figures",
        "tables",
        "pipeline",
        "parameters",
        "code",
        "environment",
        "notebooks",
    ]


def test_a_failure_stands_before_everything_but_the_verdict(failed):
    found = [attributes["id"] for tag, attributes in Dom(failed.page()).tags if tag == "section"]

    assert found[:3] == ["verdict", "failure", "records"]


def test_the_failing_cell_is_shown_with_source_message_traceback_and_last_outputs(failed):
    text = text_of(failed.page())
    section = text[text.index("Where it failed") : text.index("What the notebooks declared")]

    assert order(
        section, "train, cell 5", "ValueError: could not convert string to float", "matrix = features.astype(float)"
    )
    assert order(section, "Traceback", "----> 7 model = fit", "What the cell had put out until then", "fitting ...")


def test_the_line_that_failed_stands_out(failed):
    html = failed.page()
    failing = html[html.index('id="failure"') : html.index('id="records"')]

    assert failing.count('class="hll"') == 2, "the call in the cell, and the line of the function that the cell defines"


def test_cells_after_the_failing_one_are_said_not_to_have_run(failed):
    assert "did not run" in text_of(failed.page())


@pytest.mark.parametrize(
    ("name", "word", "sentence"),
    [
        ("good", "Go", "This run may replace run 11 in production."),
        ("regressed", "No", "This run must not replace run 11 in production."),
        ("first", "Review", "Nothing is in production yet."),
        ("failed", "No", "The build failed. It must not go to production."),
    ],
)
def test_the_verdict_is_said_in_words(name, word, sentence, request):
    html = request.getfixturevalue(name).page()

    assert f'<h2 id="verdict-title">{word}</h2>' in html
    assert sentence in text_of(html)


def test_a_run_that_no_gate_judged_has_a_page_that_says_so(good):
    text = text_of(good.page(gate=None, production=None))

    assert "Not judged" in text
    assert order(text, "Records", "0.7444", "Pipeline", "Notebooks")


def test_a_failed_run_without_a_gate_says_why_on_top(failed):
    text = text_of(failed.page(gate=None, production=None))

    assert order(text, "Build failed", "train: ValueError: could not convert", "Where it failed")


def test_production_stands_beside_the_candidate_with_change_verdict_and_rule(regressed):
    text = text_of(regressed.page())

    assert order(
        text[text.index("Records") :],
        "auc",
        "0.7431",
        "0.7213",
        "-0.0218",
        "regressed",
        "gates",
        "higher is better; may be worse by 0.005; never below 0.7",
    )


@pytest.mark.parametrize(("production", "shown"), [(None, False), (11, True)])
def test_that_there_is_nothing_to_compare_with_is_said_once_where_it_goes_for_all(production, shown, good):
    one = msgspec.structs.replace(good.gate.comparisons[0], verdict="inconclusive", reason="new: nothing yet")
    gate = msgspec.structs.replace(good.gate, production=production, comparisons=(one,))

    assert ("new: nothing yet" in text_of(good.page(gate=gate))) is shown


def test_a_floor_that_a_first_run_misses_is_said(first):
    record = first.run.records[0]
    missed = Comparison(
        record="auc",
        task="evaluate",
        kind="scalar",
        verdict="regressed",
        gates=True,
        reason="below the floor",
        rule=record.rule,
    )
    gate = msgspec.structs.replace(first.gate, decision="no", comparisons=(missed,))

    assert order(text_of(first.page(gate=gate)), "This run must not go to production.", "regressed", "below the floor")


@pytest.mark.parametrize(
    ("change", "reason", "said"), [("+93", "+93", 1), ("no change", "equal", 0), ("+93", "+93 since July", 2)]
)
def test_a_reason_that_repeats_the_change_is_not_said_twice(change, reason, said, good):
    verdict = "pass" if reason == "equal" else "changed"
    one = msgspec.structs.replace(good.gate.comparisons[-1], verdict=verdict, change=change, reason=reason)
    html = good.page(gate=msgspec.structs.replace(good.gate, comparisons=(one,)))
    records = html[html.index('id="records"') : html.index('id="figures"')]

    assert records.count("+93") == said
    assert ('<p class="reason">' in records) is (said == 2)


def test_a_single_reason_is_no_numbered_list(good, regressed):
    assert '<ol class="reasons">' in good.page()
    assert '<ol class="reasons">' not in regressed.page()
    assert "auc regressed: 0.7431 to 0.7213" in text_of(regressed.page())


def test_the_page_is_called_by_the_name_of_the_project_where_it_is_known(good):
    text = text_of(page.render(good.run, title="<delays>", gate=None, production=None, load=good.load))

    assert "Not judged: run 12 of <delays>" in text
    assert order(text, "Report of a run", "<delays> run 12", "Pipelineflights")
    assert "Run 12 flights" in text_of(good.page())


def test_what_gates_and_is_wrong_is_the_first_record(regressed):
    html = regressed.page()

    assert html.index('class="wrong"') < html.index(">brier<")


def test_evidence_opens_without_script_and_shows_the_worst_rows(regressed):
    html = regressed.page()
    records = html[html.index('id="records"') : html.index('id="figures"')]

    assert "<details><summary>2 of 16 rows differ beyond 0.02 relative</summary>" in records
    assert order(records, "Worst", ">B6<", ">0.216<", ">0.251<")


def test_a_figure_stands_beside_productions_and_the_difference(regressed):
    html = regressed.page()
    figures = html[html.index('id="figures"') : html.index('id="tables"')]

    assert [image["alt"] for image in Dom(figures).all("img")] == [
        "ROC curve, production",
        "ROC curve, candidate",
        "ROC curve, difference",
    ]


def test_the_same_figure_is_shown_once(good):
    html = good.page(production=good.run)
    figures = html[html.index('id="figures"') : html.index('id="tables"')]

    assert "the same picture as production" in figures
    assert "ROC curve, production" not in figures


def test_fields_of_a_table_that_changed_are_marked_on_both_sides(regressed):
    html = regressed.page()
    tables = html[html.index('id="tables"') : html.index('id="pipeline"')]

    assert Dom(tables).all("mark") == [{"title": "differs from the other side"}] * 4
    assert tables.count("<tr>") == 2 * 17, "all sixteen rows of both sides"


def test_a_table_that_is_the_same_folds_away(good):
    html = good.page(production=good.run)

    assert "<details><summary>The same as in production</summary>" in html


def test_the_pipeline_is_drawn_with_status_and_time_and_leads_to_its_notebooks(good):
    html = good.page()
    drawing = html[html.index('class="graph g-down"') : html.index('class="graph g-across"')]

    assert drawing.count('class="node s-') == 6
    assert drawing.count('class="edge"') == 7
    assert order(
        drawing,
        'href="#task-1"',
        ">ingest<",
        "ran · 3.10 s",
        ">profile<",
        "restored",
        ">for_the_business<",
        "up to date",
    )


def test_parameters_code_data_and_packages_say_what_is_not_as_in_production(good):
    text = text_of(good.page())

    assert order(text[text.index("Parameters") :], "as_of", "2013-10-31", "changed", "production: 2013-09-30")
    assert order(
        text,
        "Working tree",
        "with uncommitted changes",
        "production: clean",
        "learning_rate = 0.1",
        "data/flights-2013-10.parquet",
        "new",
        "9 files as in production",
    )
    assert order(
        text, "Packages that are not as in production", "pandas", "3.1.1", "production: 3.0.2", "All 4 packages"
    )


def test_the_notebook_shows_markdown_code_outputs_and_injected_parameters(good):
    html = good.page()
    evaluate = html[html.index('id="task-5"') : html.index('id="task-6"')]
    text = text_of(evaluate)

    assert order(
        text,
        "How good is the model?",
        "parameters",
        "as_of = '2013-10-01'",
        "parameters of this run",
        'as_of = "2013-10-31"',
        "F9",
        "0.556",
        "scored 100%",
        "The share of late flights is 15.4%.",
        "\\mathrm{Brier}",
        '"auc": 0.741',
        "Plotly figure",
        "share late · x",
    )
    assert "scored 80%" not in text, "a progress bar leaves its last state"
    assert '<span class="a-green">good</span>' in evaluate
    assert "1,081 lines not shown" in text
    assert evaluate.count("<img") == 1


def test_a_payload_of_a_record_is_not_shown_as_an_output(blobs):
    payload = {"application/scrapbook.scrap.json+json": {"name": "auc", "data": 0.741, "encoder": "json", "version": 1}}
    outputs = [
        {"output_type": "display_data", "data": {**payload, **shown}} for shown in ({}, {"text/plain": "auc = 0.741"})
    ]
    content = json.dumps({"cells": [{"cell_type": "code", "source": "", "outputs": outputs}], "metadata": {}}).encode()

    page_ = notebooks.shown(content, task=TaskRun(name="a", status="ran"), album=Album())

    assert [block.content for block in page_.cells[0].outputs] == ["auc = 0.741"]


def cell_page(source: str = "secret = 1", *, failure: Failure | None = None, outputs=(), **metadata) -> str:
    """The page of a run of one notebook with one code cell."""
    cell = {"cell_type": "code", "id": "c", "source": source, "outputs": list(outputs), "metadata": metadata}
    content = json.dumps({"cells": [cell], "metadata": {}}).encode()
    status = "failed" if failure else "ran"
    task = TaskRun(name="a", status=status, notebook="0" * 64, failure=failure)
    times = {"started": "2013-10-31T06:00:00Z", "finished": "2013-10-31T06:00:01Z", "seconds": 1.0}
    run = Run(number=1, pipeline="p", ending="failed" if failure else "succeeded", tasks=(task,), **times)
    return page.render(run, gate=None, production=None, load=lambda digest: content)


@pytest.mark.parametrize(
    "metadata",
    [
        {"jupyter": {"source_hidden": True}},
        {"tags": ["hide-input"]},
        {"tags": ["remove-input"]},
        {"tags": ["injected-parameters"]},
    ],
)
def test_code_that_its_author_hid_is_folded_and_its_outputs_are_not(metadata):
    said = [{"output_type": "stream", "name": "stdout", "text": "one in four"}]
    html = cell_page(outputs=said, **metadata)
    folded = html[html.index('<details class="folded">') : html.index('<div class="outputs">')]

    assert problems(html) == []
    assert "secret" in folded
    assert folded.rstrip().endswith("</details>")
    assert "hide-input" not in text_of(html)


def test_code_that_nobody_hid_stands_open():
    for metadata in ({}, {"tags": ["parameters"]}, {"jupyter": {"source_hidden": False}}, {"jupyter": 7}):
        assert "<details" not in cell_page(**metadata)


def test_hidden_code_that_failed_stands_open():
    failure = Failure(kind="exception", message="ValueError", cell=1, cell_id="c")

    assert 'class="folded"' not in cell_page(failure=failure, tags=["hide-input"])


def test_equal_input_makes_equal_bytes(good):
    assert good.page() == good.page()


def test_the_page_does_not_depend_on_the_order_of_hashes(blobs):
    code = (
        "import hashlib, sys; from tests.report import conftest as c; b = c.Blobs(); r = c.make_run(b, number=12);"
        "from proofbook.report import page;"
        "h = page.render(r, gate=c.make_gate(b, r, 'no'), production=c.make_run(b, number=11), load=b.get);"
        "print(hashlib.sha256(h.encode()).hexdigest())"
    )
    run = make_run(blobs, number=12)
    here = page.render(run, gate=make_gate(blobs, run, "no"), production=make_run(blobs, number=11), load=blobs.get)

    # this process has hashes of its own, drawn at its start
    there = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert there.stdout.strip() == hashlib.sha256(here.encode()).hexdigest()


def test_a_damaged_notebook_is_a_note_in_its_place(good):
    damaged = good.run.tasks[4].notebook

    def load(digest: str) -> bytes:
        if digest == damaged:
            raise BlobCorruptError("blob does not hash to its name")
        return good.load(digest)

    text = text_of(good.page(load=load))

    assert "The executed notebook cannot be shown: blob does not hash to its name." in text
    assert "Reads what left New York" in text


def test_a_page_is_written_though_every_blob_is_gone(regressed):
    def load(digest: str) -> bytes:
        raise OSError(5, "Input/output error")

    html = regressed.page(load=load)

    assert problems(html) == []
    assert html.count("Input/output error") >= 8
    assert "0.7213" in html


def test_what_stands_in_a_blob_instead_of_what_should_is_a_note(good, blobs):
    for content in (
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'{"cells": 7}',
        b'{"cells": [7, null, [], {"cell_type": 3}]}',
        b"[" * 100_000,
        b'{"cells": [{"cell_type": "code", "outputs": [7, {}, {"output_type": "stream", "text": {"a": 1}}]}]}',
    ):
        html = good.page(load=lambda digest, content=content: content)

        assert problems(html) == []
        assert "Table not shown: it is not readable Parquet" in html
        assert "Picture not shown: it is not a readable PNG." in html


def test_a_cancelled_run_and_an_empty_one_have_a_page(good):
    run = msgspec.structs.replace(good.run, ending="cancelled", tasks=())
    html = good.page(run=run, gate=None, production=None)

    assert problems(html) == []
    assert order(
        text_of(html), "Build cancelled", "No notebook of this run recorded anything", "No notebook was executed"
    )


@pytest.mark.parametrize("kind", ["exception", "timeout", "kernel died", "exit", "cancelled", "product", "error"])
def test_every_kind_of_failure_is_told(kind, failed):
    failing = failed.run.tasks[3]
    failure = Failure(kind=kind, message="what happened", cell=0)
    tasks = (*failed.run.tasks[:3], msgspec.structs.replace(failing, failure=failure, notebook=None))
    html = failed.page(run=msgspec.structs.replace(failed.run, tasks=tasks))

    assert order(text_of(html), "Where it failed", "train", "what happened")


def test_a_record_that_only_production_has_is_missing_in_the_page_of_the_run(regressed):
    gone = tuple(record for record in regressed.run.tasks[4].records if record.name != "ROC curve")
    tasks = tuple(
        msgspec.structs.replace(task, records=gone) if task.name == "evaluate" else task for task in regressed.run.tasks
    )
    html = regressed.page(run=msgspec.structs.replace(regressed.run, tasks=tasks))

    assert "This run has no such figure." in html


def test_a_plotly_figure_without_a_picture_is_drawn_and_shows_its_data(good, blobs):
    plotted = blobs.put(
        b'{"library": "plotly", "data": [{"name": "share", "x": [5, 6], "y": [0.136, 0.05]}], "layout": {}}'
    )
    record = Record(name="by hour", kind="figure", plotted=plotted)
    tasks = (msgspec.structs.replace(good.run.tasks[0], records=(record,)), *good.run.tasks[1:])

    html = good.page(run=msgspec.structs.replace(good.run, tasks=tasks))

    assert problems(html) == []
    assert order(
        html, 'id="figures"', "by hour", '<svg class="chart"', '<path class="way-0"', "</svg>", "Its data", "<table"
    )
    assert order(text_of(html), "by hour", "This figure has no picture; from its data:", "share · y", "0.136")


def test_the_list_of_runs_marks_production_and_leads_to_the_pages_that_are_there():
    html = page.render_index(
        [
            page.Entry(
                number=13,
                pipeline="pipeline.yaml",
                ending="failed",
                started="2013-11-30T06:00:00Z",
                seconds=9.0,
                decision="no",
                page="run-13.html",
            ),
            page.Entry(
                number=12,
                pipeline="pipeline.yaml",
                ending="succeeded",
                started="2013-10-31T06:00:00Z",
                seconds=31.0,
                decision="go",
                production=True,
            ),
            page.Entry(
                number=11, pipeline="pipeline.yaml", ending="interrupted", started="2013-10-30T06:00:00Z", sealed=False
            ),
        ]
    )
    text = text_of(html)

    assert problems(html) == []
    assert [link["href"] for link in Dom(html).all("a")] == ["run-13.html"]
    assert order(
        text,
        "run 13",
        "No",
        "build failed",
        "run 12",
        "Go",
        "in production",
        "proofbook report 12",
        "run 11",
        "build interrupted",
    )


def test_the_material_is_what_notebooks_really_gave():
    for name in ("ingest", "evaluate", "train_failed"):
        assert b'"papermill"' in notebook(name)
