import shutil
import sqlite3
from pathlib import Path

import pytest

from proofbook.exceptions import ProofbookError
from proofbook.store import Store
from tests.store import making
from tests.store.test_blobs import overwrite


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with three runs, two of them promoted, one rolled back."""
    root = tmp_path_factory.mktemp("template")
    with Store.open(root) as store:
        for value in (0.1, 0.2, 0.3):
            number = making.build(store, root, value=value)
            making.judge(store, number)
            if number < 3:
                making.advance(store, number)
        store.advance("production", 1, expected=2, kind="rollback", by="ada")
    return root


@pytest.fixture
def filled(template: Path, tmp_path: Path) -> Store:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return Store.open(tmp_path)


def change(store: Store, *statements: str) -> None:
    """Edit the database behind the store's back."""
    connection = sqlite3.connect(store.folder / "proofbook.db")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def named(store: Store) -> set[str]:
    return {damage.object for damage in store.verify()}


def test_of_a_sound_store_nothing_is_said_and_nothing_in_it_changes(filled: Store) -> None:
    before = {path: path.read_bytes() for path in filled.folder.rglob("*") if path.is_file() and path.suffix != ".db"}
    assert filled.verify() == ()
    after = {path: path.read_bytes() for path in filled.folder.rglob("*") if path.is_file() and path.suffix != ".db"}
    assert after == before


@pytest.mark.parametrize(
    ("statement", "object_"),
    [
        ("UPDATE generations SET run = 3 WHERE number = 2", "generation 2 of production"),
        ("UPDATE generations SET by = 'mallory' WHERE number = 1", "generation 1 of production"),
        ("UPDATE generations SET override = 1 WHERE number = 1", "generation 1 of production"),
        ("DELETE FROM generations WHERE number = 2", "generation 2 of production"),
        ("DELETE FROM generations WHERE number = 3", "generation 3 of production"),
        ("UPDATE runs SET ending = 'failed' WHERE number = 2", "run 2"),
        ("UPDATE runs SET seconds = 9.5 WHERE number = 2", "run 2"),
        ("UPDATE runs SET manifest = NULL WHERE number = 3", "run 3"),
        ("UPDATE records SET value = '0.99' WHERE run = 2 AND name = 'auc'", "run 2"),
        ("DELETE FROM records WHERE run = 2 AND name = 'roc'", "run 2"),
        ("UPDATE gates SET decision = 'go', run = 1 WHERE run = 3", "gate result 3"),
        ("UPDATE events SET body = replace(body, 'tester', 'mallory')", "event 3"),
        ("DELETE FROM events WHERE seq = 4", "event 5"),
        ("UPDATE events SET seq = 99 WHERE seq = 4", "event 5"),
    ],
)
def test_every_edit_of_the_database_is_named(filled: Store, statement: str, object_: str) -> None:
    change(filled, statement)
    assert object_ in named(filled)


def test_a_cut_off_end_of_the_audit_is_seen_in_what_it_no_longer_vouches_for(filled: Store) -> None:
    change(filled, "DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)")
    assert "generation 3 of production" in named(filled)


def test_all_damage_is_named_not_only_the_first(filled: Store) -> None:
    victims = [filled.manifest(1), filled.run(2).log or "", filled.run(3).tasks[0].notebook or ""]
    for victim in victims:
        overwrite(filled, victim, b"noise")
    change(filled, "UPDATE generations SET run = 3 WHERE number = 2")
    found = named(filled)
    assert {f"blob {victim}" for victim in victims} <= found
    assert {"run 1", "run 2", "run 3", "generation 2 of production"} <= found
    assert all(filled.blobs.has(victim) for victim in victims), "nothing was set aside"


def test_a_flipped_byte_in_a_page_of_the_database_never_passes_for_content(filled: Store, tmp_path: Path) -> None:
    """Whatever is hit: a sentence, a named damage, or the same content; never a traceback, never another content."""
    path = filled.folder / "proofbook.db"
    original, content = path.read_bytes(), told(filled)
    seen, told_in_lines = 0, []
    for offset in range(0, len(original), 509):
        damaged = bytearray(original)
        damaged[offset] ^= 0x15
        path.write_bytes(damaged)
        try:
            found = Store.open(tmp_path).verify()
            same = told(Store.open(tmp_path)) == content
        except ProofbookError as error:
            told_in_lines.append(str(error))
            seen += 1
        else:
            assert found or same, f"byte {offset}"
            seen += bool(found)
    assert seen > 10
    assert not any("\n" in line for line in told_in_lines)


def told(store: Store) -> object:
    return store.runs(), store.generations("production"), store.record_history("auc"), store.gate(3)


def test_a_store_that_was_put_back_to_an_older_state_is_sound_in_itself(filled: Store, tmp_path: Path) -> None:
    """What that loses only an exported checkpoint could tell; here it must at least work."""
    shutil.copytree(filled.folder, tmp_path / "backup")
    making.build(filled, tmp_path, value=0.9)
    shutil.rmtree(filled.folder)
    shutil.move(tmp_path / "backup", filled.folder)
    assert Store.open(tmp_path).verify() == ()
