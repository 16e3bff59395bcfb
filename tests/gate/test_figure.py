"""Figures: the plotted data decides; pixels alone only inform."""

import io
import json
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from proofbook.gate.places import place
from proofbook.model.record import Record, Rule
from proofbook.recorder.plotted import of_matplotlib
from tests.gate.conftest import Shelf

YES = [0.0, 0.5, 0.8, 1.0]
NO = [0.0, 0.4, 0.8, 1.0]


def figure(shelf: Shelf, y: list[float], *, colour: str = "navy", plotted: bool = True, **rule: Any) -> Record:
    with mpl.rc_context({"backend": "agg"}):
        drawn = Figure(figsize=(3, 2))
        drawn.subplots().plot([0.0, 0.3, 0.6, 1.0], y, color=colour)
        sink = io.BytesIO()
        drawn.savefig(sink, format="png")
    data = shelf.put(json.dumps(of_matplotlib(drawn)).encode()) if plotted else None
    return _record(shelf.put(sink.getvalue()), data, **rule)


def _record(blob: str | None, plotted: str | None = None, *, media: str = "image/png", **rule: Any) -> Record:
    return Record(
        name="roc", task="evaluate", kind="figure", blob=blob, media=media, plotted=plotted, rule=Rule(**rule)
    )


def test_the_same_figure_drawn_again_passes(shelf: Shelf) -> None:
    found = shelf.compare(figure(shelf, YES, exact=True), figure(shelf, YES, exact=True))
    assert (found.verdict, found.change) == ("pass", "no change")


def test_other_colours_of_the_same_data_pass_and_are_said(shelf: Shelf) -> None:
    found = shelf.compare(figure(shelf, YES, exact=True), figure(shelf, YES, exact=True, colour="red"))
    assert found.verdict == "pass"
    assert found.reason.startswith("plotted data equal; similarity 0.")


def test_other_data_is_changed_with_path_similarity_and_a_difference_picture(shelf: Shelf) -> None:
    found = shelf.compare(figure(shelf, YES), figure(shelf, NO))
    assert found.verdict == "changed"
    assert not found.gates
    assert "plotted values differ, most in y of the line at x = 0.3000: 0.5000 → 0.4000" in found.reason
    assert 0.5 < found.evidence["similarity"] < 1
    with Image.open(io.BytesIO(shelf.get(found.evidence["difference"]))) as picture:
        assert picture.size == (300, 200)
        assert (204, 24, 40) in {colour for _, colour in picture.getcolors(maxcolors=100_000) or []}


MATPLOTLIB = {
    "library": "matplotlib",
    "axes": [
        {
            "title": "Held out",
            "lines": [{"label": "model", "x": [0, 0.25], "y": [0.5, 0.6]}, {"label": "", "x": [0], "y": [1]}],
            "texts": ["AUC 0.7"],
        },
        {
            "x": {"label": "drop"},
            "y": {"label": "", "categories": ["hour", "wind"]},
            "bars": [{"label": "", "y": [-0.4, 0.6], "height": [0.8, 0.8], "width": [1, 2]}],
            "images": [{"digest": "0", "mean": 1}],
        },
    ],
}
PLOTLY = {
    "library": "plotly",
    "data": [{"name": "late", "x": ["EWR"], "y": [1]}, {"x": [1], "y": [2]}],
    "layout": {"title": {"text": "t"}},
}


@pytest.mark.parametrize(
    ("path", "plotted", "said"),
    [
        ("axes[0].lines[0].y[1]", MATPLOTLIB, "y of “model” at x = 0.2500 in “Held out”"),
        ("axes[0].lines[0].x[1]", MATPLOTLIB, "x of “model”, value 2 in “Held out”"),
        ("axes[0].lines[1].label", MATPLOTLIB, "the label of line 2 in “Held out”"),
        ("axes[0].texts[0]", MATPLOTLIB, "text 1 in “Held out”"),
        ("axes[1].bars[0].width[1]", MATPLOTLIB, "width of the bars at “wind” in “drop”"),
        ("axes[1].images[0].mean", MATPLOTLIB, "the mean of the image in “drop”"),
        ("axes[1].y.categories[0]", MATPLOTLIB, "the names of the y axis in “drop”"),
        ("axes[1].y.inverted", MATPLOTLIB, "the direction of the y axis in “drop”"),
        ("axes[1].images[0].shape[1]", MATPLOTLIB, "the number of columns of the image in “drop”"),
        ("data[0].y[0]", PLOTLY, "y of “late” at x = EWR"),
        ("data[1].y[0]", PLOTLY, "y of trace 2 at x = 1"),
        ("layout.title.text", PLOTLY, "the title"),
        ("layout.barmode", PLOTLY, "layout.barmode"),
        ('data["y"][0]', {"library": "matplotlib", "axes": 7}, 'data["y"][0]'),
        ("axes[3].lines[9].y[2]", {"library": "matplotlib", "axes": 7}, "y of line 10, value 3 in panel 4"),
        ("a[0]", [1], "a[0]"),
    ],
)
def test_a_place_is_named_as_it_is_written_on_the_figure(path: str, plotted: Any, said: str) -> None:
    assert place(path, plotted) == said


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"digest": "a", "mean": 0.25}, {"digest": "b", "mean": 0.5}, "most in the mean of the image: 0.2500 → 0.5000"),
        ({"digest": "a", "mean": 0.25}, {"digest": "b", "mean": 0.25}, "in the image"),
    ],
)
def test_an_image_is_told_without_its_digest(shelf: Shelf, before: Any, after: Any, said: str) -> None:
    sides = [{"library": "matplotlib", "axes": [{"images": [image]}]} for image in (before, after)]
    found = shelf.compare(*(_record(None, shelf.put(json.dumps(side).encode())) for side in sides))

    assert f"plotted values differ, {said}" in found.reason
    assert "digest" not in json.dumps(found.evidence["differences"])


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([1.0, 2.0], [1.0, 2.0, 3.0], "such as the number of points in “late”: 2 → 3"),
        (["a", "b"], ["a", "c"], "such as y of “late”, value 2: b → c"),
        ([1.0, "b"], [1.5, "c"], "most in y of “late”, value 1: 1.000 → 1.500"),
        ([28_889], [30_000], "most in y of “late”, value 1: 28,889 → 30,000"),
    ],
)
def test_only_a_number_is_called_the_most(shelf: Shelf, before: Any, after: Any, said: str) -> None:
    sides = [{"library": "plotly", "data": [{"name": "late", "y": y}]} for y in (before, after)]
    found = shelf.compare(*(_record(None, shelf.put(json.dumps(side).encode())) for side in sides))

    assert f"plotted values differ, {said}" in found.reason
    assert found.evidence["differences"][0]["where"].startswith(("y of “late”", "the y of “late”"))


def test_exact_and_tolerance_speak_of_the_plotted_data(shelf: Shelf) -> None:
    assert shelf.compare(figure(shelf, YES, exact=True), figure(shelf, NO, exact=True)).verdict == "regressed"
    assert shelf.compare(figure(shelf, YES, tolerance=0.3), figure(shelf, NO, tolerance=0.3)).verdict == "pass"
    found = shelf.compare(figure(shelf, YES, tolerance=0.1), figure(shelf, NO, tolerance=0.1))
    assert (found.verdict, found.gates) == ("changed", True)


def test_pixels_alone_never_regress(shelf: Shelf) -> None:
    before, after = (figure(shelf, y, plotted=False, exact=True) for y in (YES, NO))
    found = shelf.compare(before, after)
    assert found.verdict == "changed"
    assert found.reason.endswith("no plotted data was kept, and pixels alone only inform")
    assert shelf.compare(before, before).verdict == "pass"


def test_plotted_data_that_production_had_may_not_vanish(shelf: Shelf) -> None:
    found = shelf.compare(figure(shelf, YES, exact=True), figure(shelf, YES, exact=True, plotted=False))
    assert (found.verdict, found.failed) == ("inconclusive", True)
    found = shelf.compare(figure(shelf, YES, exact=True, plotted=False), figure(shelf, YES, exact=True))
    assert (found.verdict, found.failed) == ("inconclusive", False)


def test_a_figure_without_a_picture_is_judged_by_its_data(shelf: Shelf) -> None:
    before = _record(None, figure(shelf, YES).plotted, exact=True)
    assert shelf.compare(before, before).verdict == "pass"
    assert shelf.compare(before, _record(None, figure(shelf, NO).plotted, exact=True)).verdict == "regressed"


def test_gaps_in_a_line_are_equal_to_gaps(shelf: Shelf) -> None:
    picture = figure(shelf, YES).blob
    gaps = [shelf.put(text) for text in (b'{"y": [1.0, NaN, null]}', b'{"y": [1.0, NaN,  null]}')]
    found = shelf.compare(_record(picture, gaps[0], exact=True), _record(picture, gaps[1], exact=True))
    assert found.verdict == "pass"


def test_other_sizes_are_said_and_not_compared_by_looks(shelf: Shelf) -> None:
    sizes = [shelf.put(_png(np.zeros((height, 10, 3), np.uint8))) for height in (10, 20)]
    found = shelf.compare(_record(sizes[0]), _record(sizes[1]))
    assert (found.verdict, found.change) == ("changed", "size 10x10 → 10x20")


@pytest.mark.parametrize("side", [1, 6, 40])
def test_a_single_other_pixel_is_seen_at_any_size(shelf: Shelf, side: int) -> None:
    pixels = np.full((side, side, 3), 200, np.uint8)
    before = shelf.put(_png(pixels))
    pixels[0, 0] = (200, 200, 201)
    found = shelf.compare(_record(before), _record(shelf.put(_png(pixels))))
    assert found.verdict == "changed"
    assert found.change != "similarity 1.0000"


def test_another_way_to_store_the_same_pixels_passes(shelf: Shelf) -> None:
    pixels = np.full((9, 9, 3), 200, np.uint8)
    opaque = np.concatenate([pixels, np.full((9, 9, 1), 255, np.uint8)], axis=2)
    assert shelf.compare(_record(shelf.put(_png(pixels))), _record(shelf.put(_png(opaque)))).verdict == "pass"


def test_vega_datasets_are_known_by_position_not_by_the_hash_in_their_name(shelf: Shelf) -> None:
    def chart(name: str, value: float, **style: Any) -> Record:
        content = {"library": "altair", "data": {"name": name}, "datasets": {name: [{"a": value}]}, **style}
        return _record(None, shelf.put(json.dumps(content).encode()), exact=True)

    assert shelf.compare(chart("data-1", 1.0), chart("data-2", 1.0, config={"font": "x"})).verdict == "pass"
    found = shelf.compare(chart("data-1", 1.0), chart("data-2", 2.0))
    assert found.verdict == "regressed"
    assert "1 of 3 plotted values differ, most in a in row 1: 1 → 2" in found.reason


def test_a_drawing_in_svg_is_compared_by_its_bytes(shelf: Shelf) -> None:
    drawings = [_record(shelf.put(content), media="image/svg+xml") for content in (b"<svg/>", b"<svg></svg>")]
    assert shelf.compare(drawings[0], drawings[0]).verdict == "pass"
    assert shelf.compare(drawings[0], drawings[1]).verdict == "changed"


def test_a_picture_that_claims_to_be_huge_is_not_decoded(shelf: Shelf) -> None:
    content = bytearray(_png(np.zeros((4, 4, 3), np.uint8)))
    content[16:24] = (9000).to_bytes(4, "big") * 2
    import zlib

    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    found = shelf.compare(_record(shelf.put(_png(np.zeros((4, 4, 3), np.uint8)))), _record(shelf.put(bytes(content))))
    assert found.failed
    assert "too large to compare: 9000 x 9000" in found.reason


def _png(pixels: Any) -> bytes:
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, format="PNG")
    return sink.getvalue()


def _matplotlib(
    shelf: Shelf, draw: Any, *, style: str = "default", size: tuple[float, float] = (3, 2), **rule: Any
) -> Record:
    """A figure as the recorder leaves it; `draw` is given its axes."""
    from matplotlib import pyplot as plt

    with plt.style.context(style):
        drawn = Figure(figsize=size)
        draw(drawn.subplots())
        sink = io.BytesIO()
        drawn.savefig(sink, format="png", backend="agg")
    return _record(shelf.put(sink.getvalue()), shelf.put(json.dumps(of_matplotlib(drawn)).encode()), **rule)


def _plotted(shelf: Shelf, content: Any, **rule: Any) -> Record:
    return _record(None, shelf.put(json.dumps(content).encode()), **({"exact": True} | rule))


def _lines(axes: Any, **style: Any) -> None:
    axes.plot([1.0, 2.0, 3.0], [0.2, 0.5, 0.9], label="model", **style)
    axes.set(xlabel="rate", ylabel="share")


def test_a_restyled_plot_of_the_same_data_passes_in_matplotlib(shelf: Shelf) -> None:
    def restyled(axes: Any) -> None:
        _lines(axes, color="red", linestyle="--", marker="o", linewidth=3)
        axes.grid()
        axes.legend(loc="upper left")
        axes.tick_params(rotation=30)

    before = _matplotlib(shelf, _lines, exact=True)
    assert shelf.compare(before, _matplotlib(shelf, restyled, style="ggplot", exact=True)).verdict == "pass"
    larger = shelf.compare(before, _matplotlib(shelf, restyled, size=(6, 4), exact=True))
    assert larger.verdict == "pass"
    assert "size 300x200 → 600x400, similarity 0." in larger.reason
    assert larger.reason.endswith("when scaled")


def test_a_restyled_plot_of_the_same_data_passes_in_plotly(shelf: Shelf) -> None:
    import plotly.graph_objects as go

    from proofbook.recorder.plotted import of_plotly

    def drawn(y: list[float], **style: Any) -> Any:
        figure = go.Figure(go.Bar(x=["a", "b"], y=y, name="late", **style))
        figure.update_layout(xaxis_title="carrier", title="Delays")
        return figure

    restyled = drawn([1, 2], marker={"color": "red"}, opacity=0.5, hovertemplate="%{y}")
    restyled.update_layout(template="plotly_dark", width=900, font={"size": 20}, showlegend=True, margin={"l": 3})
    before = _plotted(shelf, of_plotly(drawn([1, 2])))
    assert shelf.compare(before, _plotted(shelf, of_plotly(restyled))).verdict == "pass"
    other = shelf.compare(before, _plotted(shelf, of_plotly(drawn([1, 3]))))
    assert (other.verdict, "y of “late” at x = b: 2 → 3" in other.reason) == ("regressed", True)
    named = drawn([1, 2]).update_layout(xaxis_title="dest")
    assert "the title of the x axis" in shelf.compare(before, _plotted(shelf, of_plotly(named))).reason
    coloured = [_plotted(shelf, of_plotly(drawn([1, 2], marker={"color": values}))) for values in ([1, 2], [1, 9])]
    assert shelf.compare(*coloured).verdict == "regressed"


def test_a_restyled_plot_of_the_same_data_passes_in_vega(shelf: Shelf) -> None:
    import altair as alt
    import pandas as pd

    frame = pd.DataFrame({"carrier": ["a", "b"], "delay": [1.0, 2.0]})

    def chart(data: Any, x: str = "carrier:N", y: str = "delay:Q", **style: Any) -> Record:
        drawn = alt.Chart(data).mark_bar(**style).encode(x=x, y=alt.Y(y, scale=alt.Scale(scheme="dark2")))
        drawn = drawn.properties(width=400 if style else 200).configure_axis(labelFontSize=8)
        return _plotted(shelf, {"library": "altair", **(drawn.interactive() if style else drawn).to_dict()})

    before = chart(frame)
    assert shelf.compare(before, chart(frame, color="red", opacity=0.3)).verdict == "pass"
    assert shelf.compare(before, chart(frame.iloc[::-1])).verdict == "regressed"
    assert shelf.compare(before, chart(frame.assign(delay=[1.0, 2.5]))).verdict == "regressed"
    turned = shelf.compare(before, chart(frame, x="delay:Q", y="carrier:N"))
    assert (turned.verdict, turned.reason) == ("regressed", "x and y have changed places")


def test_swapped_axes_are_seen_and_said(shelf: Shelf) -> None:
    def swapped(axes: Any) -> None:
        axes.plot([0.2, 0.5, 0.9], [1.0, 2.0, 3.0], label="model")
        axes.set(xlabel="share", ylabel="rate")

    found = shelf.compare(_matplotlib(shelf, _lines, exact=True), _matplotlib(shelf, swapped, exact=True))
    assert found.verdict == "regressed"
    assert found.reason.startswith("x and y have changed places; similarity")

    def inverted(axes: Any) -> None:
        _lines(axes)
        axes.invert_yaxis()

    assert shelf.compare(_matplotlib(shelf, _lines), _matplotlib(shelf, inverted)).verdict == "changed"


def test_the_points_of_a_scatter_have_no_order(shelf: Shelf) -> None:
    x, y = [3.0, 1.0, 2.0], [0.1, 0.2, 0.3]

    def points(order: list[int], last: float = 0.3) -> Any:
        values = [*y[:2], last]
        return lambda axes: axes.scatter([x[place] for place in order], [values[place] for place in order])

    before = _matplotlib(shelf, points([0, 1, 2]))
    assert shelf.compare(before, _matplotlib(shelf, points([2, 0, 1]))).verdict == "pass"
    assert shelf.compare(before, _matplotlib(shelf, points([2, 0, 1], last=0.4))).verdict == "changed"
    exact = [_matplotlib(shelf, points(order), exact=True) for order in ([0, 1, 2], [2, 0, 1])]
    assert shelf.compare(*exact).verdict == "regressed"


def test_images_have_a_tolerance_and_are_read_back_from_before_they_had(shelf: Shelf) -> None:
    def shown(shift: float, side: int = 8) -> Record:
        values = np.arange(side * side, dtype=float).reshape(side, side) + 1
        return _matplotlib(shelf, lambda axes: axes.imshow(values * (1 + shift)), tolerance=0.01)

    assert shelf.compare(shown(0), shown(0.001)).verdict == "pass"
    assert shelf.compare(shown(0), shown(0.1)).verdict == "changed"
    assert shelf.compare(shown(0, 120), shown(0.001, 120)).verdict == "pass"
    assert shelf.compare(shown(0, 120), shown(0.1, 120)).verdict == "changed"
    new = json.loads(shelf.get(str(shown(0).plotted)))
    old = json.loads(shelf.get(str(shown(0).plotted)))
    del old["axes"][0]["images"][0]["values"]
    assert shelf.compare(_plotted(shelf, old), _plotted(shelf, new)).verdict == "pass"
    del old["axes"][0]["images"][0]["digest"]
    assert shelf.compare(_plotted(shelf, old), _plotted(shelf, new)).verdict == "regressed"


def test_what_only_the_picture_tells_is_judged_by_the_picture(shelf: Shelf) -> None:
    def arrows(length: float) -> Record:
        return _matplotlib(shelf, lambda axes: axes.quiver([0.0, 1.0], [0.0, 1.0], [length, 1.0], [1.0, length]))

    assert shelf.compare(arrows(1.0), arrows(1.0)).verdict == "pass"
    assert shelf.compare(arrows(1.0), arrows(5.0)).verdict == "changed"


def test_nothing_plotted_never_passes(shelf: Shelf) -> None:
    gaps = {"library": "matplotlib", "axes": [{"lines": [{"label": "", "x": [1.0, 2.0], "y": [None, None]}]}]}
    for content in ({}, [], None, "", {"library": "matplotlib", "axes": []}, gaps):
        empty = _plotted(shelf, content)
        assert shelf.compare(empty, empty).verdict == "inconclusive"


numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6)


def _series(shelf: Shelf, y: list[float], **rule: Any) -> Record:
    return _plotted(shelf, {"library": "matplotlib", "axes": [{"lines": [{"label": "", "x": y, "y": y}]}]}, **rule)


@given(y=numbers)
@settings(max_examples=40)
def test_equal_plotted_data_passes(y: list[float]) -> None:
    shelf = Shelf()
    assert shelf.compare(_series(shelf, y), _series(shelf, y)).verdict == "pass"


@given(
    y=numbers.filter(lambda values: max(map(abs, values)) > 1e-3), part=st.floats(0.01, 0.9), place=st.integers(0, 5)
)
@settings(max_examples=60)
def test_a_plotted_value_is_seen_to_move_at_its_size_from_both_sides(y: list[float], part: float, place: int) -> None:
    shelf = Shelf()
    largest = max(range(len(y)), key=lambda number: abs(y[number]))
    after = [value * (1 - part) if number == largest else value for number, value in enumerate(y)]
    for sides in ((y, after), (after, y)):
        for allowed, verdict in ((part * 0.99, "changed"), (part * 1.01, "pass")):
            pair = (_series(shelf, side, tolerance=allowed, exact=False) for side in sides)
            assert shelf.compare(*pair).verdict == verdict


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), None, "1.0", 1e300, True])
def test_a_plotted_value_of_another_sort_is_never_a_pass(shelf: Shelf, bad: Any) -> None:
    assert shelf.compare(_series(shelf, [1.0, 2.0]), _series(shelf, [1.0, bad])).verdict == "regressed"
    assert shelf.compare(_series(shelf, [1.0, bad]), _series(shelf, [1.0, 2.0])).verdict == "regressed"
