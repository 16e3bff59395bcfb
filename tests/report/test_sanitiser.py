"""HTML of notebooks: what stays, what goes, what is added."""

import base64

import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.report import sanitiser
from proofbook.report.markdown import rendered
from proofbook.report.pictures import Album
from proofbook.report.sanitiser import Headings, clean
from proofbook.report.text import scrub
from tests.report.conftest import picture
from tests.report.dom import Dom, problems
from tests.report.hostile import PAYLOADS

PAGE = "<!doctype html><html><head></head><body>{}</body></html>"


def cleaned(fragment: str) -> str:
    return clean(fragment, album=Album(), headings=Headings(base=3))


def marked(source: str, **values) -> str:
    return rendered(source, album=Album(), headings=Headings(base=3), **values)


def left(html: str) -> list[str]:
    """What must not be there, apart from the page's head, which a fragment has none of."""
    return [problem for problem in problems(PAGE.format(html)) if "policies" not in problem]


def test_a_table_of_pandas_keeps_its_rows_and_scrolls_in_a_box():
    html = cleaned(
        '<div><style scoped>x{}</style><table border="1" class="dataframe"><thead><tr style="text-align: right;"><th></th><th>late</th></tr></thead><tbody><tr><th>EV</th><td>0.265</td></tr></tbody></table></div>'
    )

    assert (
        html
        == '<div><div class="wide"><table class="data"><thead><tr><th></th><th>late</th></tr></thead><tbody><tr><th>EV</th><td>0.265</td></tr></tbody></table></div></div>'
    )


def test_columns_of_a_markdown_table_stand_as_it_says():
    html = marked("| a | b | c |\n|---|:-:|--:|\n| 1 | 2 | 3 |\n")

    assert '<td align="left">1</td>' in html
    assert '<td align="center">2</td>' in html
    assert '<td align="right">3</td>' in html
    assert "align" not in cleaned("<table><tr><td align='x'>1</td></tr></table><p align='right'>x</p>")


def test_headings_find_their_place_and_leave_no_level_out():
    html = cleaned("<h3>a</h3><h1>b</h1><h2>c</h2><h6>d</h6>")

    assert Dom(html).headings == [4, 4, 5, 6]
    assert 'class="md-h3"' in html


def test_links_to_pages_stay_and_take_nothing_along():
    assert (
        cleaned('<a href="https://a.example/?q=1&amp;r=2" onclick="x" target="_top">x</a>')
        == '<a href="https://a.example/?q=1&amp;r=2" rel="noopener noreferrer nofollow">x</a>'
    )
    for address in (
        "javascript:alert(1)",
        "#verdict",
        "/etc/passwd",
        "//evil.example",
        "data:text/html,x",
        "file:///x",
        "  JAVASCRIPT:x",
    ):
        assert "href" not in cleaned(f'<a href="{address}">x</a>')


def test_a_picture_within_html_stays_when_it_is_data_and_gets_a_description():
    uri = f"data:image/png;base64,{base64.b64encode(picture()).decode()}"

    assert f'<img class="within" src="{uri}" alt="Picture of the notebook" width="420" height="300">' in cleaned(
        f'<img src="{uri}" width=9999>'
    )
    assert "it is not a readable PNG" in cleaned("<img src='data:image/png;base64,AAAA' alt='curve'>")
    assert (
        cleaned("<img src=https://evil.example/x.png alt=curve>")
        == '<span class="absent">[picture not shown (curve): it is not part of the notebook]</span>'
    )


def test_an_attachment_of_a_markdown_cell_is_shown():
    attachments = {"a b.png": {"image/png": base64.b64encode(picture()).decode()}}

    html = marked("![the curve](attachment:a%20b.png)", attachments=attachments)

    assert Dom(html).all("img")[0]["alt"] == "the curve"


def test_markdown_keeps_tables_code_lists_and_harmless_html():
    html = marked("# T\n\n- a\n- b\n\n|x|\n|-|\n|1|\n\n```python\nimport os\n```\n\n~~gone~~ a<br>b <kbd>c</kbd>")

    for part in (
        '<h4 class="md-h1">T</h4>',
        "<li>a</li>",
        '<td align="left">1</td>',
        '<span class="p-kn">import</span>',
        "<s>gone</s>",
        "a<br>b",
        "<kbd>c</kbd>",
    ):
        assert part in html
    assert left(html) == []


def test_classes_ids_and_styles_of_a_notebook_do_not_survive():
    html = cleaned('<p class="badge v-pass" id="verdict" style="position:fixed">x</p><span class="badge p-k">y</span>')

    assert html == '<p>x</p><span class="p-k">y</span>' or html == "<p>x</p><span>y</span>"


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_either_wall_holds_without_the_other(payload):
    """What nh3 is told to let through here is everything; then the writer stands alone."""
    writer = sanitiser._Writer(album=Album(), headings=Headings(base=3))
    writer.feed(payload)
    writer.close()
    assert left(writer.finish()) == []

    for tag, attributes in Dom(nh3.clean(scrub(payload), **sanitiser.ALLOWED)).tags:
        assert tag not in ("script", "iframe", "object", "embed", "svg", "math", "style", "link", "base", "form")
        assert not any(name.startswith("on") or name in ("style", "id") for name in attributes)
        assert not attributes.get("href", "").strip().lower().startswith(("javascript", "vbscript", "java\t"))


def test_spans_of_cells_stay_within_reason():
    assert cleaned('<table><tr><td colspan="2" rowspan="99999999">x</td></tr></table>').count("span=") == 1


def test_what_stands_open_is_closed():
    html = cleaned("<ul><li><b>x<table><tr><td>y")

    assert Dom(html).unbalanced == []


TAGS = (
    "a",
    "b",
    "div",
    "p",
    "table",
    "td",
    "h2",
    "img",
    "svg",
    "math",
    "script",
    "style",
    "noscript",
    "template",
    "form",
    "iframe",
    "details",
    "textarea",
    "title",
    "xmp",
    "mglyph",
    "mtext",
)
PIECES = st.one_of(
    st.sampled_from([f"<{tag}>" for tag in TAGS] + [f"</{tag}>" for tag in TAGS]),
    st.sampled_from(
        [
            "<!--",
            "-->",
            "--!>",
            "<![CDATA[",
            "]]>",
            "<img src=x onerror=alert(1)>",
            "<a href=javascript:alert(1)>",
            '" onload="alert(1)',
            "'",
            "`",
            "<",
            ">",
            "&lt;",
            "&#x3c;",
            "\x00",
            "alert(1)",
            "<p title='",
            "'>",
        ]
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_no_mixture_of_pieces_leaves_anything_active(fragment):
    assert left(cleaned(fragment)) == []
    assert left(marked(fragment)) == []
