"""Ploomber's other kinds of task, scripts and other formats, in one pipeline: sound and recorded like notebooks."""

import json

from .conftest import DOOR, NUMBERS, Folder

PIPELINE = (
    DOOR
    + """\
clients:
  SQLScript: clients.database
  SQLRelation: clients.database
tasks:
  - source: tasks.make
    product: output/made.txt
  - source: script.py
    name: script
    upstream: [make]
    product: {nb: output/script.ipynb, data: output/script.txt}
  - source: page.ipynb
    name: page
    upstream: [script]
    product: {nb: page.html}
  - source: create.sql
    name: create
    product_class: SQLRelation
    product: [numbers, table]
"""
)
TASKS_PY = """\
from pathlib import Path


def _inner():
    return "2"


def make(product):
    Path(product).write_text(_inner())
"""
CLIENTS_PY = """\
import sqlite3

from ploomber.clients import DBAPIClient


def database():
    return DBAPIClient(sqlite3.connect, dict(database="numbers.db"))
"""
SCRIPT = """\
# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # A script

# %% tags=["parameters"]
upstream = None
product = None

# %%
from pathlib import Path

from proofbook import record

value = int(Path(upstream["make"]).read_text())

# %%
Path(product["data"]).write_text(str(value))
record("value", value)
"""


def _statuses(done: object) -> dict[str, str]:
    document = json.loads(done.stdout)  # type: ignore[attr-defined]
    return {task["name"]: task["status"] for task in document["run"]["tasks"]}


def test_functions_scripts_sql_and_html_products_are_built_as_soundly_as_notebooks(folder: Folder) -> None:
    (folder.root / "pipeline.yaml").write_text(PIPELINE)
    (folder.root / "env.yaml").unlink()
    (folder.root / "tasks.py").write_text(TASKS_PY)
    (folder.root / "clients.py").write_text(CLIENTS_PY)
    (folder.root / "script.py").write_text(SCRIPT)
    (folder.root / "create.sql").write_text("CREATE TABLE IF NOT EXISTS {{product}} AS SELECT 1 AS number;\n")
    page = folder.write("page", [NUMBERS[0], ("print(upstream['script']['data'], number)", [])])
    page = page.rename(folder.root / "page.ipynb")
    source = page.read_bytes()

    first = folder.run("proofbook", "build", "--json")
    assert first.returncode == 0, first.stdout + first.stderr
    assert set(_statuses(first).values()) == {"ran"}
    assert page.read_bytes() == source, "the executed notebook lay over its own source"
    assert "<html" in (folder.root / "page.html").read_text()
    assert (folder.root / "output/script.txt").read_text() == "2"

    # markdown of a script does not count; a table may be gone, and nobody can tell
    (folder.root / "script.py").write_text(SCRIPT.replace("# # A script", "# # A better title"))
    second = folder.run("proofbook", "build", "--json")
    assert _statuses(second) == {"make": "up-to-date", "script": "up-to-date", "page": "up-to-date", "create": "ran"}

    # a function depends on the rest of its own file
    (folder.root / "tasks.py").write_text(TASKS_PY.replace('"2"', '"7"'))
    third = folder.run("proofbook", "build", "--json")
    assert _statuses(third)["make"] == "ran"
    assert (folder.root / "output/script.txt").read_text() == "7"

    (folder.root / "create.sql").write_text("CREATE TABLE other AS SELECT nonsense FROM {{product}};\n")
    broken = folder.run("ploomber", "build")
    assert broken.returncode == 1
    assert "no such column: nonsense" in broken.stdout
    assert "Traceback" not in broken.stderr


def test_a_product_that_cannot_be_made_of_the_notebook_fails_its_task_in_words(folder: Folder) -> None:
    broken = "    product: {nb: output/page.html}\n    nbconvert_export_kwargs: {template_name: no-such-template}\n"
    (folder.root / "pipeline.yaml").write_text(DOOR + "tasks:\n  - source: notebooks/page.ipynb\n" + broken)
    (folder.root / "env.yaml").unlink()
    folder.write("page", [NUMBERS[0], ("print(number)", [])])
    done = folder.run("ploomber", "build")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "output/page.html cannot be made of the notebook: ValueError" in done.stdout
    assert "Traceback" not in done.stderr
    assert list((folder.root / "output/report").glob("run-*.html"))
