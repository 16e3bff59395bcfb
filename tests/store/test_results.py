import os
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from proofbook.exceptions import StoreError
from proofbook.store import Store
from tests.store import making
from tests.store.test_blobs import overwrite


def test_a_good_result_is_found_again_by_what_it_depended_on(store: Store, tmp_path: Path) -> None:
    number = store.reserve(making.PIPELINE)
    result = making.task_run(store, tmp_path, value=0.5)
    store.remember(result, run=number)
    assert tuple(store.recall("train", result.key)) == (result,)
    assert tuple(store.recall("train", making.key("other"))) == ()
    assert tuple(store.recall("other", result.key)) == ()


@pytest.mark.parametrize("status", ["failed", "restored", "up-to-date", "cancelled", "skipped"])
def test_only_what_ran_to_a_good_end_is_remembered(store: Store, tmp_path: Path, status: str) -> None:
    number = store.reserve(making.PIPELINE)
    result = msgspec.structs.replace(making.task_run(store, tmp_path, value=0.5), status=status)
    with pytest.raises(ValueError, match="only what ran"):
        store.remember(result, run=number)
    assert tuple(store.recall("train", result.key)) == ()


def test_a_result_without_its_blobs_is_not_remembered(store: Store, tmp_path: Path) -> None:
    number = store.reserve(making.PIPELINE)
    result = msgspec.structs.replace(making.task_run(store, tmp_path, value=0.5), notebook="a" * 64)
    with pytest.raises(StoreError, match="the executed notebook of task 'train' is not in the store"):
        store.remember(result, run=number)


def test_an_attempt_takes_earlier_results_out_of_account_until_the_task_succeeds(store: Store, tmp_path: Path) -> None:
    """A forced rerun that fails, or is killed, must not leave the older result green."""
    number = store.reserve(making.PIPELINE)
    result = making.task_run(store, tmp_path, value=0.5)
    store.remember(result, run=number)
    store.attempt("train", result.key, run=number)
    assert tuple(Store.open(tmp_path).recall("train", result.key)) == ()
    assert store.latest("train") == result
    store.remember(result, run=number)
    assert tuple(store.recall("train", result.key)) == (result,)


def test_an_attempt_writes_nothing_where_there_is_no_result_that_could_count(store: Store, tmp_path: Path) -> None:
    number = store.reserve(making.PIPELINE)
    store.attempt("train", making.key("new"), run=number)
    with store._database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM results").scalar() == 0


def test_what_is_remembered_later_is_there_after_the_next_attempt_the_flush_or_the_end(
    store: Store, tmp_path: Path
) -> None:
    number = store.reserve(making.PIPELINE)
    results = {name: making.task_run(store, tmp_path, value=0.5, name=name) for name in ("a", "b", "c", "d")}

    def written() -> set[str]:
        with store._database.read() as connection:
            found = connection.exec_driver_sql("SELECT task FROM results WHERE result != ''").scalars()
            return set(found)

    store.remember(results["a"], run=number)
    store.remember(results["b"], run=number, later=True)
    assert written() == {"a"}
    store.attempt("a", results["a"].key, run=number)
    assert written() == {"a", "b"}
    assert tuple(store.recall("a", results["a"].key)) == ()

    store.remember(results["c"], run=number, later=True)
    assert store.latest("c") == results["c"], "whoever asks is told"
    store.remember(results["d"], run=number, later=True)
    store.flush()
    assert written() == {"a", "b", "c", "d"}

    store.remember(results["a"], run=number, later=True)
    store.close()
    assert tuple(Store.open(tmp_path).recall("a", results["a"].key)) == (results["a"],)


def test_how_long_each_task_took_the_last_time_is_known(store: Store, tmp_path: Path) -> None:
    number = store.reserve(making.PIPELINE)
    result = making.task_run(store, tmp_path, value=0.5)
    other = making.task_run(store, tmp_path, value=0.5, name="other")
    assert store.durations() == {}
    for seconds in (3.0, 5.0):
        store.remember(msgspec.structs.replace(result, seconds=seconds), run=number)
    store.remember(other, run=number)
    store.attempt("train", result.key, run=number)
    assert store.durations() == {"train": 5.0, "other": other.seconds}


def test_the_newest_result_comes_first(store: Store, tmp_path: Path) -> None:
    number = store.reserve(making.PIPELINE)
    first = making.task_run(store, tmp_path, value=0.5)
    second = msgspec.structs.replace(first, seconds=9.0)
    for result in (first, second):
        store.remember(result, run=number)
    assert tuple(store.recall("train", first.key)) == (second, first)


def test_of_many_results_those_alone_are_read_that_are_asked_for(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = store.reserve(making.PIPELINE)
    result = making.task_run(store, tmp_path, value=0.5)
    for seconds in (1.0, 2.0, 3.0):
        store.remember(msgspec.structs.replace(result, seconds=seconds), run=number)
    read: list[str] = []
    get = store.blobs.get

    def counted(digest: str) -> bytes:
        read.append(digest)
        return get(digest)

    monkeypatch.setattr(store.blobs, "get", counted)
    assert next(store.recall("train", result.key)).seconds == 3.0
    assert len(read) == 1


def test_a_result_whose_product_the_store_has_lost_does_not_count(store: Store, tmp_path: Path) -> None:
    number = store.reserve(making.PIPELINE)
    result = making.task_run(store, tmp_path, value=0.5)
    store.remember(result, run=number)
    store.blobs.path(result.products["table"].digest).unlink()
    assert tuple(store.recall("train", result.key)) == ()


def test_a_damaged_result_does_not_count(store: Store, tmp_path: Path) -> None:
    number = store.reserve(making.PIPELINE)
    result = making.task_run(store, tmp_path, value=0.5)
    before = set(store.blobs.each())
    store.remember(result, run=number)
    (digest,) = set(store.blobs.each()) - before
    overwrite(store, digest, store.blobs.get(digest).replace(b'"ran"', b'"RAN"'))
    assert tuple(store.recall("train", result.key)) == ()


def test_a_row_that_names_the_result_of_another_task_does_not_count(store: Store, tmp_path: Path) -> None:
    number = store.reserve(making.PIPELINE)
    result = making.task_run(store, tmp_path, value=0.5)
    store.remember(result, run=number)
    with store._database.write() as connection:
        connection.exec_driver_sql("UPDATE results SET task = 'evaluate'")
    assert tuple(store.recall("evaluate", result.key)) == ()
    assert any("result 1" in damage.object for damage in store.verify())


def test_results_of_a_killed_build_are_kept(store: Store, tmp_path: Path) -> None:
    number = store.reserve(making.PIPELINE)
    result = making.task_run(store, tmp_path, value=0.5)
    store.remember(result, run=number)
    store.close()
    assert tuple(Store.open(tmp_path).recall("train", result.key)) == (result,)


def test_a_connection_that_is_kept_serves_until_a_fork_and_none_is_carried_over_it(
    store: Store, tmp_path: Path
) -> None:
    def open_files() -> int:
        return sum(1 for file in psutil.Process().open_files() if file.path.endswith("proofbook.db"))

    number = store.reserve(making.PIPELINE)
    result = making.task_run(store, tmp_path, value=0.5)
    with store.keeping():
        store.remember(result, run=number)
        assert open_files() == 1
        assert tuple(store.recall("train", result.key)) == (result,)
        assert open_files() == 1
        child = os.fork()
        if child == 0:
            os._exit(open_files())
        assert os.waitpid(child, 0)[1] == 0
        assert open_files() == 0
        store.attempt("train", result.key, run=number)
        assert tuple(store.recall("train", result.key)) == ()
    assert open_files() == 0


def test_a_transaction_that_fails_leaves_nothing_and_the_next_one_works(store: Store, tmp_path: Path) -> None:
    number = store.reserve(making.PIPELINE)
    result = making.task_run(store, tmp_path, value=0.5)

    def fail() -> None:
        with store._database.quick(write=True) as connection:
            connection.execute("INSERT INTO results (task, key, run, result) VALUES ('a', 'b', 1, 'c')")
            raise RuntimeError("in the middle")

    with store.keeping():
        with pytest.raises(RuntimeError, match="in the middle"):
            fail()
        store.remember(result, run=number)
        assert [row[0] for row in _rows(store)] == ["train"]


def _rows(store: Store) -> list[Any]:
    with store._database.quick() as connection:
        return connection.execute("SELECT task FROM results").fetchall()
