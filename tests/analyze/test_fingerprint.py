"""What changes the digest of code, and what does not."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from proofbook.analyze import fingerprint, source
from proofbook.model.notebook import Cell
from tests.analyze.notebooks import document, notebook

BASE = ("x: int = 1", "def f(a):\n    '''Doc.'''\n    return a + x", "%matplotlib inline\nprint(f(2))")


def digest(*sources: str) -> str:
    return fingerprint.of_notebook(notebook(*sources))


@pytest.mark.parametrize(
    "sources",
    [
        ("x: int = 1  # one", *BASE[1:]),
        ("\n\nx : int  =  (1)\n", *BASE[1:]),
        (BASE[0], 'def f(a):\n    """Doc."""\n\n    # more\n    return (a + x)', BASE[2]),
        (*BASE, ""),
        ("# only a comment", *BASE),
    ],
)
def test_comments_blank_lines_and_style_do_not_count(sources: tuple[str, ...]) -> None:
    assert digest(*sources) == digest(*BASE)


@pytest.mark.parametrize(
    "sources",
    [
        ("x: int = 2", *BASE[1:]),
        ("x: float = 1", *BASE[1:]),
        ("x = 1", *BASE[1:]),
        (BASE[0], BASE[1].replace("Doc", "Other"), BASE[2]),
        (BASE[0], BASE[1], BASE[2].replace("inline", "agg")),
        (BASE[1], BASE[0], BASE[2]),
        BASE[:2],
        (*BASE, "1"),
        ("x: int = True", *BASE[1:]),
        ("x: int = 1.0", *BASE[1:]),
    ],
)
def test_a_change_that_may_matter_counts(sources: tuple[str, ...]) -> None:
    assert digest(*sources) != digest(*BASE)


def test_markdown_outputs_counts_ids_and_path_do_not_matter() -> None:
    book = notebook(*BASE)
    prose = Cell(number=9, id="p", kind="markdown", source="# Title")
    cells = [replace(cell, id=f"new-{cell.number}", execution_count=5, outputs=({"a": 1},)) for cell in book.cells]
    changed = replace(book, path="other.ipynb", kernel="other", metadata={"a": 1}, cells=(prose, *cells, prose))
    assert fingerprint.of_notebook(changed) == fingerprint.of_notebook(book)


def test_the_parameters_tag_counts_and_other_tags_do_not() -> None:
    plain = fingerprint.of_notebook(notebook(*BASE))
    assert fingerprint.of_notebook(notebook(*BASE, tags={1: ("parameters",)})) != plain
    assert fingerprint.of_notebook(notebook(*BASE, tags={1: ("note",)})) == plain
    assert fingerprint.of_notebook(notebook("", *BASE, tags={1: ("parameters",)})) != plain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("%%bash\nls", "%%bash\nls -a"),
        ("%%time\nx = 1", "x = 1"),
        ("%%time\nx = 1", "%%timeit\nx = 1"),
        ("!ls", "!pwd"),
        ("a = !ls", "b = !ls"),
        ("x = (", "x = ( # c"),
        ("cd a", "cd b"),
    ],
)
def test_magics_and_broken_cells_count_by_their_text(one: str, other: str) -> None:
    assert digest(one) != digest(other)


def test_a_notebook_of_another_language_counts_by_its_text() -> None:
    one, other = notebook("x <- 1", language="r"), notebook("x <- 1 # c", language="r")
    assert fingerprint.of_notebook(one) != fingerprint.of_notebook(other)


def test_a_digest_is_64_hexadecimal_digits(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1")
    for found in (digest("x"), fingerprint.of_module(tmp_path / "a.py")):
        assert len(found) == 64
        assert set(found) <= set("0123456789abcdef")


def test_a_module_counts_by_its_syntax(tmp_path: Path) -> None:
    def of(text: str) -> str:
        (tmp_path / "m.py").write_text(text)
        return fingerprint.of_module(tmp_path / "m.py")

    assert of("x = 1") == of("# c\nx  =  1\n")
    assert of("x = 1") != of("x = 2")
    assert of('"""A."""') != of('"""B."""')
    assert of("x = (") != of("x = ((")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with modules in every place, and things that must not be taken for its own."""
    files = {
        "plain.py": "import json, second",
        "second.py": "",
        "src/deep/__init__.py": "from .a import x",
        "src/deep/a.py": "from . import b",
        "src/deep/b.py": "",
        "src/deep/unused.py": "",
        "src/deep/sub/__init__.py": "",
        "src/deep/sub/c.py": "def f():\n    from ...deep import d",
        "src/deep/d.py": "",
        "notebooks/beside.py": "x = (",
        "space/inner.py": "",
        ".venv/pyvenv.cfg": "",
        ".venv/lib/hidden.py": "",
        "myenv/pyvenv.cfg": "",
        "myenv/lib.py": "",
        ".proofbook/stored.py": "",
        "site-packages/installed.py": "",
        "cycle_a.py": "import cycle_b",
        "cycle_b.py": "import cycle_a",
        "dynamic.py": "",
        "script.py": "import second",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("code", "files"),
    [
        ("import json", set()),
        ("import plain", {"plain.py", "second.py"}),
        ("from plain import x", {"plain.py", "second.py"}),
        ("import deep", {"src/deep/__init__.py", "src/deep/a.py", "src/deep/b.py"}),
        ("from deep import d", {"src/deep/__init__.py", "src/deep/a.py", "src/deep/b.py", "src/deep/d.py"}),
        (
            "def f():\n    import deep.sub.c",
            {f"src/deep/{name}.py" for name in ("__init__", "a", "b", "d", "sub/__init__", "sub/c")},
        ),
        ("import beside", {"notebooks/beside.py"}),
        ("import space.inner", {"space/inner.py"}),
        ("import cycle_a", {"cycle_a.py", "cycle_b.py"}),
        ("import importlib\nimportlib.import_module('dynamic')", {"dynamic.py"}),
        ("try:\n    import second\nexcept ImportError:\n    pass", {"second.py"}),
        ("%run script.py", {"script.py", "second.py"}),
        ("%%time\nimport second", {"second.py"}),
        ("import hidden, stored, installed", set()),
        ("import myenv.lib", set()),
        ("import nothing.at.all", set()),
    ],
)
def test_the_project_s_own_modules_are_found(project: Path, code: str, files: set[str]) -> None:
    (project / "notebooks/book.ipynb").write_bytes(document(code))
    book = source.read(project / "notebooks/book.ipynb", shown="notebooks/book.ipynb")
    found = fingerprint.imported_modules(book, root=project)
    assert set(found) == files
    assert fingerprint.imported_modules(Path("notebooks/book.ipynb"), root=project) == found


def test_a_change_two_imports_away_is_seen(project: Path) -> None:
    before = fingerprint.imported_modules(notebook("import plain"), root=project)
    (project / "second.py").write_text("x = 2")
    after = fingerprint.imported_modules(notebook("import plain"), root=project)
    assert {name for name in before if before[name] != after[name]} == {"second.py"}


def test_a_module_outside_the_project_is_not_its_own(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "linked.py"
    outside.write_text("")
    (project / "linked.py").symlink_to(outside)
    assert fingerprint.imported_modules(notebook("import linked"), root=project) == {}
