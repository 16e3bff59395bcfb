import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from proofbook.exceptions import BlobCorruptError, ConflictError, GateRefusedError, NotFoundError, UsageError
from proofbook.release.promote import promote
from proofbook.store import Store
from tests.store import making
from tests.store.test_blobs import overwrite


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run 1 is in production, run 2 is a candidate that nobody judged yet."""
    root = tmp_path_factory.mktemp("template")
    with Store.open(root) as opened:
        making.judge(opened, making.build(opened, root, value=0.1), "review")
        promote(opened, 1, by="ada")
        making.build(opened, root, value=0.2)
    return root


@pytest.fixture
def store(template: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    with Store.open(tmp_path) as opened:
        yield opened


def test_the_first_run_is_accepted_by_promoting_it(store: Store) -> None:
    (first,) = store.generations("production")
    assert (first.number, first.run, first.kind, first.by, first.decision, first.override) == (
        *(1, 1, "promote", "ada", "review", False),
    )


def test_go_needs_nothing_more(store: Store) -> None:
    making.judge(store, 2, "go")
    release = promote(store, 2, by="ada", reason="autumn data")
    assert (release.now.run, release.now.number, release.now.reason) == (2, 2, "autumn data")
    assert release.before is not None
    assert release.before.run == 1


def test_review_needs_a_persons_acceptance_that_is_kept(store: Store) -> None:
    making.judge(store, 2, "review")
    with pytest.raises(GateRefusedError, match=r"run 2 needs a person's look: auc fell .*--accept TEXT"):
        promote(store, 2, by="ada", reason="it is late")
    release = promote(store, 2, by="ada", accept="the new carrier explains it")
    assert (release.now.decision, release.now.override, release.now.reason) == (
        *("review", False, "the new carrier explains it"),
    )


def test_no_is_refused_with_the_reasons_and_the_next_step(store: Store) -> None:
    making.judge(store, 2, "no")
    for accept in (None, "I like it"):
        with pytest.raises(GateRefusedError, match=r"says no to run 2: auc fell from 0.8 to 0.7.*--override") as caught:
            promote(store, 2, by="ada", accept=accept)
        assert caught.value.exit_code == 4
    assert len(store.generations("production")) == 1


def test_an_override_needs_a_reason_and_stays_in_the_history_and_the_audit(store: Store) -> None:
    making.judge(store, 2, "no")
    for reason in (None, "", "  "):
        with pytest.raises(UsageError, match="an override needs a reason"):
            promote(store, 2, by="ada", override=True, reason=reason)
    now = promote(store, 2, by="ada", override=True, reason="the sensor was replaced").now
    assert (now.decision, now.override, now.reason) == ("no", True, "the sensor was replaced")
    with store._database.read() as connection:
        body = connection.exec_driver_sql("SELECT body FROM events ORDER BY seq DESC LIMIT 1").scalar_one()
    assert '"override":true' in body
    assert "the sensor was replaced" in body
    assert store.verify() == ()


def test_an_override_of_nothing_is_none(store: Store) -> None:
    making.judge(store, 2, "go")
    assert not promote(store, 2, by="ada", override=True, reason="to be safe").now.override


def test_a_run_that_nobody_judged_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match=r"run 2 was not checked against production: `proofbook check 2`"):
        promote(store, 2, by="ada")
    with pytest.raises(UsageError, match="was not checked"):
        promote(store, 2, by="ada", override=True, reason="no time")


def test_a_verdict_against_what_production_no_longer_holds_does_not_count(store: Store, tmp_path: Path) -> None:
    making.judge(store, 2, "go")
    making.judge(store, making.build(store, tmp_path, value=0.3), "go")
    promote(store, 3, by="bob")
    with pytest.raises(
        UsageError, match=r"checked when production held run 1, and it holds run 3 \(generation 2\) now"
    ):
        promote(store, 2, by="ada")
    with pytest.raises(UsageError, match="`proofbook check 2`"):
        promote(store, 2, by="ada", override=True, reason="still good")
    making.judge(store, 2, "go")
    assert promote(store, 2, by="ada").now.number == 3


def test_a_verdict_of_another_channel_does_not_count(store: Store) -> None:
    making.judge(store, 2, "go", channel="staging")
    with pytest.raises(UsageError, match="was not checked against production"):
        promote(store, 2, by="ada")
    assert promote(store, 2, channel="staging", by="ada").now.channel == "staging"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ending": "failed"}, "run 3 failed: only a run that succeeded"),
        ({"ending": "cancelled"}, "run 3 was cancelled: only a run that succeeded"),
        ({"scope": "partial"}, "run 3 built a part of the pipeline"),
    ],
)
def test_only_a_whole_run_that_succeeded_is_promoted(
    store: Store, tmp_path: Path, changes: dict[str, str], sentence: str
) -> None:
    """Not even by an override."""
    making.judge(store, making.build(store, tmp_path, value=0.3, **changes), "go")
    with pytest.raises(UsageError, match=sentence):
        promote(store, 3, by="ada", override=True, reason="please")


def test_a_run_that_is_there_already_makes_no_new_generation(store: Store) -> None:
    release = promote(store, 1, by="ada")
    assert not release.changed
    assert len(store.generations("production")) == 1


def test_a_damaged_run_is_refused(store: Store) -> None:
    making.judge(store, 2, "go")
    notebook = store.run(2).tasks[0].notebook
    assert notebook is not None
    overwrite(store, notebook, b"something else")
    with pytest.raises(
        BlobCorruptError, match=rf"run 2 is damaged, the executed notebook of task 'train': blob {notebook}"
    ):
        promote(store, 2, by="ada")
    assert store.number("production") == 1


def test_a_run_that_does_not_exist_is_not_found(store: Store) -> None:
    with pytest.raises(NotFoundError, match="there is no run 9"):
        promote(store, 9, by="ada")


def test_somebody_who_promoted_in_the_same_moment_wins(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    making.judge(store, 2, "go")
    making.build(store, tmp_path, value=0.3)
    run = store.run

    def slow(reference: int) -> object:
        monkeypatch.undo()
        making.advance(store, 3)
        return run(reference)

    monkeypatch.setattr(store, "run", slow)
    with pytest.raises(ConflictError, match="generation 1 was expected, 2 was found"):
        promote(store, 2, by="ada")
    assert store.number("production") == 3
