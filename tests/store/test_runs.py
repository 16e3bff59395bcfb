import subprocess
import sys
from itertools import count
from pathlib import Path

import msgspec
import pytest

from proofbook.exceptions import NotFoundError, StoreError, UsageError
from proofbook.model.record import Record
from proofbook.model.run import canonical
from proofbook.store import Store
from tests.store import making


def test_a_sealed_run_comes_back_as_it_was(store: Store, tmp_path: Path) -> None:
    number = store.reserve(making.PIPELINE)
    run = making.run_of(number, making.task_run(store, tmp_path, value=0.81))
    manifest = store.seal(run)
    assert store.run(number) == run
    assert store.manifest(number) == manifest
    assert store.blobs.get(manifest) == canonical(run)
    (summary,) = store.runs()
    assert (summary.number, summary.ending, summary.scope, summary.tasks, summary.ran) == (1, "succeeded", "full", 1, 1)
    assert store.verify() == ()


def test_a_run_is_named_by_number_digest_channel_or_latest(store: Store, tmp_path: Path) -> None:
    first, second = making.build(store, tmp_path, value=0.1), making.build(store, tmp_path, value=0.2)
    making.advance(store, first)
    digest = store.manifest(first)
    for reference in (first, str(first), f" {first} ", digest, digest[:6], "production"):
        assert store.number(reference) == first, reference
    assert store.number("latest") == second


@pytest.mark.parametrize("reference", ["99", "0", "-1", "nix", "abc", "00000", "9" * 30, "9" * 5000, "", "latest "])
def test_a_run_that_is_not_there_is_said_so_in_one_line(store: Store, reference: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        store.run(reference)
    assert "\n" not in str(caught.value)


def test_digits_that_begin_two_digests_name_neither(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = count()
    monkeypatch.setattr(type(store.blobs), "put", lambda self, content: f"{next(made):064x}")
    monkeypatch.setattr(type(store.blobs), "has", lambda self, digest: True)
    for _ in range(2):
        number = store.reserve(making.PIPELINE)
        store.seal(making.run_of(number))
    with pytest.raises(UsageError, match="more than one"):
        store.number("0" * 8)


def test_a_run_whose_blob_is_missing_is_not_sealed(store: Store, tmp_path: Path) -> None:
    number = store.reserve(making.PIPELINE)
    run = making.run_of(number, making.task_run(store, tmp_path, value=0.5), log="a" * 64)
    with pytest.raises(StoreError, match=rf"run {number} cannot be sealed: the log is not in the store"):
        store.seal(run)
    assert store.runs()[0].ending == "running"


def test_a_run_is_a_fact_once_it_is_sealed(store: Store, tmp_path: Path) -> None:
    number = making.build(store, tmp_path, value=0.5)
    with pytest.raises(StoreError, match="is succeeded already"):
        store.seal(making.run_of(number))
    with pytest.raises(StoreError, match="is succeeded already"):
        store.abandon(number)
    with pytest.raises(StoreError, match="was never reserved"):
        store.seal(making.run_of(77))
    assert store.run(number).tasks


def test_a_run_that_is_under_way_shows_as_running_to_everybody(store: Store, tmp_path: Path) -> None:
    number = store.reserve(making.PIPELINE)
    other = Store.open(tmp_path)
    assert [(run.number, run.ending) for run in other.runs()] == [(number, "running")]
    with pytest.raises(NotFoundError, match=f"run {number} is still being built"):
        other.run(number)


def test_an_abandoned_run_shows_as_interrupted(store: Store) -> None:
    number = store.reserve(making.PIPELINE)
    store.abandon(number)
    assert store.runs()[0].ending == "interrupted"
    with pytest.raises(NotFoundError, match=f"run {number} was interrupted before it was sealed"):
        store.run(number)
    assert list((store.folder / "running").iterdir()) == []


def test_a_killed_build_shows_as_interrupted(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, signal, sys; from proofbook.store import Store; "
        "Store.open(pathlib.Path(sys.argv[1])).reserve('pipeline.yaml'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    store = Store.open(tmp_path)
    assert [run.ending for run in store.runs()] == ["interrupted"]
    assert list((store.folder / "running").iterdir()) == []
    assert store.reserve(making.PIPELINE) == 2
    store.close()


def test_two_builds_get_two_numbers(store: Store, tmp_path: Path) -> None:
    other = Store.open(tmp_path)
    numbers = [store.reserve(making.PIPELINE), other.reserve(making.PIPELINE), store.reserve(making.PIPELINE)]
    assert numbers == [1, 2, 3]
    other.close()


def test_order_is_by_number_whatever_the_clock_says(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock goes back a day at each reading."""
    day = count()

    def back() -> str:
        return f"2013-{12 - next(day) // 28 % 12:02d}-{28 - next(day) % 28:02d}T00:00:00.000Z"

    monkeypatch.setattr("proofbook.disk.clock.now", back)
    numbers = [making.build(store, tmp_path, value=value / 10) for value in range(4)]
    for number in numbers:
        making.advance(store, number)
    assert [run.number for run in store.runs()] == numbers[::-1]
    assert store.number("latest") == numbers[-1]
    assert [step.number for step in store.generations("production")] == [4, 3, 2, 1]
    assert store.number("production") == numbers[-1]
    assert store.verify() == ()


def test_the_newest_runs_come_first_and_no_more_than_asked_for(store: Store, tmp_path: Path) -> None:
    for value in range(3):
        making.build(store, tmp_path, value=float(value))
    assert [run.number for run in store.runs(2)] == [3, 2]
    assert len(store.runs()) == 3


def test_a_record_is_followed_through_the_runs(store: Store, tmp_path: Path) -> None:
    for value in (0.1, 0.2, 0.3):
        making.build(store, tmp_path, value=value)
    found = store.record_history("auc", 2)
    assert [(point.run, point.value, point.task) for point in found] == [(3, 0.3, "train"), (2, 0.2, "train")]
    assert store.record_history("roc")[0].blob is not None
    assert store.record_history("auc", task="other") == ()


def test_what_json_cannot_say_is_kept_apart(store: Store, tmp_path: Path) -> None:
    number = store.reserve(making.PIPELINE)
    result = making.task_run(store, tmp_path, value=0.5)
    records = (Record(name="loss", kind="scalar", task="train", special="nan"),)
    store.seal(making.run_of(number, msgspec.structs.replace(result, records=records)))
    (point,) = store.record_history("loss")
    assert (point.value, point.special) == (None, "nan")


def test_a_run_of_a_newer_format_is_refused_in_a_sentence(store: Store) -> None:
    number = store.reserve(making.PIPELINE)
    store.seal(making.run_of(number, format=2))
    with pytest.raises(StoreError, match="has format 2, made by a newer Proofbook"):
        store.run(number)
