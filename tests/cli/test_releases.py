"""promote, rollback, history, runs, show and diff, as a user types them."""

import json
import os
import shutil
from pathlib import Path

import msgspec
import pytest

from proofbook.cli import main
from proofbook.model.record import Record
from proofbook.store import Store
from tests.store import making


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs 1 and 2, each judged against nothing: production is empty."""
    root = tmp_path_factory.mktemp("template")
    (root / "pipeline.yaml").write_text("tasks: []\n")
    with Store.open(root) as store:
        for value in (0.1, 0.2):
            making.judge(store, making.build(store, root, value=value), "review")
    return root


@pytest.fixture(autouse=True)
def project(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    return tmp_path


class Ran:
    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        self.code = ended.value.code
        self.out, self.err = capsys.readouterr()


def test_promote_says_what_is_there_now_what_was_before_and_what_comes_next(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = Ran(capsys, "promote", "1")
    assert first.code == 0
    assert first.out.startswith("production is run 1 now (generation 1, ")
    assert "before: nothing" in first.out
    assert "next: builds are compared with run 1" in first.out
    with Store.open(project) as store:
        making.judge(store, 2, "go")
    second = Ran(capsys, "promote", "--reason", "autumn")
    assert "production is run 2 now (generation 2, " in second.out
    assert "before: run 1 (generation 1)" in second.out
    assert "reason: autumn" in second.out
    again = Ran(capsys, "promote", "2")
    assert (again.code, "nothing was changed" in again.out) == (0, True)


def test_a_refusal_is_one_line_and_exit_code_4(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Ran(capsys, "promote", "1")
    with Store.open(project) as store:
        making.judge(store, 2, "no")
    ran = Ran(capsys, "promote")
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.startswith("error: the gate says no to run 2")
    assert ran.err.count("\n") == 1


def test_ci_can_neither_accept_nor_override(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Ran(capsys, "promote", "1")
    with Store.open(project) as store:
        making.judge(store, 2, "review")
    monkeypatch.setenv("CI", "true")
    for arguments in (["--accept", "fine"], ["--override", "--reason", "fine"]):
        ran = Ran(capsys, "promote", "2", *arguments)
        assert (ran.code, "a person must" in ran.err) == (2, True)
    monkeypatch.delenv("CI")
    assert Ran(capsys, "promote", "2", "--accept", "fine").code == 0


def test_rollback_and_history_tell_the_whole_story(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Ran(capsys, "promote", "1")
    with Store.open(project) as store:
        making.judge(store, 2, "no")
    Ran(capsys, "promote", "2", "--override", "--reason", "the sensor was replaced")
    back = Ran(capsys, "rollback", "--reason", "it was not")
    assert back.out.startswith("production is run 1 now (generation 3, ")
    lines = Ran(capsys, "history").out.splitlines()
    assert lines[0].split() == ["generation", "run", "when", "by", "kind", "gate", "reason"]
    assert [line.split()[:3] for line in lines[1:]] == [["3", "run", "1"], ["2", "run", "2"], ["1", "run", "1"]]
    assert "rollback" in lines[1]
    assert lines[1].endswith("it was not")
    assert "promote (override)" in lines[2]
    found = json.loads(Ran(capsys, "history", "--json").out)
    assert [(step["number"], step["run"], step["override"]) for step in found] == [
        (3, 1, False),
        (2, 2, True),
        (1, 1, False),
    ]


def test_runs_are_listed_newest_first_with_their_channel(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Ran(capsys, "promote", "1")
    lines = Ran(capsys, "runs").out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["2", "1"]
    assert lines[2].split()[-1] == "production"
    assert len(Ran(capsys, "runs", "-n", "1").out.splitlines()) == 2
    assert [run["number"] for run in json.loads(Ran(capsys, "runs", "--json").out)] == [2, 1]


def test_show_gives_one_run_in_full(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = Ran(capsys, "show", "1").out
    for part in ("run 1  succeeded", "as_of", "2013-10-31", "train", "auc", "0.1", "cccccccccccc on main", "review"):
        assert part in out
    document = json.loads(Ran(capsys, "show", "--json").out)
    assert document["run"]["number"] == 2
    assert document["gate"]["decision"] == "review"


def test_diff_names_each_thing_that_differs(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store.open(project) as store:
        number = store.reserve(making.PIPELINE)
        run = store.run(1)
        environment = msgspec.structs.replace(run.environment, packages={"numpy": "2.2.0", "polars": "1.30.0"})
        code = msgspec.structs.replace(run.code, commit="d" * 40, dirty=True, patch=store.blobs.put(b"diff"))
        task = making.task_run(store, project, value=0.3, number=number)
        changes = {"environment": environment, "code": code, "parameters": {"as_of": "2013-11-30"}, "data": {}}
        store.seal(making.run_of(number, task, **changes))
    found = json.loads(Ran(capsys, "diff", "1", "3", "--json").out)["differences"]
    told = {(entry["about"], entry["name"]): (entry["old"], entry["new"]) for entry in found}
    assert told["parameter", "as_of"] == ("2013-10-31", "2013-11-30")
    assert told["code", "commit"] == ("c" * 12, "d" * 12)
    assert told["code", "uncommitted"][0] == "nothing"
    assert told["package", "numpy"] == ("2.1.0", "2.2.0")
    assert told["package", "polars"] == (None, "1.30.0")
    assert told["data", "data/flights.parquet"][1] is None
    assert told["record", "train/auc"] == ("0.1000", "0.3000")
    assert told["task", "train"][1].endswith("(params)")
    assert ("environment", "python") not in told
    assert "2013-10-31" in Ran(capsys, "diff", "1", "3").out
    assert "nothing differs" in Ran(capsys, "diff", "1", "1").out


def test_what_a_notebook_recorded_cannot_speak_to_the_terminal(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Escape sequences, a link, a carriage return, a line separator: one record stays one line of plain text."""
    hostile = "\x1b[2J\x1b]8;;http://evil\x07click\r0.99\x9b31m\u2028new\nline"
    with Store.open(project) as store:
        number = store.reserve(making.PIPELINE)
        task = making.task_run(store, project, value=0.3, number=number)
        record = Record(name=hostile, kind="text", task="train", value=hostile)
        task = msgspec.structs.replace(task, records=(record,), reason=hostile)
        store.seal(making.run_of(number, task, parameters={hostile: hostile}))
    for arguments in (["show", "3"], ["diff", "1", "3"], ["show", "3", "--json"], ["diff", "1", "3", "--json"]):
        out = Ran(capsys, *arguments).out
        assert not set(out) & (set(map(chr, range(32))) - {"\n"} | {chr(code) for code in range(127, 160)} | {"\u2028"})
        assert "0.99" in out


@pytest.mark.parametrize(
    "arguments",
    [["show", "99"], ["diff", "1", "nix"], ["promote", "99"], ["rollback"], ["history"], ["history", "staging"]],
)
def test_what_is_not_there_is_said_in_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    ran = Ran(capsys, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1


def test_where_there_is_no_store_nothing_is_made(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path_factory.mktemp("empty")
    os.chdir(empty)
    for command in ("runs", "show", "history", "promote", "rollback"):
        ran = Ran(capsys, command)
        assert (ran.code, "`proofbook build`" in ran.err) == (2, True)
    assert list(empty.iterdir()) == []
