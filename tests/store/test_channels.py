from pathlib import Path

import pytest

from proofbook.exceptions import (
    BlobCorruptError,
    ConflictError,
    GateRefusedError,
    NotFoundError,
    StoreError,
    UsageError,
)
from proofbook.model.verdict import GateResult
from proofbook.store import Generation, Store
from tests.store import making
from tests.store.test_blobs import overwrite


def test_a_channel_holds_the_run_of_its_newest_generation(store: Store, tmp_path: Path) -> None:
    assert store.generation("production") is None
    first, second = making.build(store, tmp_path, value=0.1), making.build(store, tmp_path, value=0.2)
    store.advance("production", first, expected=0, kind="promote", by="ada", reason="the first")
    store.advance("production", second, expected=1, kind="promote", by="ada")
    found = store.advance("production", first, expected=2, kind="rollback", by="bob", reason="worse on Mondays")
    assert (found.number, found.run, found.kind, found.by, found.reason) == (
        3,
        first,
        "rollback",
        "bob",
        "worse on Mondays",
    )
    assert store.generation("production") == found
    assert [(step.number, step.run) for step in store.generations("production")] == [
        (3, first),
        (2, second),
        (1, first),
    ]
    assert store.runs()[1].channels == ("production",)
    assert store.runs()[0].channels == ()
    assert store.verify() == ()


def test_channels_do_not_touch_each_other(store: Store, tmp_path: Path) -> None:
    number = making.build(store, tmp_path, value=0.1)
    making.advance(store, number)
    making.advance(store, number, channel="staging")
    assert store.channels() == ("production", "staging")
    assert store.runs()[0].channels == ("production", "staging")


@pytest.mark.parametrize("expected", [0, 2, -1])
def test_who_expects_another_generation_loses(store: Store, tmp_path: Path, expected: int) -> None:
    number = making.build(store, tmp_path, value=0.1)
    making.advance(store, number)
    with pytest.raises(ConflictError, match=rf"generation {expected} was expected, 1 was found"):
        store.advance("production", number, expected=expected, kind="promote", by="ada")
    assert len(store.generations("production")) == 1


def test_a_damaged_run_does_not_enter_a_channel(store: Store, tmp_path: Path) -> None:
    number = making.build(store, tmp_path, value=0.1)
    product = store.run(number).tasks[0].products["table"].digest
    overwrite(store, product, b"value\n0.9\n")
    with pytest.raises(
        BlobCorruptError, match=rf"run {number} is damaged, product 'table' of task 'train': blob {product}"
    ):
        making.advance(store, number)
    assert store.generation("production") is None


def test_a_run_with_a_damaged_manifest_does_not_enter_a_channel(store: Store, tmp_path: Path) -> None:
    number = making.build(store, tmp_path, value=0.1)
    manifest = store.manifest(number)
    overwrite(store, manifest, store.blobs.get(manifest).replace(b"succeeded", b"SUCCEEDED"))
    with pytest.raises(BlobCorruptError, match=manifest):
        making.advance(store, number)
    assert store.generation("production") is None


def test_a_run_that_was_not_sealed_does_not_enter_a_channel(store: Store) -> None:
    number = store.reserve(making.PIPELINE)
    with pytest.raises(NotFoundError, match="still being built"):
        making.advance(store, number)


@pytest.mark.parametrize("channel", ["", "latest", "Production", "../x", "a b", "1", "x" * 64, "production\n"])
def test_a_channel_has_a_plain_name(store: Store, tmp_path: Path, channel: str) -> None:
    number = making.build(store, tmp_path, value=0.1)
    with pytest.raises(UsageError, match="no name for a channel"):
        making.advance(store, number, channel=channel)


def test_whoever_may_refuse_is_asked_within_the_transaction(store: Store, tmp_path: Path) -> None:
    first, second = making.build(store, tmp_path, value=0.1), making.build(store, tmp_path, value=0.2)
    making.advance(store, first)
    said = making.judge(store, second, "no")
    asked = []

    def refuse(gate: GateResult | None, current: Generation | None) -> bool:
        asked.append((gate, current))
        raise GateRefusedError("no")

    with pytest.raises(GateRefusedError):
        store.advance("production", second, expected=1, kind="promote", by="ada", permit=refuse)
    assert asked == [(said, store.generation("production"))]
    found = store.advance("production", second, expected=1, kind="promote", by="ada", permit=lambda gate, current: True)
    assert (found.decision, found.override) == ("no", True)


def test_the_newest_word_of_the_gate_counts_and_earlier_ones_stay(store: Store, tmp_path: Path) -> None:
    number = making.build(store, tmp_path, value=0.1)
    assert store.gate(number) is None
    making.judge(store, number, "no")
    newest = making.judge(store, number, "go")
    assert store.gate(number) == newest
    assert store.runs()[0].decision == "go"
    with store._database.read() as connection:
        assert connection.exec_driver_sql("SELECT decision FROM gates ORDER BY id").scalars().all() == ["no", "go"]


def test_what_the_gate_said_of_one_channel_is_not_said_of_another(store: Store, tmp_path: Path) -> None:
    number = making.build(store, tmp_path, value=0.1)
    staging = making.judge(store, number, "go", channel="staging")
    assert store.gate(number, channel="production") is None
    assert store.gate(number, channel="staging") == staging


def test_a_word_on_another_manifest_is_not_kept(store: Store, tmp_path: Path) -> None:
    number = making.build(store, tmp_path, value=0.1)
    with pytest.raises(StoreError, match="what was judged is not run"):
        store.save_gate(GateResult(run=number, manifest="a" * 64, decision="go", reasons=()))
    assert store.gate(number) is None
