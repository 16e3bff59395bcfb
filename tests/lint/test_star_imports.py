"""What a star import brings is read from the module's source, and held against what Python brings."""

import subprocess
import sys

import pytest

from proofbook.lint.star_imports import exported

LIBRARIES = [
    "os",
    "os.path",
    "math",
    "json",
    "tkinter",
    "statistics",
    "collections",
    "pathlib",
    "matplotlib.pyplot",
    "pylab",
    "numpy",
    "pandas",
    "sklearn.metrics",
    "IPython.display",
    "msgspec",
]


@pytest.mark.parametrize("module", LIBRARIES)
def test_every_name_that_python_brings_is_known(module):
    if module == "tkinter":
        pytest.importorskip("_tkinter")
    code = f"from {module} import *; print(*(name for name in list(globals()) if name != '__builtins__'))"
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    brought = set(ran.stdout.split()) - {"__name__", "__doc__", "__package__", "__loader__", "__spec__"}
    brought -= {"__annotations__", "__file__", "__cached__"}

    known = exported(module)

    assert known is not None
    assert brought <= known


@pytest.mark.parametrize(
    "source",
    [
        "exec('x = 1')",
        "globals()['x'] = 1",
        "globals().update(x=1)",
        "space = globals()\nspace['x'] = 1",
        "fill(globals())",
        "vars()['x'] = 1",
        "import sys\nsetattr(sys.modules[__name__], 'x', 1)",
        "import sys\nthis = sys.modules[__name__]\nsetattr(this, 'x', 1)",
        "from nowhere_at_all import *",
    ],
)
def test_a_module_that_computes_its_names_is_not_guessed_at(tmp_path, source):
    (tmp_path / "own.py").write_text(source)

    assert exported("own", folders=[tmp_path]) is None


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    return globals()['y'], vars(), locals()",
        "y = 'x' in globals()",
        "y = [name for name in globals()]",
        "def f(self):\n    setattr(self, 'a', 1)",
        "exec('x = 1', {})",
    ],
)
def test_a_module_that_only_looks_at_names_is_read(tmp_path, source):
    (tmp_path / "own.py").write_text(f"z = 1\n{source}")

    assert "z" in (exported("own", folders=[tmp_path]) or ())
    assert "x" not in (exported("own", folders=[tmp_path]) or ())


def test_a_package_brings_the_modules_that_it_may_have_imported(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own/__init__.py").write_text("from own.inner import f")
    (tmp_path / "own/inner.py").write_text("f = 1")

    assert exported("own", folders=[tmp_path]) == {"f", "inner"}


def test_a_list_of_names_that_is_put_together_may_hold_any_word_of_the_module(tmp_path):
    (tmp_path / "own.py").write_text("lazy = ['a', 'b']\n__all__ = lazy + ['c']\ndef __getattr__(name): ...")

    assert {"a", "b", "c"} <= (exported("own", folders=[tmp_path]) or set())
