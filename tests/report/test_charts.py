"""Figures drawn from their data."""

import json
import math

import altair as alt
import msgspec
import pandas as pd
import plotly.express as px
import plotly.graph_objects as go
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from proofbook.model.record import Record
from proofbook.recorder.plotted import of_plotly
from proofbook.report import interactive, specifications
from proofbook.report.allowance import Allowance
from proofbook.report.charts import Axis, Trace, drawn
from tests.report.dom import problems

FRAME = pd.DataFrame(
    {"carrier": ["EV", "UA", "EV", "UA"], "month": [1, 1, 2, 2], "late": [0.31, 0.2, 0.28, -0.1], "on": [True] * 4}
)


def chart_of(figure: go.Figure):
    return specifications.plotly(json.loads(json.dumps(of_plotly(figure))))


def test_bars_that_lie_stand_in_the_order_of_the_figure_from_below():
    figure = go.Figure(go.Bar(x=[0.1, 0.3], y=["Ohare", "Boston"], orientation="h"))
    figure.update_layout(title="<b>Late</b>", xaxis={"title": "share", "tickformat": ".0%"})
    chart = chart_of(figure)
    low, high = chart.marks

    assert (chart.title, chart.x.title, chart.lying) == ("Late", "share", True)
    assert [tick.text for tick in chart.up] == ["Ohare", "Boston"]
    assert low.y > high.y
    assert high.width == pytest.approx(3 * low.width, abs=0.3)
    assert low.x == chart.box[0], "bars begin at zero"
    assert "10%" in [tick.text for tick in chart.across]


def test_bars_of_two_series_stand_side_by_side_or_on_each_other():
    series = [go.Bar(name=name, x=["a", "b"], y=[1, 2]) for name in ("one", "two")]
    beside, heaped = (chart_of(go.Figure(series, {"barmode": mode})) for mode in ("group", "stack"))

    assert [name for _, name in beside.legend] == ["one", "two"]
    assert beside.marks[2].x == pytest.approx(beside.marks[0].x + beside.marks[0].width, abs=0.2)
    assert heaped.marks[2].x == heaped.marks[0].x
    assert heaped.marks[2].y + heaped.marks[2].height == pytest.approx(heaped.marks[0].y, abs=0.2)


def test_a_gap_interrupts_a_line_and_numbers_stand_to_scale():
    chart = chart_of(go.Figure(go.Scatter(x=[0, 1, 2, 4], y=[1.0, None, 3.0, 3.0], mode="lines")))
    (line,) = chart.marks

    assert (line.path.count("M"), line.path.count("L")) == (2, 1)
    assert chart.legend == (), "a single series needs no legend"


def test_points_of_plotly_express_are_drawn_from_its_typed_arrays():
    chart = chart_of(px.scatter(FRAME, x="month", y="late", color="carrier"))

    assert [mark.kind for mark in chart.marks] == ["dot"] * 4
    assert (chart.x.title, chart.y.title) == ("month", "late")
    assert {mark.colour for mark in chart.marks} == {0, 1}


@pytest.mark.parametrize(
    "figure",
    [
        go.Figure(go.Pie(labels=["a"], values=[1])),
        go.Figure(go.Heatmap(z=[[1, 2]])),
        go.Figure([go.Bar(x=["a"], y=[1]), go.Pie(labels=["a"], values=[1])]),
        go.Figure(go.Scatter(x=[1], y=[2], yaxis="y2")),
        go.Figure(go.Scatter(x=[1], y=[2]), {"xaxis": {"type": "log"}}),
        go.Figure(go.Bar(x=["a"], y=[1]), {"barmode": "overlay"}),
        go.Figure(go.Scatter(x=list(range(3000)), y=list(range(3000)))),
        go.Figure(go.Scatter(x=[], y=[])),
        go.Figure(),
    ],
)
def test_what_is_not_simple_is_not_drawn(figure):
    assert chart_of(figure) is None


def test_a_simple_chart_of_altair_is_drawn_and_one_that_reckons_is_not():
    chart = (
        alt.Chart(FRAME, title="Late")
        .mark_line()
        .encode(x="month:Q", y=alt.Y("late:Q", title="share"), color="carrier")
    )
    found = specifications.vega(chart.to_dict())

    assert (found.title, found.x.title, found.y.title) == ("Late", "month", "share")
    assert [(mark.kind, mark.path.count("L")) for mark in found.marks] == [("line", 1), ("line", 1)]
    assert [name for _, name in found.legend] == ["EV", "UA"]
    assert specifications.vega(alt.Chart(FRAME).mark_bar().encode(x="carrier", y="mean(late)").to_dict()) is None


def test_the_data_lies_below_the_drawing_and_a_full_page_takes_no_more_drawings():
    figure = of_plotly(go.Figure(go.Bar(name="late", x=["a"], y=[1])))
    allowance = Allowance()
    drawing, folded = interactive.data(figure, allowance=allowance)

    assert (drawing.kind, folded.kind, folded.fields[0][1].kind) == ("chart", "folded", "table")
    assert folded.fields[0][1].grid.columns == ("late · x", "late · y")

    while allowance.take_marks(1_000):
        pass
    allowance.take_marks(999)
    while allowance.take_marks(1):
        pass
    assert [block.kind for block in interactive.data(figure, allowance=allowance)] == ["table"]


def test_names_and_titles_of_a_drawing_are_text(good, blobs):
    payload = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    series = [{"type": "bar", "name": payload, "x": [payload, "b"], "y": [1, 2]}] * 2
    layout = {"title": payload, "xaxis": {"title": {"text": "a < b" + payload}}, "yaxis": {"title": payload}}
    digest = blobs.put(json.dumps({"library": "plotly", "data": series, "layout": layout}).encode())
    task = msgspec.structs.replace(good.run.tasks[0], records=(Record(name="by hour", kind="figure", plotted=digest),))
    html = good.page(run=msgspec.structs.replace(good.run, tasks=(task, *good.run.tasks[1:])), gate=None)

    assert 'class="chart"' in html
    assert problems(html) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.fixed_dictionaries({"type": st.sampled_from(["bar", "scatter"]), "x": JSON, "y": JSON, "name": JSON})),
    st.fixed_dictionaries({"title": JSON, "xaxis": JSON, "barmode": st.sampled_from(["group", "stack"])}),
)
def test_whatever_a_figure_holds_is_drawn_or_is_not(traces, layout):
    interactive.data({"data": traces, "layout": layout}, allowance=Allowance())
    encoding = {"x": {"field": "x"}, "y": {"field": "y"}}
    interactive.data({"mark": "bar", "encoding": encoding, "data": {"values": traces}}, allowance=Allowance())


@settings(max_examples=80, deadline=None)
@example([5e-324], "bar", False)
@given(
    st.lists(st.floats(allow_nan=True) | st.integers() | st.none(), min_size=1, max_size=20),
    st.sampled_from(["bar", "line", "dot", "both"]),
    st.booleans(),
)
def test_every_mark_stands_within_the_box(values, kind, lying):
    trace = Trace(name="a", kind=kind, x=values if lying else range(20), y=range(20) if lying else values)
    chart = drawn([trace], title="", x=Axis(), y=Axis(), lying=lying)
    if chart is None:
        return
    left, top, right, bottom = chart.box
    for mark in chart.marks:
        if mark.kind != "line":
            assert left - 1 <= mark.x <= mark.x + mark.width <= right + 1
            assert top - 1 <= mark.y <= mark.y + mark.height <= bottom + 1
    assert len(chart.up) <= 25
    assert len(chart.across) <= 25
    assert all(math.isfinite(tick.at) for tick in (*chart.up, *chart.across))
