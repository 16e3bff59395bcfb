"""What a build does not load at first is there when a pipeline uses it, with a recorded reading and without."""

import json

import pytest

from .conftest import DOOR, NUMBERS, Folder

PIPELINE = (
    DOOR
    + """\
clients:
  SQLScript: clients.engine
  SQLRelation: clients.engine
tasks:
  - source: tasks.frame
    product: output/frame.parquet
    serializer: tasks.save
  - source: tasks.total
    product: output/total.txt
    upstream: [frame]
    unserializer: tasks.load
  - source: create.sql
    name: create
    product_class: SQLRelation
    product: [numbers, table]
  - source: page.ipynb
    name: page
    upstream: [total]
    product: {nb: output/page.html}
"""
)
TASKS = """\
from pathlib import Path

from ploomber.io import serializer, unserializer


@serializer(defaults=[".parquet"])
def save(obj, product):
    raise AssertionError("Ploomber writes Parquet itself")


@unserializer(defaults=[".parquet"])
def load(product):
    raise AssertionError("Ploomber's own reader of Parquet is used")


def frame():
    import pandas

    return pandas.DataFrame({"a": [1, 2]})


def total(product, upstream):
    Path(product).write_text(str(upstream["frame"]["a"].sum()))
"""
CLIENTS = """\
from ploomber.clients import SQLAlchemyClient


def engine():
    return SQLAlchemyClient("sqlite:///engine.db")
"""
PAGE = [
    ("upstream = None\nproduct = None", ["parameters"]),
    ("from pathlib import Path\n\nprint('total', Path(upstream['total']).read_text())", []),
]


@pytest.fixture
def various(folder: Folder) -> Folder:
    root = folder.root
    (root / "pipeline.yaml").write_text(PIPELINE)
    (root / "tasks.py").write_text(TASKS)
    (root / "clients.py").write_text(CLIENTS)
    (root / "create.sql").write_text("DROP TABLE IF EXISTS {{product}}; CREATE TABLE {{product}} AS SELECT 1 AS one;")
    folder.write("page", PAGE).rename(root / "page.ipynb")
    return folder


def test_clients_serializers_and_converters_work_as_ever(various: Folder) -> None:
    for flags in ((), ("--force",)):
        done = various.run("proofbook", "build", *flags)
        assert done.returncode == 0, done.stdout + done.stderr
        assert (various.root / "output/total.txt").read_text() == "3"
        assert "total 3" in (various.root / "output/page.html").read_text()
        (various.root / "output/total.txt").unlink()


def test_ploomber_is_loaded_when_a_task_that_it_runs_itself_must_run(folder: Folder) -> None:
    """With a recorded reading, in the driver, and only then."""
    root = folder.root
    (root / "pipeline.yaml").write_text(
        DOOR
        + "tasks:\n  - source: functions.make\n    product: output/made.txt\n"
        + "  - source: notebooks/numbers.ipynb\n    upstream: [make]\n"
        + "    product: {nb: output/numbers.ipynb, data: output/numbers.txt}\n"
        + "  - source: notebooks/numbers.ipynb\n    name: page\n    upstream: [make]\n"
        + "    product: {nb: output/page.html, data: output/page.txt}\n"
    )
    (root / "env.yaml").unlink()
    folder.write("numbers", NUMBERS)
    (root / "helper.txt").write_text("one")
    (root / "proofbook.toml").write_text(
        '[data]\nmake = ["helper.txt"]\nnumbers = ["other.txt"]\npage = ["page.txt"]\n'
    )
    (root / "functions.py").write_text(
        "from pathlib import Path\n\n\ndef make(product):\n"
        "    Path(product).write_text(Path('helper.txt').read_text())\n"
    )
    code = (
        "import sys; sys.argv[:] = ['proofbook', 'build', '--json']\n"
        "from proofbook.cli import main\n"
        "try:\n    main()\nexcept SystemExit as left:\n"
        "    print(left.code, 'ploomber' in sys.modules, 'proofbook.store' in sys.modules)"
    )
    loaded = {}
    for changed in ("nothing", "helper.txt", "other.txt", "page.txt"):
        if changed != "nothing":
            (root / changed).write_text(changed)
        done = folder.run("python", "-c", code)
        assert done.returncode == 0, done.stderr
        *document, said = done.stdout.splitlines()
        loaded[changed] = said
        ran = {task["name"]: task["status"] for task in json.loads("\n".join(document))["run"]["tasks"]}
        if changed == "helper.txt":
            assert ran["make"] == "ran"
            assert (root / "output/made.txt").read_text() == "helper.txt"
    assert loaded == {
        "nothing": "0 True True", "helper.txt": "0 True True", "other.txt": "0 False True", "page.txt": "0 True True",
    }  # fmt: skip
