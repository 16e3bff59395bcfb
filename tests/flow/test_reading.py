"""Where a reading is recorded, and which files are a store's own affair."""

import sqlite3
from pathlib import Path

import pytest

from proofbook.flow import observed, reading
from proofbook.flow.reading import Asked, Reading
from proofbook.lint.result import LintResult
from proofbook.model.pipeline import Pipeline
from proofbook.store.store import Store


def _reading(root: Path) -> Reading:
    return Reading(
        identity=reading.identity(Asked()),
        root=str(root),
        file=str(root / "pipeline.yaml"),
        pipeline=Pipeline(tasks=()),
        notebooks={},
        parameters={},
        lint=LintResult(),
        seen=observed.Seen(),
    )


@pytest.mark.parametrize(
    ("path", "own"),
    [
        (".proofbook", True),
        (".proofbook/proofbook.db", True),
        (".proofbook/cache/imports.json", True),
        (".proofbook/blobs/ab/cd", False),
        (".proofbook-data/in.csv", False),
        (".proofbook.csv", False),
        ("data/in.csv", False),
        ("copy/.proofbook/in.csv", False),
    ],
)
def test_the_stores_own_affair_is_its_folder_and_no_name_that_begins_like_it(path: str, own: bool) -> None:
    assert reading.internal(Path("/project"))(f"/project/{path}") is own
    assert reading.internal(Path("/project"))(f"/other/project/{path}") is False


def test_the_database_of_the_store_is_left_out_as_the_store_opens_it(tmp_path: Path) -> None:
    root = tmp_path / "a project"
    root.mkdir()
    with Store.open(root, create=True):
        pass
    database = root / ".proofbook" / "proofbook.db"
    with observed.watch(ignored=reading.internal(root)) as watch:
        sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True).close()
    assert not watch.refused
    with observed.watch(ignored=reading.internal(root)) as watch:
        sqlite3.connect(database).close()
    assert not watch.refused
    for beside in (root / ".proofbook-data.db", str(root / ".proofbook-data.db")):
        with observed.watch(ignored=reading.internal(root)) as watch:
            sqlite3.connect(beside).close()
        assert "sqlite3" in watch.refused


@pytest.mark.parametrize(
    ("path", "held"),
    [
        ("/a/.proofbook/proofbook.db", True),
        ("/a/.proofbook/proofbook.db-journal", True),
        ("/a/.proofbook/cache/imports.json", True),
        ("/a/.proofbook/.0123.tmp", True),
        ("/a/.proofbook/build.lock.holder", True),
        ("/a/.proofbook", False),
        ("/a/.proofbook/project/pipeline.yaml", False),
        ("/a/.proofbook/project/.proofbook/layout", True),
        ("/a/.proofbook/cache-of-mine/in.csv", False),
        ("/a/.proofbook-data/cache/in.csv", False),
    ],
)
def test_a_path_is_in_a_store_where_a_store_has_that_name(path: str, held: bool) -> None:
    assert reading.anywhere(path) is held


def test_everything_a_store_makes_is_known_for_its_own(tmp_path: Path) -> None:
    with Store.open(tmp_path, create=True) as store, store.build_lock(0):
        made = list((tmp_path / ".proofbook").iterdir())
    assert made
    assert [path for path in made if not reading.anywhere(str(path))] == []


def test_a_reading_is_found_as_long_as_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert reading.keep(_reading(tmp_path))
    assert reading.find(Asked()) == _reading(tmp_path)


@pytest.mark.parametrize("inner", [".proofbook/project", ".proofbook/cache/project"])
def test_a_project_within_a_store_has_no_recorded_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inner: str
) -> None:
    root = tmp_path / inner
    root.mkdir(parents=True)
    (tmp_path / "link").symlink_to(root)
    monkeypatch.chdir(root)
    for place in (root, tmp_path / "link"):
        assert not reading.keep(_reading(place))
    assert reading.find(Asked()) is None
    assert not (root / reading.CACHE).exists()
