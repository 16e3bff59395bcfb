import sqlite3
from pathlib import Path

import pytest
from msgspec.structs import replace

from proofbook.exceptions import StoreError
from proofbook.model.record import Record
from proofbook.store import Store

from . import making


def scalar(value: float) -> tuple[Record, ...]:
    return (Record(name="auc", kind="scalar", task="train", value=value, type="float"),)


def test_replays_are_told_apart_by_run_purpose_and_variant(store: Store, tmp_path: Path) -> None:
    one, two = (store.manifest(making.build(store, tmp_path, value=value)) for value in (0.8, 0.7))
    store.keep_replay(one, "noise", {"seed": 1}, scalar(0.81))
    store.keep_replay(one, "noise", {"seed": 2}, scalar(0.79))
    store.keep_replay(one, "cause", {"code": two}, scalar(0.5), run=2)
    store.keep_replay(two, "noise", {"seed": 1}, scalar(0.6))
    assert [(replay.variant, replay.records[0].value) for replay in store.replays(one, "noise")] == [
        ({"seed": 1}, 0.81),
        ({"seed": 2}, 0.79),
    ]
    (cause,) = store.replays(one, "cause")
    assert (cause.run, cause.variant, cause.manifest, cause.purpose) == (2, {"code": two}, one, "cause")
    assert store.replays(two, "eval") == ()
    assert store.verify() == ()


def test_the_newest_replay_of_a_variant_counts_however_it_was_written(store: Store, tmp_path: Path) -> None:
    manifest = store.manifest(making.build(store, tmp_path, value=0.8))
    store.keep_replay(manifest, "cause", {"code": "a", "data": "b"}, scalar(0.1))
    store.keep_replay(manifest, "cause", {"data": "b", "code": "a"}, scalar(0.2))
    assert [replay.records for replay in store.replays(manifest, "cause")] == [scalar(0.2)]


def test_a_replay_stands_on_a_sealed_run_and_on_blobs_that_are_there(store: Store, tmp_path: Path) -> None:
    manifest = store.manifest(making.build(store, tmp_path, value=0.8))
    with pytest.raises(StoreError, match="no run has the manifest"):
        store.keep_replay("0" * 64, "noise", {}, scalar(0.1))
    figure = Record(name="roc", kind="figure", task="train", blob="1" * 64)
    with pytest.raises(StoreError, match="record 'roc' of task 'train' is not in the store"):
        store.keep_replay(manifest, "noise", {}, (figure,))
    assert store.replays(manifest, "noise") == ()


def test_a_replay_that_was_edited_by_hand_is_damage(store: Store, tmp_path: Path) -> None:
    manifest = store.manifest(making.build(store, tmp_path, value=0.8))
    store.keep_replay(manifest, "noise", {"seed": 1}, scalar(0.1))
    store.close()
    connection = sqlite3.connect(tmp_path / ".proofbook" / "proofbook.db")
    connection.execute("UPDATE replays SET variant = '{\"seed\":2}'")
    connection.commit()
    connection.close()
    assert [(damage.object, damage.problem) for damage in store.verify()] == [("replay 1", "no event says so")]


def test_a_replay_whose_records_are_lost_is_as_if_it_was_never_made(store: Store, tmp_path: Path) -> None:
    manifest = store.manifest(making.build(store, tmp_path, value=0.8))
    store.keep_replay(manifest, "noise", {"seed": 1}, scalar(0.123))
    (blob,) = [digest for digest in store.blobs.each() if b"0.123" in store.blobs.get(digest)][:1]
    store.blobs.path(blob).unlink()
    assert store.replays(manifest, "noise") == ()


def test_looks_count_the_sealed_runs_that_were_measured_on_a_set(store: Store, tmp_path: Path) -> None:
    for eval_set in ("a" * 64, "a" * 64, "b" * 64):
        number = store.reserve(making.PIPELINE)
        task = making.task_run(store, tmp_path, value=0.5, number=number)
        measured = [Record(name=name, kind="scalar", value=1.0, task="train", eval_set=eval_set) for name in ("x", "y")]
        store.seal(making.run_of(number, replace(task, records=tuple(measured))))
    assert [store.looks(letter * 64) for letter in "abc"] == [2, 1, 0]
    assert store.verify() == ()
