"""
A pipeline with a bit of everything that Ploomber looks at, and what a change to each part of it is.

Run as a script in its folder, it builds once and says for each change whether the record is still used.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .conftest import DOOR, NUMBERS, Folder

PIPELINE = (
    DOOR.replace("meta: {extract_upstream: false, extract_product: false}\n", "")
    + """\
meta:
  extract_upstream: true
  import_tasks_from: more/tasks.yaml
tasks:
  - source: functions.make
    product: "output/made-{{suffix}}.txt"
    params: {size: "{{size}}"}
  - source: notebooks/numbers.ipynb
    params:
      number: "{{number}}"
      resources_: {table: data/table.csv}
    product: {nb: output/numbers.ipynb, data: output/numbers.txt}
"""
)
MORE = """\
- source: script.py
  name: script
  product: {nb: output/script.ipynb, data: output/script.txt}
"""
FUNCTIONS = """\
from pathlib import Path

import helper


def make(product, size, upstream=None):
    Path(product).write_text(helper.TEXT * size)
"""
SCRIPT = """\
# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% tags=["parameters"]
upstream = ["numbers"]
product = None

# %%
from pathlib import Path

import shared

Path(product["data"]).write_text(shared.SAID + Path(upstream["numbers"]["data"]).read_text())
"""
CONFIGURATION = '[data]\nnumbers = ["data/*.csv"]\n'


def make(root: Path) -> Folder:
    """Write the pipeline into `root`."""
    folder = Folder(root)
    texts = {
        "pipeline.yaml": PIPELINE,
        "more/tasks.yaml": MORE,
        "more/script.py": SCRIPT,
        "functions.py": FUNCTIONS,
        "helper.py": 'TEXT = "x"\n',
        "shared.py": 'SAID = "number "\n',
        "env.yaml": "suffix: a\nsize: 2\nnumber: 1\n",
        "data/table.csv": "a\n1\n",
        "proofbook.toml": CONFIGURATION,
        "README.md": "# Readme\n",
    }
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    folder.write("numbers", NUMBERS)
    return folder


@contextmanager
def written(path: str, text: str | None) -> Iterator[None]:
    """A file with another content, or none at all, in the block."""
    file = Path(path)
    before = file.read_bytes() if file.exists() else None
    made = not file.parent.exists()
    if text is None:
        file.unlink()
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    try:
        yield
    finally:
        if before is None:
            file.unlink()
            if made:
                file.parent.rmdir()
        else:
            file.write_bytes(before)


@contextmanager
def replaced(path: str, old: str, new: str) -> Iterator[None]:
    """A file with other words in the block."""
    text = Path(path).read_text()
    assert old in text, (path, old)
    with written(path, text.replace(old, new)):
        yield


@contextmanager
def variable(name: str, value: str) -> Iterator[None]:
    """A variable of the environment in the block."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


# what Ploomber would make another pipeline of, or might
READING: dict[str, Callable[[], object]] = {
    "a value of env.yaml": lambda: replaced("env.yaml", "number: 1", "number: 2"),
    "a placeholder of a product": lambda: replaced("env.yaml", "suffix: a", "suffix: b"),
    "a comment in env.yaml": lambda: replaced("env.yaml", "size: 2", "size: 2  # two"),
    "env.yaml removed": lambda: written("env.yaml", None),
    "pipeline.yaml": lambda: replaced("pipeline.yaml", "output/numbers.txt", "output/other.txt"),
    "the imported tasks": lambda: replaced("more/tasks.yaml", "output/script.txt", "output/other.txt"),
    "a parameters cell": lambda: replaced("notebooks/numbers.ipynb", "number = 1", "number = 3"),
    "a markdown word in a script": lambda: replaced(
        "more/script.py", "# %%\nfrom", "# %% [markdown]\n# hi\n# %%\nfrom"
    ),
    "upstream in a script": lambda: replaced("more/script.py", 'upstream = ["numbers"]', "upstream = None"),
    "the kernel of a script": lambda: replaced("more/script.py", "display_name: Python 3", "display_name: Python"),
    "the code of a function": lambda: replaced("functions.py", "* size", "* (size + 1)"),
    "a module of a function": lambda: replaced("helper.py", '"x"', '"y"'),
    "a package that shadows a module": lambda: written("helper/__init__.py", "TEXT = 'z'\n"),
    "a module that shadows the library's": lambda: written("json.py", ""),
    "a setup.py": lambda: written("setup.py", ""),
    "a setup.py above": lambda: written("../setup.py", ""),
    "a setup.cfg": lambda: written("setup.cfg", "[ploomber]\nentry-point = other.yaml\n"),
    "a pipeline above": lambda: written("../pipeline.yaml", "tasks: []\n"),
    "ENTRY_POINT": lambda: variable("ENTRY_POINT", "pipeline.other.yaml"),
    "PLOOMBER_ENV_FILENAME": lambda: variable("PLOOMBER_ENV_FILENAME", "env.other.yaml"),
    "USER": lambda: variable("USER", "somebody"),
    "what the project declares": lambda: written("requirements-dev.txt", "polars>=1"),
    "a kernel": lambda: variable("JUPYTER_PATH", str(Path.cwd())),
    "lint is told more": lambda: written("proofbook.toml", CONFIGURATION + '[lint]\nselect = ["PB3"]\n'),
}
# what changes the result of a task, or what a build does with it
STANDING: dict[str, Callable[[], object]] = {
    "a module that a notebook imports": lambda: replaced("shared.py", "number ", "the number "),
    "a data file": lambda: replaced("data/table.csv", "1", "2"),
    "a data file more": lambda: written("data/more.csv", "a\n"),
    "a product edited": lambda: replaced("output/numbers.txt", "1", "7"),
    "a product removed": lambda: written("output/numbers.txt", None),
    "an executed notebook edited": lambda: replaced("output/numbers.ipynb", "wrote", "wrought"),
    "the report removed": lambda: written("output/report/run-1.html", None),
    "the gate is strict": lambda: written("proofbook.toml", CONFIGURATION + "[gate]\nstrict = true\n"),
    "both configurations": lambda: written("pyproject.toml", "[tool.proofbook]\n"),
    "a journal beside the database": lambda: written(".proofbook/proofbook.db-journal", "x"),
    "the network store allowed": lambda: variable("PROOFBOOK_ALLOW_NETWORK_STORE", "1"),
}
# what changes nothing
NOTHING: dict[str, Callable[[], object]] = {
    "another file": lambda: replaced("README.md", "Readme", "Read me"),
    "a new file": lambda: written("notes.txt", "x"),
    "a new folder": lambda: written("elsewhere/notes.txt", "x"),
    "another notebook": lambda: written("notebooks/draft.ipynb", "{}"),
    "env.yml, at which nobody looks beside env.yaml": lambda: written("env.yml", "number: 3\n"),
    "a variable of the shell": lambda: variable("SHELL_OF_MINE", "x"),
    "the width of the terminal, in a log": lambda: variable("TERM", "dumb"),
    "a notebook saved as it was": lambda: replaced("notebooks/numbers.ipynb", "wrote", "wrote"),
}


def main() -> None:
    """Build; then say for each change whether the record holds during it: the reading's, and the standing run's."""
    from proofbook.flow import reading, shortcut
    from proofbook.flow.reading import Asked
    from proofbook.ploomber import entry

    asked = Asked()
    code = entry.build([], as_json=False)
    found: dict[str, list[bool]] = {}
    for name, change in {**READING, **STANDING, **NOTHING}.items():
        time.sleep(0.001)
        with change():  # type: ignore[attr-defined]
            found[name] = [reading.find(asked) is not None, shortcut.find(asked) is not None]
        held = reading.find(asked) is not None and shortcut.find(asked) is not None
        assert held, f"what was put back is not what it was: {name}"
    for flags in (Asked(env=("--env--number", "1")), Asked(entry="pipeline.yaml"), Asked(force=True)):
        found[str(flags)] = [reading.find(flags) is not None, shortcut.find(flags) is not None]
    os.chdir("notebooks")
    found["another folder"] = [reading.find(asked) is not None, shortcut.find(asked) is not None]
    sys.stdout.write("\n" + json.dumps({"code": code, "found": found}) + "\n")


if __name__ == "__main__":
    main()
