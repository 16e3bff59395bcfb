"""Magics: our transformation against IPython's own, and what is told of each magic."""

import ast
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager
from msgspec.structs import replace

from proofbook.analyze.magics import Transformed, transform

CELLS = [
    "x = 1",
    "%matplotlib inline\nx = 1",
    "x = 1\n%matplotlib inline",
    "if x:\n    %matplotlib inline\n    y = 1\nelse:\n    !ls",
    "!ls -la \\\n  --color\nx = 1",
    "files = !ls\nprint(files)",
    "a.b[0] = !ls {x}",
    "x = %timeit -o f(1)\ny = 2",
    "!!ls",
    "df?",
    "df.head??",
    "?df",
    "??df.head",
    "%time?",
    "for i in x:\n    i.y?",
    "%%time\nx = 1\ny = 2",
    "%%timeit -n 1 x = 1\ny = x",
    "%%capture out\nprint(1)",
    "%%bash\necho 'x = ('",
    "%%writefile x.py\ndef (",
    "%%html\n<b>",
    "\n\n  %%time\n  x = 1",
    "/f 1 2",
    ",f a b",
    ";f a b",
    "x = '''\n%not a magic\n!neither\n'''\n%pwd",
    'x = """a\n%b"""; y = 1',
    "x = (1\n% 2)",
    "x = a \\\n% b",
    "x = [\n'%',\n'!'\n]\n!ls",
    "x = y != 2\n!ls",
    "x = y % z\n%pwd",
    "x == 1\n!ls",
    "f(a=1, b='!')\n!ls",
    "d = {'a': '?'}\n!ls",
    "# %comment?\n!ls # not a comment",
    "x = 1  # why?\n!ls",
    "'?'\n%pwd",
    "x = f'{a!r}'\n!ls",
    "def f():\n    '''What?'''\n    %pwd\n    return 1",
    ">>> x = 1\n>>> y = 2",
    "In [1]: x = 1",
    "In [1]: if x:\n   ...:     %pwd\n   ...: ",
    "  x = 1\n  y = 2",
    "await f()\n%pwd",
    "%time x = 1",
    "%time for i in y: print(i)",
    "%prun -s cumulative f(1)",
    "x = 1;\n%pwd",
    "@d\ndef f(): pass\n!ls",
    "%cd data\n%env A=b",
    "%%time\n%matplotlib inline\nx = !ls",
    "x = 1 if y else 2\n%pwd",
    "lambda a=1: a\n!ls",
    "x : int = !ls",
    "x = 'it''s'\n!echo it's",
    "r'\\'\n'\n%pwd",
]


def parses(code: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(code)
        except (SyntaxError, ValueError):
            return False
    return True


@pytest.mark.parametrize("source", CELLS)
def test_what_ipython_can_run_parses_here_too(source: str) -> None:
    assert parses(TransformerManager().transform_cell(source)) == parses(transform(source).code)


@pytest.mark.parametrize("source", CELLS)
def test_lines_stay_where_they_are(source: str) -> None:
    assert transform(source).code.count("\n") == source.count("\n")


@pytest.mark.parametrize("source", [cell for cell in CELLS if parses(cell) and "In [" not in cell])
def test_code_without_magics_is_untouched(source: str) -> None:
    assert replace(transform(source), parsed=None) == Transformed(code=source)


FRAGMENTS = st.sampled_from(
    ["x = 1", "y = (x", ")", "'", '"', '"""', "%pwd", "!ls", "z = !ls {x}", "x?", "x = \\", "# c", "if x:", "    y = 2", "", "    %pwd",
     "%%time", "%%bash", "f(a='!')", "x = %pwd", "x % y", "]", "[", "x != y", "é = '%'"]
)  # fmt: skip


@given(st.lists(FRAGMENTS, min_size=1, max_size=6).map("\n".join))
@settings(max_examples=300, deadline=None)
def test_whatever_ipython_makes_into_python_is_python_here(source: str) -> None:
    """Also the other way round: what IPython leaves broken is not repaired here."""
    try:
        theirs = TransformerManager().transform_cell(source)
    except (SyntaxError, RuntimeError, AssertionError):
        return
    ours = transform(source)
    assert ours.code.count("\n") == source.count("\n")
    # a foreign body is text for IPython and nothing for us; a body that runs as a cell is text for IPython, Python for us
    if not any(magic.kind == "cell" for magic in ours.magics):
        assert parses(theirs) == parses(ours.code), (theirs, ours.code)


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_it(source: str) -> None:
    transform(source)


def magics(source: str) -> list[tuple[str, str, str, int, int, int]]:
    return [
        (magic.kind, magic.name, magic.arguments, magic.line, magic.column, magic.end_line)
        for magic in transform(source).magics
    ]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("x = 1\n%matplotlib inline", ("line", "matplotlib", "inline", 2, 1, 2)),
        ("if x:\n    !pip install \\\n y", ("shell", "!", "pip install  y", 2, 5, 3)),
        ("x = !ls", ("shell", "!", "ls", 1, 5, 1)),
        ("x = %pwd", ("line", "pwd", "", 1, 5, 1)),
        ("x.y?", ("help", "?", "x.y", 1, 1, 1)),
        ("?x.y", ("help", "?", "x.y", 1, 1, 1)),
        ("%%bash -s a\nls\n", ("cell", "bash", "-s a", 1, 1, 3)),
        ("\n%%time\nx = 1", ("cell", "time", "", 2, 1, 2)),
        ("cd data", ("automagic", "cd", "data", 1, 1, 1)),
        ("pip install x\n", ("automagic", "pip", "install x", 1, 1, 1)),
        ("ls", ("automagic", "ls", "", 1, 1, 1)),
        ("/f x", ("call", "/", "f x", 1, 1, 1)),
        ("  x = 1\n  %pwd", ("line", "pwd", "", 2, 3, 2)),
    ],
)
def test_each_magic_is_reported_with_its_place(source: str, told: tuple[str, str, str, int, int, int]) -> None:
    assert magics(source) == [told]


@pytest.mark.parametrize(
    "source", ["cd = 1", "ls = 2", "time.sleep(1)", "x = 1\nls\n", "cd data\nx = 1", "history[0]", "load(x)"]
)
def test_automagic_is_for_cells_of_one_line_that_are_no_python(source: str) -> None:
    """IPython itself takes `ls` in a longer cell for a name, and `cd data` there for a syntax error."""
    assert magics(source) == []


@pytest.mark.parametrize(
    ("source", "defines", "reads", "wild"),
    [
        ("%%capture out --no-stderr\n1", ("out",), (), False),
        ("%%bash --out a --err=b\nls $c", ("a", "b"), ("c",), False),
        ("%%sql res <<\nselect * from t where d = :day", ("res",), ("day",), False),
        ("%%R -i df,x -o y\nprint(x)", ("y",), ("df", "x"), False),
        ("%store -r a b", ("a", "b"), (), False),
        ("%store a", (), ("a",), False),
        ("%store -r", (), (), True),
        ("%run other.py", (), (), True),
        ("!cp {a.b} $c ${d} $$HOME", (), ("a", "c", "d"), False),
        ("df.head?", (), ("df",), False),
        ("/f x", (), ("f", "x"), False),
    ],
)
def test_names_bound_and_read_by_magics_are_told(
    source: str, defines: tuple[str, ...], reads: tuple[str, ...], wild: bool
) -> None:
    (magic,) = transform(source).magics
    assert (magic.defines, set(magic.reads), magic.wild) == (defines, set(reads), wild)


def test_cell_magics_stack() -> None:
    found = transform("%%capture out\n%%time\nx = 1")
    assert [magic.name for magic in found.magics] == ["capture", "time"]
    assert found.code == "\n\nx = 1"


def test_the_body_of_an_unknown_cell_magic_is_taken_for_python_only_where_it_is() -> None:
    assert transform("%%mystery\nx = 1").guessed
    assert transform("%%mystery\nselect x from y").code == "\n"


def test_timeit_runs_apart() -> None:
    assert transform("%%timeit\nx = 1").isolated
    assert not transform("%%time\nx = 1").isolated


def test_what_stands_on_the_line_of_timeit_runs_before_its_body() -> None:
    found = transform("%%timeit -n1 -r1 s = 4; t = 5\ns + t")
    assert (found.code, found.isolated) == ("s = 4; t = 5\ns + t", True)
    assert found.shifts == {1: len("%%timeit -n1 -r1 ")}


@pytest.mark.parametrize("options", ["", " ", "-n1", "-n 1 -r 2 -q", "-n1 -q ", "--unknown"])
def test_options_of_timeit_are_no_statement(options: str) -> None:
    assert transform(f"%%timeit {options}\nx").code == "\nx"


@pytest.mark.parametrize(
    "source",
    [
        "In [1]: x = 1",
        "In [1]: x: int = 1",
        "\n\nIn [12]: x_ip",
        "  In [1]: def f():\n     ...:     return 1\n     ...: \n     ...: f()",
        "x = 2\nIn [2]: y = x",
        "x = 2\n\nIn [2]: y",
        "[ins] In [3]: x = 1\n",
        ">>> def f():\n...     return 1\n...\n>>> f()",
        "    >>> x = [\n    ...     1]\n    >>> x",
        "x = 1\n>>> y = x",
        "def f():\n    '''\n    >>> f()\n    '''\n    ...",
        "'''\n>>> text\n'''\n>>> x = 1",
        "if x:\n    ...",
    ],
)
def test_prompts_are_taken_off_where_ipython_takes_them_off(source: str) -> None:
    theirs, ours = TransformerManager().transform_cell(source), transform(source).code
    assert parses(theirs) == parses(ours)
    if parses(ours):
        assert ast.dump(ast.parse(theirs)) == ast.dump(ast.parse(ours))


def test_a_prompt_that_is_taken_off_is_known_to_the_columns() -> None:
    assert transform("  In [1]: x = (\n     ...:  y)").shifts == {1: 10, 2: 10}


def test_what_stands_left_of_a_magic_is_its_target() -> None:
    assert transform("x.y = !ls").magics[0].target == "x.y"
