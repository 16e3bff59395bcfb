"""Whatever is done to a project: where the recorded reading holds, Ploomber would read the same."""

import json
import os
import shutil
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from proofbook.flow import observed, reading
from proofbook.flow.reading import Reading
from proofbook.ploomber import live

from . import whole

FILES = [
    "pipeline.yaml", "more/tasks.yaml", "more/script.py", "functions.py", "helper.py", "shared.py", "env.yaml",
    "data/table.csv", "notebooks/numbers.ipynb", "proofbook.toml", "README.md",
]  # fmt: skip
NAMES = [
    "env.yml", "env.test.yaml", "pipeline.test.yaml", "setup.py", "setup.cfg", "pyproject.toml", "requirements.txt",
    "environment.yml", "helper/__init__.py", "functions/__init__.py", "more/env.yaml", "notebooks/helper.py",
    "more/helper.py", "output/numbers.txt", "output/numbers.ipynb", "output/.numbers.txt.metadata",
    "output/numbers.ipynb.source", "output/made-a.txt", "src/x/pipeline.yaml", "data/more.csv", ".proofbook/layout",
    "yaml.py", "notes.txt", "../setup.cfg", "../env.yaml", "../pipeline.yaml",
]  # fmt: skip
TEXTS = ["", "x: 1\n", "number: 5\nsuffix: q\nsize: 1\n", "tasks: []\n", "TEXT = 'other'\n", "[ploomber]\n", "{}"]
WORDS = [
    ("1", "2"), ("numbers", "numbers2"), ("output", "outcome"), ("a", "a "), ("\n", "\n\n"), ("upstream", "upstream "),
    ("size", "siz"), ("{{number}}", "{{size}}"), ("helper", "shared"), ("made", "mode"),
]  # fmt: skip

edits = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.sampled_from(FILES), st.sampled_from(WORDS), st.integers(0, 5)),
        st.tuples(st.just("write"), st.sampled_from([*NAMES, *FILES]), st.sampled_from(TEXTS)),
        st.tuples(st.just("remove"), st.sampled_from(FILES)),
        st.tuples(st.just("swap"), st.sampled_from(FILES), st.sampled_from(FILES)),
        st.tuples(st.just("link"), st.sampled_from(["output", "env.yaml", "notebooks", "more"])),
        st.tuples(
            st.just("set"), st.sampled_from(["ENTRY_POINT", "PLOOMBER_ENV_FILENAME", "USER", "OTHER"]),
            st.sampled_from(["env.test.yaml", "pipeline.test.yaml", "me"]),
        ),
        st.tuples(st.just("touch"), st.sampled_from(FILES)),
    ),
    min_size=1,
    max_size=3,
)  # fmt: skip


def _change(root: Path, environment: pytest.MonkeyPatch, edit: tuple) -> None:
    match edit:
        case ("change", name, (old, new), which):
            text = (root / name).read_text() if (root / name).is_file() else ""
            parts = text.split(old)
            at = which % max(1, len(parts) - 1)
            if len(parts) > 1:
                (root / name).write_text(old.join(parts[: at + 1]) + new + old.join(parts[at + 1 :]))
        case ("write", name, text):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        case ("remove", name):
            (root / name).unlink(missing_ok=True)
        case ("swap", one, other) if (root / one).is_file() and (root / other).is_file():
            first, second = (root / one).read_bytes(), (root / other).read_bytes()
            (root / one).write_bytes(second)
            (root / other).write_bytes(first)
        case ("link", name) if (root / name).exists() and not (root / name).is_symlink():
            (root / name).rename(root.parent / f"moved-{name}")
            (root / name).symlink_to(root.parent / f"moved-{name}")
        case ("link", "output") if not (root / "output").exists():
            (root.parent / "elsewhere").mkdir(exist_ok=True)
            (root / "output").symlink_to(root.parent / "elsewhere")
        case ("set", name, value):
            environment.setenv(name, value)
        case ("touch", name) if (root / name).exists():
            os.utime(root / name)


def _read(root: Path) -> Reading:
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(root.parent)):
            del sys.modules[name]
    sys.path_importer_cache.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with observed.watch(ignored=reading.anywhere) as watch:
            dag, pipeline = live.rendered([])
    assert watch.seen is not None, watch.refused
    return live.recorded(dag, pipeline, identity="", seen=watch.seen)


def _cells(found: Reading) -> dict[str, dict]:
    """The notebooks but for the ids of cells: jupytext and Ploomber draw some anew each time."""
    notebooks = {name: json.loads(content) for name, content in found.notebooks.items()}
    for notebook in notebooks.values():
        for cell in notebook["cells"]:
            cell.pop("id", None)
    return notebooks


@dataclass
class Project:
    root: Path
    recorded: Reading
    restore: Callable[[], None]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    above = tmp_path_factory.mktemp("above")
    root, kept = above / "inner" / "project", above / "kept"
    root.mkdir(parents=True)
    whole.make(root)
    shutil.copytree(root, kept)
    here = Path.cwd()

    def restore() -> None:
        os.chdir(here)
        shutil.rmtree(root.parent)
        shutil.copytree(kept, root)
        os.chdir(root)

    os.chdir(root)
    try:
        time.sleep(0.05)
        yield Project(root, _read(root), restore)
    finally:
        os.chdir(here)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(done=edits)
def test_a_reading_that_holds_is_what_ploomber_reads(project: Project, done: list[tuple]) -> None:
    project.restore()
    recorded = project.recorded
    assert observed.holds(recorded.seen)
    with pytest.MonkeyPatch.context() as environment:
        for edit in done:
            _change(project.root, environment, edit)
        held = observed.holds(recorded.seen)
        event(f"held: {held}")
        if held:
            time.sleep(0.03)
            anew = _read(project.root)
            assert anew.pipeline == recorded.pipeline
            assert _cells(anew) == _cells(recorded)
            assert anew.parameters == recorded.parameters
