from pathlib import Path

import msgspec
import pytest

from proofbook.exceptions import StoreError
from proofbook.store import Store
from tests.store import making
from tests.store.test_blobs import overwrite


def test_a_good_result_is_found_again_by_what_it_depended_on(store: Store, tmp_path: Path) -> None:
    number = store.reserve(making.PIPELINE)
    result = making.task_run(store, tmp_path, value=0.5)
    store.remember(result, run=number)
    assert store.recall("train", result.key) == (result,)
    assert store.recall("train", making.key("other")) == ()
    assert store.recall("other", result.key) == ()


@pytest.mark.parametrize("status", ["failed", "restored", "up-to-date", "cancelled", "skipped"])
def test_only_what_ran_to_a_good_end_is_remembered(store: Store, tmp_path: Path, status: str) -> None:
    number = store.reserve(making.PIPELINE)
    result = msgspec.structs.replace(making.task_run(store, tmp_path, value=0.5), status=status)
    with pytest.raises(ValueError, match="only what ran"):
        store.remember(result, run=number)
    assert store.recall("train", result.key) == ()


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
    assert Store.open(tmp_path).recall("train", result.key) == ()
    assert store.latest("train") == result
    store.remember(result, run=number)
    assert store.recall("train", result.key) == (result,)


def test_the_newest_result_comes_first(store: Store, tmp_path: Path) -> None:
    number = store.reserve(making.PIPELINE)
    first = making.task_run(store, tmp_path, value=0.5)
    second = msgspec.structs.replace(first, seconds=9.0)
    for result in (first, second):
        store.remember(result, run=number)
    assert store.recall("train", first.key) == (second, first)


def test_a_result_whose_product_the_store_has_lost_does_not_count(store: Store, tmp_path: Path) -> None:
    number = store.reserve(making.PIPELINE)
    result = making.task_run(store, tmp_path, value=0.5)
    store.remember(result, run=number)
    store.blobs.path(result.products["table"].digest).unlink()
    assert store.recall("train", result.key) == ()


def test_a_damaged_result_does_not_count(store: Store, tmp_path: Path) -> None:
    number = store.reserve(making.PIPELINE)
    result = making.task_run(store, tmp_path, value=0.5)
    before = set(store.blobs.each())
    store.remember(result, run=number)
    (digest,) = set(store.blobs.each()) - before
    overwrite(store, digest, store.blobs.get(digest).replace(b'"ran"', b'"RAN"'))
    assert store.recall("train", result.key) == ()


def test_a_row_that_names_the_result_of_another_task_does_not_count(store: Store, tmp_path: Path) -> None:
    number = store.reserve(making.PIPELINE)
    result = making.task_run(store, tmp_path, value=0.5)
    store.remember(result, run=number)
    with store._database.write() as connection:
        connection.exec_driver_sql("UPDATE results SET task = 'evaluate'")
    assert store.recall("evaluate", result.key) == ()
    assert any("result 1" in damage.object for damage in store.verify())


def test_results_of_a_killed_build_are_kept(store: Store, tmp_path: Path) -> None:
    number = store.reserve(making.PIPELINE)
    result = making.task_run(store, tmp_path, value=0.5)
    store.remember(result, run=number)
    store.close()
    assert Store.open(tmp_path).recall("train", result.key) == (result,)
