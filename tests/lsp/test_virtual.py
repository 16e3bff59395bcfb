"""The cells in the text that JupyterLab sends."""

from hypothesis import given
from hypothesis import strategies as st

from proofbook.lsp import virtual
from proofbook.lsp.magics import shown
from proofbook.model.notebook import Cell

SENT = (
    "\n\n\nimport os\n\n\ndef f():\n    return 1\n\n\n"
    'get_ipython().run_line_magic("matplotlib", " inline")\nx = get_ipython().getoutput("ls")\n\n\n'
    '# START_CELL_MAGIC("time", "")\nprint(undefined)\n# END_CELL_MAGIC\n\n\n'
    'get_ipython().run_cell_magic("bash", "", """ls\npwd""")\n\n\n\n\n\n\n\n\na = 1\nprint(a)\n\n'
)
"""What JupyterLab 4.6 with jupyterlab-lsp 5.3 sent of `CELLS`."""
CELLS = [
    ("markdown", "# Title\n\nwords"),
    ("code", "import os\n\n\ndef f():\n    return 1"),
    ("code", "%matplotlib inline\nx = !ls"),
    ("code", "%%time\nprint(undefined)"),
    ("code", "%%bash\nls\npwd"),
    ("code", ""),
    ("raw", "raw text"),
    ("code", "a = 1\nprint(a)\n"),
]


def made(*cells: tuple[str, str]) -> list[Cell]:
    return [
        Cell(number=number, id=f"id{number}", kind=kind, source=source, tags=(f"tag{number}",))
        for number, (kind, source) in enumerate(cells, start=1)
    ]


def sent(*cells: tuple[str, str]) -> str:
    """As jupyterlab-lsp puts it together."""
    return "\n\n".join("\n".join(shown(source) if kind == "code" else ("",)) + "\n" for kind, source in cells)


def told(blocks: tuple[virtual.Block, ...]) -> list[tuple[int, str, str, bool]]:
    return [(block.start, block.cell.kind, block.cell.source, block.fresh) for block in blocks]


def test_what_jupyterlab_sends_is_what_we_think_it_sends() -> None:
    assert sent(*CELLS) == SENT


def test_an_unchanged_notebook_is_found_word_by_word() -> None:
    blocks = virtual.align(SENT, virtual.known(made(*CELLS)))

    assert [block.start for block in blocks] == [0, 3, 10, 14, 19, 23, 26, 29]
    assert [(block.cell.kind, block.cell.source) for block in blocks] == CELLS
    assert [block.cell.tags for block in blocks] == [(f"tag{n}",) for n in range(1, 9)]


def test_of_a_notebook_without_a_file_the_text_alone_tells() -> None:
    blocks = virtual.align(SENT, ())

    assert told(blocks) == [
        (0, "markdown", "", True),
        (3, "code", "import os", True),
        (6, "code", "def f():\n    return 1", True),
        (10, "code", "%matplotlib inline\nx = !ls", True),
        (14, "code", "%%time\nprint(undefined)", True),
        (19, "code", "%%bash\nls\npwd", True),
        (23, "markdown", "", True),
        (26, "markdown", "", True),
        (29, "code", "a = 1\nprint(a)\n", True),
    ]


def test_two_empty_lines_within_a_statement_do_not_end_its_cell() -> None:
    text = sent(("code", "def f():\n    x = 1\n\n\n    return x"), ("code", "f()"))

    assert [block.cell.source for block in virtual.align(text, ())] == ["def f():\n    x = 1\n\n\n    return x", "f()"]


def test_an_edited_cell_keeps_what_is_known_of_it() -> None:
    cells = [("code", "a = 1"), ("code", "b = 2"), ("code", "c = 3")]
    now = [("code", "a = 1"), ("code", "b = 20\n\n\n%time b = 3\n"), ("code", "c = 3")]

    blocks = virtual.align(sent(*now), virtual.known(made(*cells)))

    assert [(block.cell.kind, block.cell.source) for block in blocks] == now
    assert [block.cell.id for block in blocks] == ["id1", "id2", "id3"]
    assert [block.start for block in blocks] == [0, 3, 10]


def test_a_new_cell_is_known_by_its_text_alone() -> None:
    cells = [("code", "a = 1"), ("code", "c = 3")]
    now = [("code", "a = 1"), ("code", "b = 2"), ("code", "c = 3")]

    blocks = virtual.align(sent(*now), virtual.known(made(*cells)))

    assert [(block.cell.source, block.cell.tags, block.fresh) for block in blocks] == [
        ("a = 1", ("tag1",), False),
        ("b = 2", (), True),
        ("c = 3", ("tag2",), False),
    ]
    assert [block.cell.number for block in blocks] == [1, 2, 3]


def test_a_cell_that_was_moved_is_the_one_that_it_was() -> None:
    cells = [("code", "a = 1"), ("code", "b = 2"), ("code", "c = 3")]
    now = [cells[2], cells[0], cells[1]]

    blocks = virtual.align(sent(*now), virtual.known(made(*cells)))

    assert [block.cell.id for block in blocks] == ["id3", "id1", "id2"]


def test_a_cell_that_was_deleted_is_gone() -> None:
    cells = [("code", "a = 1"), ("markdown", "text"), ("code", "c = 3")]

    blocks = virtual.align(sent(cells[0], cells[2]), virtual.known(made(*cells)))

    assert [block.cell.id for block in blocks] == ["id1", "id3"]
    assert virtual.align("\n", virtual.known(made(("code", "a = 1"))))[0].cell.kind == "markdown"


def test_the_text_before_is_laid_beside_the_next() -> None:
    """A cell keeps its borders while it is edited, saved or not."""
    first = virtual.align(sent(("code", "a = 1")), virtual.known(made(("code", "a = 1\n\n\nb = 2"), ("code", "c"))))
    second = virtual.align(sent(("code", "a = 1\n\n\nb = 2"), ("code", "c")), first)
    known = virtual.known(made(("code", "a = 1\n\n\nb = 2"), ("code", "c")))
    for typed in ("b", "b =", "b = 3", "b = 33"):
        known = virtual.align(sent(("code", f"a = 1\n\n\n{typed}"), ("code", "c")), known)

    assert len(second) == 3
    assert [block.cell.source for block in known] == ["a = 1\n\n\nb = 33", "c"]


def test_lines_typed_below_two_empty_ones_are_where_they_are_whosever_they_are() -> None:
    """The text is the same as that of a new cell below: until it is saved, nobody can tell."""
    text = sent(("code", "a = 1\n\n\nb = 2"))

    blocks = virtual.align(text, virtual.known(made(("code", "a = 1"))))

    assert [(block.start, block.cell.source) for block in blocks] == [(0, "a = 1"), (3, "b = 2")]


SOURCES = st.lists(
    st.sampled_from(
        ["", "a = 1", "a = 1\n\n\nb = 2", "\n\n", "%time x", "%%bash\nls\n\n\npwd", "def f(:", "x\n", "'''"]
    ),
    min_size=1,
    max_size=6,
)


@given(SOURCES, SOURCES)
def test_the_blocks_and_their_gaps_make_up_the_text_whatever_was_before(before: list[str], after: list[str]) -> None:
    text = sent(*(("code", source) for source in after))

    blocks = virtual.align(text, virtual.known(made(*(("code", source) for source in before))))

    lines = [*text.removesuffix("\n").split("\n"), "", ""]
    at = 0
    for number, block in enumerate(blocks, start=1):
        assert block.start == at
        assert block.cell.number == number
        assert tuple(lines[at : at + len(block.lines)]) == block.lines
        at += len(block.lines)
        assert lines[at : at + 2] == ["", ""]
        at += 2
    assert at == len(lines)


@given(SOURCES)
def test_what_has_not_changed_is_found_as_it_was(sources: list[str]) -> None:
    cells = made(*(("code", source) for source in sources))

    blocks = virtual.align(sent(*(("code", source) for source in sources)), virtual.known(cells))

    assert [block.cell for block in blocks] == cells


@given(st.text(alphabet="a\n", max_size=30), SOURCES)
def test_any_text_is_cut_into_cells(text: str, before: list[str]) -> None:
    blocks = virtual.align(text, virtual.known(made(*(("code", source) for source in before))))

    assert "\n\n\n".join("\n".join(block.lines) for block in blocks) == text.removesuffix("\n")
