import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from proofbook.exceptions import BlobCorruptError, NotFoundError, UsageError
from proofbook.release.rollback import rollback
from proofbook.store import Store
from tests.store import making
from tests.store.test_blobs import overwrite


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs 1, 2 and 3 were promoted in turn; run 4 never was."""
    root = tmp_path_factory.mktemp("template")
    with Store.open(root) as opened:
        for value in (0.1, 0.2, 0.3, 0.4):
            number = making.build(opened, root, value=value)
            if number < 4:
                making.advance(opened, number)
    return root


@pytest.fixture
def store(template: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    with Store.open(tmp_path) as opened:
        yield opened


def test_the_run_before_comes_back_as_a_new_generation(store: Store) -> None:
    release = rollback(store, by="ada", reason="wrong on Mondays")
    assert (release.now.number, release.now.run, release.now.kind, release.now.reason) == (
        *(4, 2, "rollback", "wrong on Mondays"),
    )
    assert release.before is not None
    assert release.before.run == 3
    assert [step.run for step in store.generations("production")] == [2, 3, 2, 1]
    assert store.verify() == ()


def test_what_was_just_taken_out_does_not_come_back_by_itself(store: Store) -> None:
    rollback(store, by="ada")
    assert rollback(store, by="ada").now.run == 1
    with pytest.raises(NotFoundError, match="held nothing before run 1"):
        rollback(store, by="ada")


def test_a_run_that_is_promoted_again_after_a_rollback_is_taken_back_to_what_it_replaced(store: Store) -> None:
    rollback(store, by="ada")
    making.advance(store, 3)
    assert rollback(store, by="ada").now.run == 2


@pytest.mark.parametrize(("to", "run"), [("1", 1), ("g1", 1), ("g2", 2)])
def test_a_run_or_a_generation_may_be_named(store: Store, to: str, run: int) -> None:
    assert rollback(store, to=to, by="ada").now.run == run


def test_a_digest_may_be_named(store: Store) -> None:
    assert rollback(store, to=store.manifest(1)[:12], by="ada").now.run == 1


@pytest.mark.parametrize(
    ("to", "sentence"),
    [
        ("4", r"production never held run 4: `proofbook promote 4`"),
        ("g9", r"production has no generation 9: the newest is 3"),
        ("77", r"there is no run 77"),
    ],
)
def test_what_the_channel_never_held_is_no_rollback(store: Store, to: str, sentence: str) -> None:
    with pytest.raises(NotFoundError, match=sentence):
        rollback(store, to=to, by="ada")
    assert len(store.generations("production")) == 3


def test_to_the_run_that_is_there_is_no_rollback(store: Store) -> None:
    with pytest.raises(UsageError, match="holds run 3 already"):
        rollback(store, to="3", by="ada")


def test_an_empty_channel_has_nothing_to_go_back_to(store: Store) -> None:
    with pytest.raises(NotFoundError, match="staging holds nothing yet"):
        rollback(store, channel="staging", by="ada")


def test_to_a_damaged_run_there_is_no_way_back(store: Store) -> None:
    product = store.run(2).tasks[0].products["table"].digest
    overwrite(store, product, b"value\n9.9\n")
    with pytest.raises(BlobCorruptError, match=rf"run 2 is damaged.*{product}"):
        rollback(store, by="ada")
    assert store.number("production") == 3
    assert rollback(store, to="1", by="ada").now.run == 1
