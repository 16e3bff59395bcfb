"""`proofbook report` and the flow behind it, on a real store."""

import json

import msgspec
import pytest

from proofbook.cli import main
from proofbook.exceptions import MachineError, NotFoundError
from proofbook.flow import report
from proofbook.store import Store
from tests.report.conftest import make_failed, make_gate, make_run
from tests.report.dom import problems


@pytest.fixture
def project(tmp_path):
    """A pipeline with two good runs, the first in production, and a failed one that no gate judged."""
    with Store.open(tmp_path) as store:
        for number in (1, 2, 3):
            assert store.reserve("pipeline.yaml") == number
            make = make_failed if number == 3 else make_run
            run = make(store.blobs, number=number)
            store.seal(run)
            if number == 1:
                store.advance("production", 1, expected=0, kind="promote", by="someone", reason=None)
            if number == 2:
                gate = msgspec.structs.replace(
                    make_gate(store.blobs, run, "go"),
                    manifest=store.manifest(2),
                    production=1,
                    production_manifest=store.manifest(1),
                )
                store.save_gate(gate)
    return tmp_path


def write(project, reference="latest"):
    with Store.open(project, create=False) as store:
        return report.write(store, reference, folder=project / "output" / "report")


def test_the_page_and_the_list_of_runs_are_written(project):
    path = write(project, 2)

    assert path == project / "output" / "report" / "run-2.html"
    html = path.read_text(encoding="utf-8")
    assert problems(html) == []
    assert "This run may replace run 1 in production." in html
    assert "got worse by more than its margin" in html
    assert f"<h1>{project.name} <span" in html.replace("<wbr>", "")
    index = (path.parent / "index.html").read_text(encoding="utf-8")
    assert index.index("run 3") < index.index('href="run-2.html"') < index.index("in production")
    assert 'href="run-1.html"' not in index
    assert sorted(each.name for each in path.parent.iterdir()) == ["index.html", "run-2.html"]


def test_a_failed_run_without_a_gate_is_shown_beside_production(project):
    html = write(project).read_text(encoding="utf-8")

    assert "Build failed" in html
    assert "Where it failed" in html
    assert "run 1</dd>" in html


def test_the_page_names_the_digest_of_the_manifest(project):
    path = write(project, "production")

    with Store.open(project, create=False) as store:
        assert store.manifest(1) in path.read_text(encoding="utf-8")
    assert "in production" in path.read_text(encoding="utf-8")


def test_writing_twice_gives_the_same_bytes(project):
    first = write(project, 2).read_bytes()

    assert write(project, 2).read_bytes() == first


def test_damaged_blobs_are_said_on_the_page(project):
    with Store.open(project, create=False) as store:
        kept = {store.manifest(number) for number in (1, 2, 3)}
        production = store.manifest(1)
    for blob in (project / ".proofbook" / "blobs").rglob("*"):
        if blob.is_file() and blob.parent.name + blob.name not in kept and blob.name not in kept:
            blob.chmod(0o600)
            blob.write_bytes(b"rot")

    html = write(project, 2).read_text(encoding="utf-8")
    assert problems(html) == []
    assert html.count("cannot be shown") >= 4
    assert "What the gate said of this run cannot be read" in html

    with Store.open(project, create=False) as store:
        place = next(
            path
            for path in (project / ".proofbook" / "blobs").rglob("*")
            if path.is_file() and production.endswith(path.name)
        )
        assert store.run(1).number == 1
    place.chmod(0o600)
    place.write_bytes(b"rot")
    assert "Run 1, which this one is compared with, cannot be read" in write(project, 2).read_text(encoding="utf-8")


def test_an_unknown_run_is_refused_and_nothing_is_written(project):
    with pytest.raises(NotFoundError):
        write(project, 77)

    assert not (project / "output").exists()


def test_a_folder_that_cannot_be_written_is_one_line(project):
    (project / "output").write_text("a file stands where the folder should be")

    with pytest.raises(MachineError, match=r"run-3\.html"):
        write(project)


def run_command(capsys, *arguments) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["report", *arguments])
    return ended.value.code, capsys.readouterr().out


def test_the_command_prints_the_path(project, capsys, monkeypatch):
    monkeypatch.chdir(project)

    assert run_command(capsys, "2") == (0, f"{project / 'output' / 'report' / 'run-2.html'}\n")
    assert (project / "output" / "report" / "run-2.html").exists()


def test_the_command_says_it_as_json_and_takes_a_folder(project, capsys, monkeypatch):
    monkeypatch.chdir(project)

    code, out = run_command(capsys, "--json", "--folder", "elsewhere")

    assert code == 0
    assert json.loads(out) == {"run": 3, "report": "elsewhere/run-3.html"}
    assert (project / "elsewhere" / "index.html").exists()


def test_the_command_uses_the_folder_of_the_configuration(project, capsys, monkeypatch):
    monkeypatch.chdir(project)
    (project / "proofbook.toml").write_text('report = "pages"\n')

    run_command(capsys, "1")

    assert (project / "pages" / "run-1.html").exists()


def test_without_a_store_the_command_ends_with_2(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert run_command(capsys)[0] == 2


def test_the_history_holds_whole_runs_of_this_pipeline_up_to_the_one_that_is_shown(project):
    with Store.open(project) as store:
        for number, (auc, more) in enumerate(
            [(0.75, {}), (0.31, {"scope": "partial"}), (0.32, {"pipeline": "another"}), (0.76, {}), (0.99, {})], start=4
        ):
            assert store.reserve("flights") == number
            store.seal(msgspec.structs.replace(make_run(store.blobs, number=number, auc=auc), **more))
        gate = make_gate(store.blobs, store.run(7), "go")
        store.save_gate(msgspec.structs.replace(gate, manifest=store.manifest(7), production=1))

    html = write(project, 7).read_text(encoding="utf-8")

    assert problems(html) == []
    assert "run 1 to run 7: 4 runs, from 0.7431 to 0.76; production 0.7431; this run 0.76" in html
