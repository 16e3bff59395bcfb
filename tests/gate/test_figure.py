"""Figures: the plotted data decides; pixels alone only inform."""

import io
import json
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

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
    assert "plotted values differ, largest axes[0].lines[0].y[1]: 0.5 → 0.4" in found.reason
    assert 0.5 < found.evidence["similarity"] < 1
    with Image.open(io.BytesIO(shelf.get(found.evidence["difference"]))) as picture:
        assert picture.size == (300, 200)
        assert (204, 24, 40) in {colour for _, colour in picture.getcolors(maxcolors=100_000) or []}


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
    assert '1 of 3 plotted values differ, largest datasets["data 0"][0].a: 1.0 → 2.0' in found.reason


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
