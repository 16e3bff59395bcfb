"""Hostile runs and notebooks: every payload in every MIME type and in every field that a template shows."""

import json

import msgspec
import pytest

from proofbook.model.record import Record, Rule
from proofbook.model.run import CellRun, Code, Environment, Failure, Product, Run, TaskRun
from proofbook.model.verdict import Comparison, GateResult, Noise
from proofbook.report import page
from tests.report.conftest import make_contracts, make_history, make_judged
from tests.report.dom import problems
from tests.report.hostile import PAYLOADS

MIMES = (
    "text/plain",
    "text/html",
    "text/markdown",
    "text/latex",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "image/gif",
    "application/json",
    "application/javascript",
    "application/pdf",
    "application/xhtml+xml",
    "application/vnd.plotly.v1+json",
    "application/vnd.vegalite.v5+json",
    "application/vnd.jupyter.widget-view+json",
    "application/vnd.bokehjs_exec.v0+json",
    "application/scrapbook.scrap.json+json",
    "text/vnd.mermaid",
    "text/x-unknown",
)


def notebook_of(payload: str) -> bytes:
    """The payload in every place of a notebook that anything is read from."""
    bundles = [{mime: payload} for mime in MIMES]
    bundles += [{mime: [payload, payload]} for mime in MIMES]
    bundles += [
        {payload: payload},
        {"text/html": payload, payload: payload, "text/plain": payload},
        {"application/json": {payload: [payload, {payload: payload}]}},
        {
            "application/vnd.plotly.v1+json": {"data": [{"name": payload, "x": [payload], "y": [1]}]},
            "text/html": payload,
        },
        {"application/vnd.vegalite.v5+json": {"datasets": {payload: [{payload: payload}]}}, "text/plain": payload},
        {"image/svg+xml": f"<svg xmlns='http://www.w3.org/2000/svg'>{payload}</svg>"},
        {"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"},
    ]
    outputs = [
        {
            "output_type": "display_data",
            "data": bundle,
            "metadata": {payload: payload, "image/png": {"width": payload, "alt": payload}},
        }
        for bundle in bundles
    ]
    outputs += [{"output_type": "stream", "name": name, "text": payload} for name in ("stdout", "stderr", payload)]
    outputs += [{"output_type": "error", "ename": payload, "evalue": payload, "traceback": [payload]}]
    outputs += [{"output_type": payload, "data": {"text/plain": payload}}]
    facts = {"tags": [payload, "parameters"], "name": payload, "papermill": {"status": payload}}
    attachments = {"x.png": {"image/png": payload, payload: payload}, payload: {"image/png": payload}}
    cells = [
        {"cell_type": "markdown", "id": payload, "source": payload, "attachments": attachments, "metadata": facts},
        {
            "cell_type": "markdown",
            "source": f"# {payload}\n\n![a](attachment:x.png)\n\n| {payload} |\n|---|\n| {payload} |\n",
        },
        {
            "cell_type": "code",
            "id": payload,
            "source": payload,
            "metadata": facts,
            "outputs": outputs,
            "execution_count": payload,
        },
        {"cell_type": "raw", "source": payload, "metadata": facts},
        {"cell_type": payload, "source": payload},
        {payload: payload},
    ]
    metadata = {
        "title": payload,
        "language_info": {"name": payload},
        "kernelspec": {"display_name": payload, "language": payload},
    }
    # lone surrogates survive JSON as escapes
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4}).encode()


def run_of(payload: str, blobs) -> tuple[Run, GateResult, Run]:
    """The payload in every text of a run, of the gate's word on it, and of production."""
    text = payload.encode("utf-8", "replace").decode()
    notebook = blobs.put(notebook_of(payload))
    rule = Rule(better="higher", margin=0.1, key=(text,))
    made = {"task": text, "cell": 1, "type": text, "rule": rule}
    records = (
        Record(name=text, kind="text", value=text, **made),
        Record(name=text + "1", kind="json", value={text: [text, {text: text}]}, **made),
        Record(name=text + "2", kind="figure", blob=text, media=text, plotted=text, **made),
        Record(name=text + "3", kind="figure", blob=blobs.put(text.encode()), media=text, **made),
        Record(name=text + "4", kind="figure", plotted=blobs.put(json.dumps({text: text}).encode()), **made),
        Record(name=text + "5", kind="table", value={"rows": text}, blob=blobs.put(text.encode()), **made),
        Record(name=text + "6", kind="scalar", unreadable=text, **made),
        Record(name=text + "7", kind="model", value={"path": text, "size": text}, **made),
    )
    failure = Failure(kind="exception", message=text, cell=3, cell_id=text, traceback=text)
    task = TaskRun(
        name=text,
        status="failed",
        reason=text,
        source=text,
        key=text,
        inputs={text: text},
        params={text: text},
        upstream=(text, "other"),
        products={text: Product(path=text, digest=text, size=1)},
        notebook=notebook,
        records=records,
        cells=(CellRun(number=3, id=text, status="failed", seconds=1.0),),
        modules={text: text},
        started=text,
        seconds=1.0,
        failure=failure,
        contracts=make_contracts(text),
    )
    run = Run(
        number=7,
        pipeline=text,
        ending="failed",
        started=text,
        finished=text,
        seconds=1.0,
        parameters={text: text, "nested": {text: [text]}},
        data={text: text},
        code=Code(commit=text, branch=text, dirty=True, patch=blobs.put(text.encode())),
        environment=Environment(python=text, system=text, lock=text, packages={text: text}),
        tasks=(task, TaskRun(name=text + "b", status="skipped", upstream=(text,), notebook=text, reason=text)),
    )
    evidence = {
        text: text,
        "worst": [{text: text}],
        "difference": text,
        "columns": {text: {text: text}},
        "lines": [text * 3, text],
        "deep": {"a": {"b": {"c": {text: text}}}},
    }
    known = make_judged(text)
    comparisons = tuple(
        Comparison(
            record=record.name,
            task=text,
            kind=record.kind,
            verdict="changed",
            gates=True,
            reason=text,
            production=text,
            candidate=text,
            change=text,
            rule=rule,
            evidence=evidence,
            declared=rule,
            rule_from={"margin": text, text: text},
            noise=Noise(source="interval", runs=3, drift=text),
        )
        for record in records
    )
    gate = GateResult(
        run=7,
        manifest=text,
        channel=text,
        production=3,
        production_manifest=text,
        decision="no",
        reasons=(text,),
        comparisons=(*comparisons, *known.comparisons),
        budget=known.budget,
        looks=known.looks,
        cause=known.cause,
        policy=known.policy,
    )
    other = msgspec.structs.replace(run, number=3, parameters={text: "x", text + "y": text}, data={text + "z": text})
    return run, gate, other


def hostile_page(payload: str, blobs) -> str:
    run, gate, production = run_of(payload, blobs)
    text = payload.encode("utf-8", "replace").decode()
    return page.render(
        run,
        gate=gate,
        production=production,
        load=blobs.get,
        identity=text,
        remarks=(text,),
        history=make_history() | make_history(text, text),
    )


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_nothing_active_is_left_of_a_payload_in_any_place(payload, blobs):
    html = hostile_page(payload, blobs)

    assert problems(html) == []
    assert 'id="cell-1-6"' in html, "and no payload takes the rest of its notebook along"


def test_the_payload_is_shown_as_text_where_text_is_meant(blobs):
    shown = hostile_page("<script>alert(1)</script>", blobs)

    assert shown.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 50
    for section in ("cause", "policy", "contracts", "records"):
        start = shown.index(f'<section id="{section}"')
        assert "&lt;script&gt;" in shown[start : shown.index("</section>", start)], section


def test_a_notebook_cannot_dress_up_as_a_verdict(blobs):
    fake = "<div class='verdict t-go' id='verdict'><span class='badge v-pass'>pass</span></div>"

    shown = hostile_page(fake, blobs)

    assert shown.count('id="verdict"') == 1
    assert 'class="verdict t-go"' not in shown


def test_what_turns_text_around_or_hides_in_it_is_replaced(blobs):
    shown = hostile_page("a\u202eb\x00c\x1b[2Jd\x9be\ud800f\u2066g", blobs)

    assert not set(shown) & set("\u202e\u2066\x00\x1b\x9b\ud800")
    shown.encode("utf-8")


def test_the_list_of_runs_is_as_safe_as_the_page():
    for payload in PAYLOADS:
        text = payload.encode("utf-8", "replace").decode()
        entries = [page.Entry(number=1, pipeline=text, ending=text, started=text, seconds=1.0, page="run-1.html")]

        assert problems(page.render_index(entries)) == []


def test_the_test_would_see_what_it_looks_for():
    for bad in (
        "<script>1</script>",
        "<img src='https://evil.example/x.png'>",
        "<p onclick=x>a</p>",
        "<p style='color:red'>a</p>",
        "<a href='javascript:alert(1)'>x</a>",
        "<iframe></iframe>",
    ):
        assert len(problems(bad)) > len(problems(""))
