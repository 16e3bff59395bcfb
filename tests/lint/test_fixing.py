"""What fixes make of the bytes of an `.ipynb`."""

import json
import re
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proofbook.analyze import source
from proofbook.analyze.flow import Span
from proofbook.analyze.spans import offsets
from proofbook.lint import fixing
from proofbook.lint.fix import (
    Change,
    ClearOutputs,
    Edit,
    Fix,
    InsertCell,
    MoveCell,
    RemoveCell,
    Rerun,
    SetId,
    SetMetadata,
)
from proofbook.model.notebook import Notebook
from tests.lint.factory import code, content, markdown

PRETTY = {"indent": 1, "ensure_ascii": False}
STREAM = {"output_type": "stream", "name": "stdout", "text": "1"}


def fix(*changes: Change) -> Fix:
    return Fix(title="Change it", safety="safe", changes=changes)


def read(raw: bytes) -> Notebook:
    return source.parse(raw, path="example.ipynb")


def made(raw: bytes, *changes: Change) -> str:
    """The file after one fix, which must have been made."""
    done = fixing.apply(raw, read(raw), [fix(*changes)])
    assert not done.refused, done.refused[0].reason
    return done.content.decode()


def at(line: int, column: int, end_line: int, end_column: int) -> Span:
    return Span(line=line, column=column, end_line=end_line, end_column=end_column)


# layouts that no one tool writes: what stands between the values of a document, and how text is escaped
GAPS = st.sampled_from(["", " ", "\n", "\r\n ", "\t", "\n    "])
INDENTS = st.sampled_from([None, 1, 2, 4, "\t", 0])
TEXT = st.text(st.sampled_from("ab='é☃𝄞\n\r\t\"\\/# "), max_size=30)


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """A notebook with a layout of its own."""
    cells: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 4))):
        text = draw(TEXT)
        lines = text.splitlines(keepends=True) if draw(st.booleans()) else re.findall(r".{1,7}", text, re.DOTALL)
        made = draw(st.sampled_from([markdown, code]))("")
        cells.append({**made, "id": f"c{number}", "source": draw(st.sampled_from([text, lines]))})
    comma, colon = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,", " : "), (",  ", ":\t")]))
    written = content(
        *cells,
        layout={
            "indent": draw(INDENTS),
            "ensure_ascii": draw(st.booleans()),
            "separators": (comma, colon),
            "sort_keys": draw(st.booleans()),
        },
    ).decode()
    if draw(st.booleans()):
        written = written.replace("\n", "\r\n")
    if draw(st.booleans()):
        written = written.replace("/", "\\/")
    return f"{draw(GAPS)}{written}{draw(GAPS)}".encode()


@given(documents())
def test_no_fix_changes_no_byte(raw: bytes) -> None:
    assert fixing.apply(raw, read(raw), []).content == raw
    assert fixing.apply(raw, read(raw), [fix(Rerun())]).content == raw


@st.composite
def edited(draw: st.DrawFn) -> tuple[bytes, int, Span, str]:
    """A notebook, the number of a cell that is no code, a place in it, and what is to stand there."""
    raw = draw(documents())
    number = draw(st.integers(1, len(read(raw).cells)))
    text = read(raw).cells[number - 1].source
    places = [
        (line, column + 1)
        for line, held in enumerate(re.split(r"\r\n|\r|\n", text), start=1)
        for column in range(len(held) + 1)
    ]
    first, last = sorted((draw(st.sampled_from(places)), draw(st.sampled_from(places))))
    return raw, number, at(*first, *last), draw(TEXT)


@given(edited())
def test_an_edit_changes_the_source_of_its_cell_and_no_other_byte(given: tuple[bytes, int, Span, str]) -> None:
    raw, number, span, text = given
    before = read(raw)
    cell = before.cells[number - 1]

    done = fixing.apply(raw, before, [fix(Edit(cell=cell, span=span, text=text))])

    start, end = offsets(cell.source, span)
    wanted = json.loads(raw)
    if done.refused:
        # a cell that would not parse afterwards, or no valid notebook: nothing happened
        assert done.content == raw
        assert cell.kind == "code"
        return
    after = json.loads(done.content)
    held = wanted["cells"][number - 1].pop("source")
    new = after["cells"][number - 1].pop("source")
    assert after == wanted
    assert type(new) is type(held)
    assert "".join(new) == cell.source[:start] + text + cell.source[end:]
    # what differs lies within the value, and what stands around it is the same
    where = json.JSONDecoder()
    at_source = [found.end() for found in re.finditer(rb'"source"\s*:\s*', raw)][number - 1]
    assert done.content[:at_source] == raw[:at_source]
    _, behind = where.raw_decode(raw[at_source:].decode())
    tail = raw[at_source:].decode()[behind:].encode()
    assert done.content.endswith(tail)


@given(edited())
def test_what_is_edited_back_reads_as_before(given: tuple[bytes, int, Span, str]) -> None:
    raw, number, span, text = given
    cell = read(raw).cells[number - 1]
    start, end = offsets(cell.source, span)
    there = fixing.apply(raw, read(raw), [fix(Edit(cell=cell, span=span, text=text.replace("\r", "")))])
    new = read(there.content)
    lines = re.split(r"\r\n|\r|\n", new.cells[number - 1].source)
    whole = at(1, 1, len(lines), len(lines[-1]) + 1)

    back = fixing.apply(there.content, new, [fix(Edit(cell=new.cells[number - 1], span=whole, text=cell.source))])

    if not there.refused and not back.refused:
        assert json.loads(back.content)["cells"][number - 1]["id"] == f"c{number - 1}"
        assert read(back.content).cells[number - 1].source == cell.source
        assert start <= end


@given(documents(), st.data())
def test_cells_that_move_come_and_go_keep_every_byte_of_the_others(raw: bytes, data: st.DataObject) -> None:
    before = read(raw)
    pick = st.sampled_from(before.cells)
    change = data.draw(
        st.one_of(
            st.builds(lambda cell: RemoveCell(cell=cell), pick),
            st.builds(lambda cell, other: MoveCell(cell=cell, before=other), pick, st.one_of(st.none(), pick)),
            st.builds(
                lambda other: InsertCell(before=other, kind="code", source="x = 1\ny"), st.one_of(st.none(), pick)
            ),
        )
    )
    if isinstance(change, MoveCell) and change.before is change.cell:
        return

    after = made(raw, change).encode()

    old, new = json.loads(raw), json.loads(after)
    same = [cell for cell in new["cells"] if cell in old["cells"]]
    gone = isinstance(change, RemoveCell)
    assert len(same) == len(old["cells"]) - gone
    assert {key: value for key, value in new.items() if key != "cells"} == {
        key: value for key, value in old.items() if key != "cells"
    }
    at_cells = raw.index(b'"cells"')
    assert after[:at_cells] == raw[:at_cells]
    if isinstance(change, InsertCell):
        place = before.cells.index(change.before) if change.before is not None else len(before.cells)
        assert "".join(new["cells"][place]["source"]) == "x = 1\ny"
        assert new["cells"][:place] + new["cells"][place + 1 :] == old["cells"]
    if isinstance(change, MoveCell):
        ids = [cell.id for cell in before.cells if cell is not change.cell]
        ids.insert(ids.index(change.before.id) if change.before is not None else len(ids), change.cell.id)
        assert [cell["id"] for cell in new["cells"]] == ids


KEYS = st.sampled_from(["a", "tags", "é", "kernelspec", "zz"])


@given(documents(), st.lists(st.tuples(st.booleans(), st.lists(KEYS, min_size=1, max_size=3)), max_size=4), st.data())
def test_an_entry_of_metadata_is_set_or_goes_and_the_rest_stays(
    raw: bytes, wanted: list[tuple[bool, list[str]]], data: st.DataObject
) -> None:
    expected = json.loads(raw)
    for own, path in wanted:
        notebook = read(raw)
        value = data.draw(st.sampled_from([["x"], {"k": 1}, None, "é"]))
        removed = data.draw(st.booleans())
        target = expected["metadata"] if own else expected["cells"][0]["metadata"]
        change = SetMetadata(cell=None if own else notebook.cells[0], path=tuple(path))
        if not removed:
            change = SetMetadata(cell=change.cell, path=change.path, value=value)
        for key in path[:-1]:
            if not isinstance(target.get(key), dict):
                if removed:
                    target = {}
                    break
                target[key] = {}
            target = target[key]
        if removed:
            target.pop(path[-1], None)
        else:
            target[path[-1]] = value

        done = fixing.apply(raw, notebook, [fix(change)])

        if done.refused:
            return  # metadata that nbformat does not allow: tags that are no list ...
        raw = done.content
        assert json.loads(raw) == expected


def test_an_edit_leaves_escapes_and_space_of_the_rest_of_the_source_as_they_are() -> None:
    raw = (
        b'{"nbformat":4, "nbformat_minor" :4,"metadata":{},\r\n"cells":[{"cell_type":"code","metadata":{},"outputs":[],'
    )
    raw += b'"execution_count":null, "source":"\\u00e9 = \'a\\/b\'\\nx = 1"}]}\r\n'
    cell = read(raw).cells[0]

    after = made(raw, Edit(cell=cell, span=at(2, 5, 2, 6), text="'ü'"))

    assert after == raw.decode().replace("x = 1", "x = '\\u00fc'")


def test_a_source_that_is_a_list_of_lines_stays_one() -> None:
    raw = content({**code(""), "source": ["a = 1\n", "b = 2\n", "c = 3"]}, layout=PRETTY)
    cell = read(raw).cells[0]

    one = made(raw, Edit(cell=cell, span=at(2, 1, 2, 6), text="b = 4\nd = 5"))
    gone = made(raw, Edit(cell=cell, span=at(1, 1, 3, 1), text=""))
    joined = made(raw, Edit(cell=cell, span=at(1, 6, 2, 1), text="; "))
    end = made(raw, Edit(cell=cell, span=at(2, 6, 3, 6), text=""))
    empty = made(raw, Edit(cell=cell, span=at(1, 1, 3, 6), text=""))

    was = raw.decode()
    assert one == was.replace('    "b = 2\\n",\n', '    "b = 4\\n",\n    "d = 5\\n",\n')
    assert gone == was.replace('    "a = 1\\n",\n    "b = 2\\n",\n', "")
    assert joined == was.replace('"a = 1\\n",\n    "b = 2\\n"', '"a = 1; b = 2\\n"')
    assert end == was.replace('"b = 2\\n",\n    "c = 3"', '"b = 2"')
    assert json.loads(empty)["cells"][0]["source"] == []


def test_lines_come_into_an_empty_source_as_its_neighbours_are_indented() -> None:
    raw = content({**code(""), "source": []}, {**code(""), "source": ["a"]}, layout=PRETTY)
    cell = read(raw).cells[0]

    after = made(raw, Edit(cell=cell, span=at(1, 1, 1, 1), text="x = 1\ny"))

    assert '   "source": [\n    "x = 1\\n",\n    "y"\n   ],\n' in after


def test_a_new_cell_is_written_as_jupyter_would() -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("a = 1\nb", id="a")])
    raw = (nbformat.writes(notebook) + "\n").encode()

    after = made(raw, InsertCell(before=None, kind="code", source="x = 1\ny", tags=("new",)))

    parsed = nbformat.reads(after, as_version=4)
    assert nbformat.writes(parsed) + "\n" == after
    assert parsed.cells[1].metadata.tags == ["new"]


def test_a_cell_without_ids_around_it_gets_none() -> None:
    cells = [code("a"), code("b")]
    document = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}
    raw = json.dumps(document).encode()

    after = json.loads(made(raw, InsertCell(before=read(raw).cells[1], kind="markdown", source="# é")))

    assert after["cells"][1] == {"cell_type": "markdown", "metadata": {}, "source": "# é"}


def test_a_cell_without_a_source_gets_one() -> None:
    raw = content(markdown("")).replace(b', "source": ""', b"")
    cell = read(raw).cells[0]

    after = made(raw, *(Edit(cell=cell, span=at(1, 1, 1, 1), text=text) for text in ("# A", "\nb")))

    assert json.loads(after)["cells"][0]["source"] == "# A\nb"


def test_outputs_are_cleared_and_ids_set() -> None:
    raw = content(code("a", count=3, outputs=(STREAM,)), "b", layout=PRETTY)
    cells = read(raw).cells

    after = made(raw, ClearOutputs(cell=cells[0]), SetId(cell=cells[1], id="second"))

    cleared = json.loads(after)["cells"]
    assert (cleared[0]["outputs"], cleared[0]["execution_count"], cleared[1]["id"]) == ([], None, "second")
    assert made(after.encode(), ClearOutputs(cell=read(after.encode()).cells[0])) == after


def test_of_two_fixes_in_one_place_the_second_waits() -> None:
    raw = content("a = 1\nb = 2", "c")
    one, two = read(raw).cells
    fixes = [
        fix(Edit(cell=one, span=at(1, 1, 1, 6), text="x")),
        fix(Edit(cell=one, span=at(1, 6, 1, 6), text="  # y")),
        fix(Edit(cell=one, span=at(2, 1, 2, 6), text="z")),
        fix(RemoveCell(cell=one)),
        fix(MoveCell(cell=two, before=one)),
        fix(SetMetadata(cell=one, path=("tags",), value=["t"])),
        fix(SetMetadata(cell=one, path=("tags",), value=["u"])),
        fix(SetMetadata(cell=one, path=("other",), value=1)),
        fix(InsertCell(before=two, kind="code", source="n")),
        fix(InsertCell(before=two, kind="code", source="m")),
    ]

    done = fixing.apply(raw, read(raw), fixes)

    assert [fixes.index(each) for each in done.applied] == [0, 2, 5, 7, 8]
    assert [fixes.index(each) for each in done.waiting] == [1, 3, 4, 6, 9]
    assert [cell.source for cell in read(done.content).cells] == ["x\nz", "n", "c"]


def test_a_fix_that_breaks_the_syntax_is_dropped_and_the_others_are_made() -> None:
    raw = content("a = 1", "b = 2", "c = 3")
    one, two, three = read(raw).cells
    fixes = [
        fix(Edit(cell=one, span=at(1, 1, 1, 6), text="x")),
        fix(Edit(cell=two, span=at(1, 1, 1, 2), text="(")),
        fix(Edit(cell=three, span=at(1, 1, 1, 6), text="z")),
    ]

    done = fixing.apply(raw, read(raw), fixes)

    assert [cell.source for cell in read(done.content).cells] == ["x", "b = 2", "z"]
    assert [refused.reason.partition(":")[0] for refused in done.refused] == ["cell 2 would not parse afterwards"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda cell: Edit(cell=cell, span=at(9, 1, 9, 2), text=""), "a place that the notebook does not have"),
        (lambda cell: SetMetadata(cell=cell, path=("tags",), value="text"), "would not be valid afterwards"),
        (lambda cell: SetId(cell=cell, id="not an id"), "would not be valid afterwards"),
    ],
)
def test_what_would_not_be_a_notebook_is_dropped(change: Any, reason: str) -> None:
    raw = content("a = 1")

    done = fixing.apply(raw, read(raw), [fix(change(read(raw).cells[0]))])

    assert done.content == raw
    assert reason in done.refused[0].reason


def test_all_or_nothing() -> None:
    raw = content("a = 1", "b")
    one, two = read(raw).cells

    done = fixing.apply(raw, read(raw), [fix(RemoveCell(cell=two), Edit(cell=one, span=at(1, 1, 1, 2), text="("))])

    assert done.content == raw


def test_a_character_in_two_halves_is_no_place_to_count_from() -> None:
    raw = content("x").replace(b'"source": "x"', b'"source": ["\\ud83d", "\\ude00 = 1"]')
    notebook = read(raw)

    done = fixing.apply(raw, notebook, [fix(Edit(cell=notebook.cells[0], span=at(1, 1, 1, 2), text="x"))])

    assert done.refused[0].reason == "the cell holds characters that cannot be counted"


def test_a_lone_half_of_a_character_stays_what_it_is() -> None:
    raw = content(markdown("x y")).replace(b"x y", b"\\ud83d y")
    notebook = read(raw)

    after = made(raw, Edit(cell=notebook.cells[0], span=at(1, 3, 1, 4), text="z"))

    assert after == raw.decode().replace("\\ud83d y", "\\ud83d z")
