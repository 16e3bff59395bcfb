"""What fixes make of the bytes of a notebook."""



from proofbook.analyze import source
from proofbook.analyze.flow import Span
from proofbook.lint import fixing
from proofbook.lint.fix import (
    Change,
    Edit,
    Fix,
)
from proofbook.model.notebook import Notebook
from tests.lint.factory import code, content

PRETTY = {"indent": 1, "ensure_ascii": False}


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

    was = raw.decode()
    assert one == was.replace('    "b = 2\\n",\n', '    "b = 4\\n",\n    "d = 5\\n",\n')
    assert gone == was.replace('    "a = 1\\n",\n    "b = 2\\n",\n', "")
    assert joined == was.replace('"a = 1\\n",\n    "b = 2\\n"', '"a = 1; b = 2\\n"')
    assert end == was.replace('"b = 2\\n",\n    "c = 3"', '"b = 2"')
