"""Terminal text on a page."""

from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.report.text import coloured, cut, plain, scrub
from tests.report.dom import Dom


def test_colours_become_classes_and_end_where_they_end():
    assert coloured("a \x1b[1;31mb\x1b[0m c") == 'a <span class="a-bold a-red">b</span> c'
    assert (
        coloured("\x1b[38;5;46mg\x1b[39m \x1b[38;2;0;0;255mb\x1b[m")
        == '<span class="a-green">g</span> <span class="a-blue">b</span>'
    )


def test_links_titles_and_cursor_movements_go():
    assert (
        coloured("\x1b]8;;https://evil.example\x1b\\text\x1b]8;;\x1b\\ \x1b]0;title\x07\x1b[2J\x1b[10Aend")
        == "text end"
    )


def test_a_progress_bar_leaves_its_last_state():
    assert coloured("\r 10%\r 50%\r100%\ndone\r\n") == "100%\ndone\n"


def test_what_is_cut_is_counted():
    head, remark, tail = cut("\n".join("abcdefghij"), lines=4, characters=100)

    assert (head, tail) == ("a\nb\nc", "j")
    assert remark == "6 lines not shown; all of it: 10 lines, 19 characters"


def test_nothing_is_cut_of_what_fits():
    assert cut("a\nb", lines=2, characters=3) == ("a\nb", "", "")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("\x1b[]0123456789;:m\r\n\x07\\<>&\"'ab8P_"), max_size=80))
def test_whatever_comes_is_plain_text_and_spans_of_our_classes(content):
    dom = Dom(scrub(coloured(content)))

    assert {tag for tag, _ in dom.tags} <= {"span"}
    assert all(
        set(attributes) == {"class"} and all(name.startswith("a-") for name in attributes["class"].split())
        for _, attributes in dom.tags
    )
    assert dom.unbalanced == []
    assert "\x1b" not in dom.text


def test_plain_text_has_no_terminal_codes():
    assert plain("\x1b[31mred\x1b[0m \x1b]0;t\x07x") == "red x"
