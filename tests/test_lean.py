"""Lean imports: what is not used is not imported, and what is used works as if nothing had been done."""

import json
import subprocess
import sys

import pytest

SEEN = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
LEAN = "from proofbook.lean import lean\nwith lean():\n    import papermill, ploomber.spec\n"


def _said(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_ploomber_and_papermill_bring_none_of_what_they_seldom_use() -> None:
    modules = set(json.loads(_said(LEAN + SEEN)))
    assert {"ploomber", "papermill", "nbclient", "jsonschema"} <= modules
    unused = {"pandas", "numpy", "pyarrow", "sqlalchemy", "matplotlib", "IPython", "nbconvert", "rfc3987_syntax"}
    assert modules & (unused | {"ploomber_engine", "requests", "joblib", "jupyter_server"}) == set()


def test_every_rule_still_defers_something() -> None:
    """A rule for an import that is not there any more would only mislead."""
    code = """
import sys
from proofbook import lean
met = set()
def met_by(name, deferred, stands_in=lean._stands_in):
    found = stands_in(name, deferred)
    if found:
        met.add(sys._getframe(1).f_locals['globals']['__name__'])
    return found
lean._stands_in = met_by
with lean.lean():
    import papermill, ploomber.spec, ploomber._requests
print(sorted(set(lean._DEFERRED) - met))
"""
    assert _said(code) == "[]"


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        (
            "from ploomber.io import unserialize as u; open('/dev/null'); print(u.pd.DataFrame({'a': [1]}).shape)",
            "(1, 1)",
        ),
        ("from ploomber.io import unserialize as u; print(u._EXTERNAL['joblib'].__name__)", "load"),
        ("from ploomber.clients import db; print(db.sqlalchemy.engine.make_url('sqlite://').drivername)", "sqlite"),
        (
            "from ploomber.clients import SQLAlchemyClient as C; print(type(C('sqlite://').engine).__module__)",
            "sqlalchemy.engine.base",
        ),
        ("from ploomber.tasks import notebook as n; print(issubclass(n.ExporterNameError, Exception))", "True"),
        (
            (
                "from ploomber.tasks import notebook as n\nn.nbconvert.get_exporter\n"
                "try:\n    raise n.ExporterNameError\nexcept n.ExporterNameError:\n    print('caught')"
            ),
            "caught",
        ),
        (
            "from ploomber.tasks.notebook import NotebookConverter as N; print(N('x.html')._exporter.__name__)",
            "HTMLExporter",
        ),
        ("from ploomber.dag import plot; print(plot.HTML('<b>').data)", "<b>"),
        (
            (
                "from jsonschema import FormatChecker as F; c = F()\n"
                "print(c.conforms('http://ä.example/', 'iri'), c.conforms('::', 'iri'))"
            ),
            "True False",
        ),
        ("import pandas; print(pandas.__name__)", "pandas"),
        ("import jupytext; print(jupytext.TextFileContentsManager.__name__)", "SyncJupytextContentsManager"),
        (
            "from papermill.engines import papermill_engines as e; print(e.get_engine('embedded').__module__)",
            "ploomber_engine.engine",
        ),
        (
            (
                "import sys; from papermill.engines import papermill_engines as e; e.get_engine(None)\n"
                "print('ploomber_engine' in sys.modules)"
            ),
            "False",
        ),
        (
            (
                "from papermill.engines import papermill_engines as e\n"
                "try:\n    e.get_engine('none')\nexcept Exception as error:\n    print(type(error).__name__)"
            ),
            "PapermillException",
        ),
        (
            "from papermill.iorw import papermill_io as i; print(type(i.get_handler('a.ipynb')).__name__)",
            "LocalHandler",
        ),
        ("from papermill.iorw import papermill_io as i; print(i.get_handler('http://x').__name__)", "HttpHandler"),
    ],
)
def test_what_is_used_is_there(use: str, expected: str) -> None:
    assert _said(LEAN + use).startswith(expected)


def test_a_stand_in_can_be_called_subclassed_and_asked_about() -> None:
    code = """
import sys, types
from proofbook import lean
lean._DEFERRED = {"one": frozenset({"decimal", "json.decoder"})}
one = types.ModuleType("one")
source = "import decimal\\nfrom decimal import Decimal\\nimport json.decoder as decoder\\n"
with lean.lean():
    exec(source, vars(one))
    assert type(one.Decimal).__name__ == "_Deferred", one.Decimal
    with lean.lean():
        pass
    assert "decimal" not in sys.modules
print(one.Decimal)
class Mine(one.Decimal): pass
import decimal
assert Mine.__mro__[1] is decimal.Decimal
assert one.decimal is decimal and one.Decimal is decimal.Decimal
assert one.decoder.JSONDecoder().decode("1") == 1
"""
    assert _said(code) == "<decimal.Decimal, imported when it is used>"


def test_what_is_not_installed_is_missed_as_ever() -> None:
    code = """
import types
from proofbook import lean
lean._DEFERRED = {"one": frozenset({"no_such_package"})}
with lean.lean():
    try:
        exec("import no_such_package", vars(types.ModuleType("one")))
    except ModuleNotFoundError as error:
        print(error)
"""
    assert _said(code) == "No module named 'no_such_package'"


def test_imports_are_as_before_afterwards_also_after_an_error() -> None:
    code = """
import builtins
from proofbook.lean import lean
before = builtins.__import__
try:
    with lean():
        1 / 0
except ZeroDivisionError:
    print(builtins.__import__ is before)
"""
    assert _said(code) == "True"
