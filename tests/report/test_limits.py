"""Everything has a stated limit, and the page says where it was met."""

import base64
import json
import struct
import zlib

import pytest

from proofbook.model.run import TaskRun
from proofbook.report import limits, notebooks
from proofbook.report.allowance import Allowance
from proofbook.report.markdown import rendered
from proofbook.report.pictures import Album, dimensions
from proofbook.report.sanitiser import Headings, clean
from tests.report.conftest import picture
from tests.report.dom import Dom


def png(width: int, height: int) -> bytes:
    """A PNG that says it is as large as that; its data is a few bytes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def jpeg(width: int, height: int) -> bytes:
    return (
        b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc2\x00\x0b\x08"
        + struct.pack(">HH", height, width)
        + b"\x01\x01\x11\x00\xff\xd9"
    )


def shown(cells: list) -> notebooks.Page:
    content = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}).encode()
    return notebooks.shown(content, task=TaskRun(name="a", status="ran"), album=Album())


def output_of(output: dict) -> tuple:
    return shown([{"cell_type": "code", "source": "", "outputs": [output]}]).cells[0].outputs


def test_a_picture_that_would_unpack_to_gigabytes_is_not_shown():
    for content, media in ((png(60_000, 60_000), "image/png"), (jpeg(60_000, 60_000), "image/jpeg")):
        block = Album().add(content, media, alt="bomb")

        assert block.kind == "note"
        assert "60,000 by 60,000 pixels" in block.label


def test_the_size_of_a_picture_is_read_from_its_header():
    assert dimensions(png(640, 480), "image/png") == (640, 480)
    assert dimensions(jpeg(640, 480), "image/jpeg") == (640, 480)
    assert dimensions(picture(), "image/png") == (420, 300)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
        b"\xff\xd8",
        b"\xff\xd8" + b"\xff" * 50,
        b"GIF89a" + b"\0" * 40,
    ],
)
def test_what_is_not_a_picture_is_a_note(content):
    for media in ("image/png", "image/jpeg"):
        assert Album().add(content, media, alt="x").kind == "note"


def test_a_picture_of_too_many_bytes_is_not_shown():
    assert "the limit is" in Album().add(png(9, 9) + b"\0" * limits.PICTURE_BYTES, "image/png", alt="x").label


def test_all_pictures_of_a_page_together_stay_within_bounds():
    album = Album(Allowance(pictures=3 * len(picture())))

    assert [album.add(picture(), "image/png", alt="x").kind for _ in range(4)] == ["picture"] * 3 + ["note"]


def test_an_svg_that_multiplies_itself_is_not_shown():
    levels = "".join(f"<g id='l{n}'>" + f"<use href='#l{n - 1}'/>" * 10 + "</g>" for n in range(1, 12))
    bombs = {
        "use": f"<svg xmlns='http://www.w3.org/2000/svg'><g id='l0'><path/></g>{levels}</svg>",
        "circle": "<svg xmlns='http://www.w3.org/2000/svg'><g id='a'><use href='#b'/></g><g id='b'><use href='#a'/></g></svg>",
        "entity": "<!DOCTYPE svg [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><svg xmlns='http://www.w3.org/2000/svg'>&b;</svg>",
        "other": "<html/>",
        "torn": "<svg xmlns='http://www.w3.org/2000/svg'>",
    }
    for bomb in bombs.values():
        assert Album().add(bomb.encode(), "image/svg+xml", alt="x").kind == "note"


def test_an_svg_as_matplotlib_writes_it_is_shown_as_a_picture():
    svg = "<?xml version='1.0'?><!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd'><svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'><defs><path id='p'/></defs><use xlink:href='#p'/></svg>"
    block = output_of({"output_type": "display_data", "data": {"image/svg+xml": svg}})[0]

    assert block.kind == "picture"
    assert base64.b64decode(block.uri.removeprefix("data:image/svg+xml;base64,")).decode() == svg


def test_long_text_keeps_its_beginning_and_its_end_and_says_what_is_missing():
    text = "\n".join(f"line {number}" for number in range(5000))
    content = output_of({"output_type": "stream", "name": "stdout", "text": text})[0].content

    assert content.startswith("line 0\n")
    assert content.endswith("line 4999")
    assert "4,880 lines not shown; all of it: 5,000 lines" in content
    assert len(content) < limits.TEXT_CHARACTERS * 2


def test_one_endless_line_is_cut():
    content = output_of({"output_type": "stream", "name": "stdout", "text": "x" * 10_000_000})[0].content

    assert "9,980,000 characters not shown" in content
    assert len(content) < limits.TEXT_CHARACTERS * 2


def test_html_beyond_the_limit_is_not_shown():
    block = output_of({"output_type": "display_data", "data": {"text/html": "<p>x</p>" * 100_000}})[0]

    assert block.label.startswith("HTML output of 800,000 characters not shown")


def test_source_markdown_json_cells_and_outputs_are_cut_with_a_remark():
    stream = {"output_type": "display_data", "data": {"text/plain": "x"}}
    page = shown(
        [
            {"cell_type": "code", "source": "x = 1\n" * 20_000, "outputs": [stream] * (limits.OUTPUTS + 5)},
            {"cell_type": "markdown", "source": "word " * 30_000},
            {
                "cell_type": "code",
                "source": "",
                "outputs": [{"output_type": "display_data", "data": {"application/json": list(range(9_000))}}],
            },
            *[{"cell_type": "raw", "source": "x"}] * limits.CELLS,
        ]
    )

    assert "60,000 characters not shown" in page.cells[0].source
    assert page.cells[0].outputs[-1].label == "5 outputs not shown."
    assert "110,000 characters not shown" in page.cells[1].source
    assert "characters not shown" in page.cells[2].outputs[0].content
    assert page.remark == "3 cells not shown."


def test_deep_nesting_ends_in_a_note_or_in_flat_text():
    deep = "[" * 200 + "]" * 200
    assert (
        output_of({"output_type": "display_data", "data": {"application/json": json.loads(deep)}})[0].content.count("[")
        <= limits.JSON_DEPTH
    )
    with pytest.raises(ValueError, match="nested too deeply"):
        notebooks.shown(b"[" * 1_000_000, task=TaskRun(name="a", status="ran"), album=Album())

    html = clean("<div>" * 3_000 + "text", album=Album(), headings=Headings(base=3))

    assert html.count("<div>") == html.count("</div>") <= limits.DEPTH
    assert Dom(html).text == "text"


@pytest.mark.parametrize("piece", ["<div>", "<ul><li>", "<UL><LI>", "<blockquote/x>", "<div\n>", "<abbr>", "<unknown>"])
def test_nesting_that_would_take_minutes_to_parse_is_refused(piece):
    """Measured: 40,000 of `<ul><li>` take the parser most of a minute."""
    html = clean(piece * 40_000, album=Album(), headings=Headings(base=3))

    assert "the limit is 4,000" in html


def test_large_tables_and_many_words_are_not_taken_for_nesting():
    rows = "<tr><td>1</td><td><b>2</b></td></tr>" * 5_000

    assert clean(f"<table>{rows}</table>", album=Album(), headings=Headings(base=3)).count("<tr>") == 5_000


def test_html_and_markdown_of_one_page_stay_within_bounds():
    album = Album(Allowance(rich=100, blocks=3))

    assert clean("<p>x</p>", album=album, headings=Headings(base=3)) == "<p>x</p>"
    assert "as much of notebooks as it may" in clean("<p>x</p>" * 3, album=album, headings=Headings(base=3))
    assert "as much of notebooks as it may" in rendered("word " * 30, album=album, headings=Headings(base=3))
    assert "<p>word</p>" in rendered("word", album=album, headings=Headings(base=3))


def test_a_notebook_of_too_many_bytes_is_not_parsed():
    with pytest.raises(ValueError, match="the limit is 67"):
        notebooks.shown(b" " * (limits.NOTEBOOK_BYTES + 1), task=TaskRun(name="a", status="ran"), album=Album())
