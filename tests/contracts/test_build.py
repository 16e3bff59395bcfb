"""Contracts in real builds: what ends a task, what is only said, and what a task reads."""

import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from proofbook import contracted
from proofbook.exceptions import ConfigurationError, ContractBreachedError
from proofbook.flow import configuration
from proofbook.flow.build import Built, Request, build
from proofbook.model.pipeline import Pipeline, Task
from proofbook.store import Store

GOOD = "id,price\n" + "".join(f"{number},{number % 7}\n" for number in range(1, 31))
CONTRACT = """
files = ["data/sales.csv"]
on_breach = "fail"
key = ["id"]
[columns.id]
type = "integer"
[columns.price]
type = "number"
range = [0, 100]
"""


@dataclass
class Project:
    """`read` adds up the prices, `report` copies the sum."""

    root: Path
    asks: bool = True
    events: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("data", "contracts", "output"):
            (self.root / name).mkdir()
        self.give(GOOD)
        self.demand(CONTRACT)
        (self.root / "proofbook.toml").write_text('[data]\nread = ["data/*.csv"]\n')

    def give(self, text: str) -> None:
        (self.root / "data/sales.csv").write_text(text)

    def demand(self, text: str) -> None:
        (self.root / "contracts/sales.toml").write_text(text)

    @property
    def total(self) -> float:
        return float((self.root / "output/report.txt").read_text())

    @property
    def said(self) -> list[str]:
        return [event["line"] for event in self.events if event["event"] == "breach"]

    @property
    def ran(self) -> list[str]:
        return [event["task"] for event in self.events if event["event"] == "task_started"]

    def _work(self, name: str) -> None:
        if name == "read":
            path = self.root / "data/sales.csv"
            rows = (contracted(path) if self.asks else path).read_text().splitlines()[1:]
            (self.root / "output/read.txt").write_text(str(sum(float(row.split(",")[1]) for row in rows)))
        else:
            (self.root / "output/report.txt").write_text((self.root / "output/read.txt").read_text())

    def build(self, **options: Any) -> Built:
        self.events.clear()
        code = "contracted(path)" if self.asks else "path"
        tasks = tuple(
            Task(name=name, kind="other", code=code, upstream=upstream, products={"product": f"output/{name}.txt"}, params={"as_of": "2013-09-30"})
            for name, upstream in (("read", ()), ("report", ("read",)))
        )  # fmt: skip
        request = Request(
            pipeline=Pipeline(tasks=tasks), root=self.root, configuration=configuration.load(self.root),
            notebook=lambda name: b"", other=self._work, convert=lambda name, path: None, **options,
        )  # fmt: skip
        return build(request, observe=self.events.append)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_breach_that_fails_ends_the_task_and_nothing_after_it_runs(project: Project) -> None:
    assert project.build().exit_code == 0
    project.give(GOOD.replace("\n4,", "\n3,") + "31,500\n")
    built = project.build()
    assert built.exit_code == 1
    assert [(task.name, task.status) for task in built.run.tasks] == [("read", "failed"), ("report", "skipped")]
    failure = built.run.tasks[0].failure
    assert failure is not None
    assert failure.message.startswith("data/sales.csv: ")
    assert failure.message.endswith("(and 1 more)")
    assert len(project.said) == 2
    assert any(
        "column price: 1 of 31 rows outside of 0 to 100, first 500 in row 31 (range: fail)" in line
        for line in project.said
    )
    assert any(
        "2 of 31 rows whose key (id) occurs again, first 3 in row 3 (key: fail)" in line for line in project.said
    )
    assert [one.contract for one in built.run.tasks[0].contracts] == ["contracts/sales.toml"]


def test_a_breach_that_warns_is_said_and_kept_and_ends_nothing(project: Project) -> None:
    project.demand(CONTRACT + 'on_breach = "warn"\n')
    project.give(GOOD + "31,500\n")
    built = project.build()
    assert built.exit_code == 0
    assert project.total == 500 + sum(number % 7 for number in range(1, 31))
    (line,) = project.said
    assert "(range: warn)" in line
    sealed = Store.open(project.root, create=False).run("latest")
    (checked,) = sealed.tasks[0].contracts
    assert checked.breaches[0].line == line
    assert sealed.tasks[0].inputs["contracts"] == {"contracts/sales.toml": checked.digest}


def test_rows_that_are_set_aside_lie_where_people_look_and_the_task_does_not_get_them(project: Project) -> None:
    clean = project.build()
    assert clean.run.tasks[0].contracts[0].set_aside == ()
    wanted = project.total
    project.demand(CONTRACT + 'on_breach = "quarantine"\n')
    project.give(GOOD + "31,500\n")
    built = project.build()
    assert built.exit_code == 0
    assert project.total == wanted
    (aside,) = built.run.tasks[0].contracts[0].set_aside
    assert (aside.file, aside.path, aside.rows) == ("data/sales.csv", "output/quarantine/data/sales.csv.csv", 1)
    assert (
        project.root / aside.path
    ).read_text() == 'row,reason,id,price\n31,"price: outside of 0 to 100",31,500\n'.replace('"', "")
    assert Store.open(project.root, create=False).blobs.get(aside.digest) == (project.root / aside.path).read_bytes()
    assert [line for line in project.said if "contracted" in line] == []
    project.give(GOOD)
    project.build()
    assert not (project.root / aside.path).exists()


def test_a_task_that_reads_the_file_itself_is_told_of_the_rows_that_it_got(project: Project) -> None:
    project.asks = False
    project.demand(CONTRACT + 'on_breach = "quarantine"\n')
    project.build()
    assert len(project.said) == 1
    assert "contracts/sales.toml: it may set rows aside, and the task would get them all the same" in project.said[0]
    project.give(GOOD + "31,500\n")
    built = project.build()
    assert "1 rows were set aside, and the task did not ask for the clean copy" in project.said[-1]
    assert [one.check for one in built.run.tasks[0].contracts[0].breaches] == ["range", "contracted"]


def test_a_changed_contract_is_a_reason_to_run_and_a_changed_comment_is_none(project: Project) -> None:
    project.build()
    project.demand("# words\n" + CONTRACT)
    project.build()
    assert project.ran == []
    project.demand(CONTRACT.replace("100", "3"))
    built = project.build()
    assert project.ran == ["read"]
    assert built.run.tasks[0].status == "failed"
    started = next(event for event in project.events if event["event"] == "task_started")
    assert started["reason"] == "contract contracts/sales.toml changed"


def test_what_was_found_in_a_file_is_kept_by_content(project: Project) -> None:
    project.build()
    folder = project.root / ".proofbook/cache/contracts"
    (kept,) = folder.glob("*.json")
    before = kept.stat().st_mtime_ns
    project.build(force=True)
    assert project.ran == ["read", "report"]
    assert kept.stat().st_mtime_ns == before
    project.give(GOOD + "31,1\n")
    project.build()
    assert len(list(folder.glob("*.json"))) == 2


def test_a_clean_copy_that_somebody_wrote_to_is_made_again(project: Project) -> None:
    project.demand(CONTRACT + 'on_breach = "quarantine"\n')
    project.give(GOOD + "31,500\n")
    project.build()
    wanted = project.total
    (copy,) = (project.root / ".proofbook/cache/contracts").glob("*.clean")
    copy.chmod(0o644)
    copy.write_text("id,price\n1,99\n")
    project.build(force=True)
    assert project.total == wanted


@pytest.mark.parametrize("what", ["absent", "folder", "too few"])
def test_a_file_that_is_not_there_ends_the_task_in_words(project: Project, what: str) -> None:
    (project.root / "data/sales.csv").unlink()
    if what == "folder":
        (project.root / "data/sales.csv").mkdir()
    if what == "too few":
        project.demand(CONTRACT.replace("data/sales.csv", "data/*.csv"))
    built = project.build()
    assert built.exit_code == 1
    said = {
        "absent": "data/sales.csv: it is missing",
        "folder": "data/sales.csv: it is a folder",
        "too few": "data/*.csv: 0 files, fewer than 1",
    }
    assert project.said[0].startswith(said[what])


def test_data_that_are_too_old_as_of_a_parameter_end_the_task(project: Project) -> None:
    project.give("id,price,day\n" + "".join(f"{number},1,2013-09-{number:02}\n" for number in range(1, 21)))
    text = 'freshness = { column = "day", days = 12, before = "as_of" }\n' + CONTRACT + '[columns.day]\ntype = "date"\n'
    project.demand(text)
    assert project.build().exit_code == 0
    project.demand(text.replace("12", "7"))
    assert project.build().exit_code == 1
    assert "the newest is of 2013-09-20 00:00, 11.0 days before as_of = 2013-09-30, and may be 7" in project.said[0]
    project.demand(text.replace("as_of", "asof"))
    built = project.build()
    assert built.exit_code == 1
    assert built.run.tasks[0].failure is not None
    assert "that is no parameter of the task" in built.run.tasks[0].failure.message


def test_data_that_grow_too_old_while_nothing_else_changes_end_the_task(project: Project) -> None:
    today = datetime.now(UTC).date()
    project.give(f"id,price,day\n1,1,{today}\n")
    text = 'freshness = { column = "day", days = 3 }\n' + CONTRACT + '[columns.day]\ntype = "date"\n'
    project.demand(text)
    assert project.build().exit_code == 0
    project.build()
    assert project.ran == []
    # three days later: what was kept of the file tells the day, so that is all there is to change
    (kept,) = (project.root / ".proofbook/cache/contracts").glob("*.json")
    kept.write_text(kept.read_text().replace(str(today), str(today - timedelta(days=9))))
    built = project.build()
    assert project.ran == ["read"]
    assert built.exit_code == 1
    assert "days before now, and may be 3" in project.said[0]


def test_data_of_which_nothing_tells_how_old_they_are_end_the_task(project: Project) -> None:
    project.give("id,price,day\n1,1,\n2,1,\n")
    column = '[columns.day]\ntype = "date"\nnulls = 1\n'
    project.demand('freshness = { column = "day", days = 3 }\n' + CONTRACT + column)
    assert project.build().exit_code == 1
    assert "no row has a value, so that nothing tells how old they are (freshness: fail)" in project.said[0]


def test_a_warning_is_said_again_where_a_result_is_reused(project: Project) -> None:
    project.demand(CONTRACT + 'on_breach = "warn"\n')
    project.give(GOOD + "31,500\n")
    project.build()
    before = project.said
    project.build()
    assert project.ran == []
    assert project.said == before


def test_two_contracts_for_one_file_are_refused(project: Project) -> None:
    (project.root / "contracts/other.toml").write_text(CONTRACT)
    with pytest.raises(Exception, match=r"data/sales.csv is claimed by contracts/other.toml and contracts/sales.toml"):
        project.build()
    assert project.events == [], "before anything ran"


def test_a_contract_that_cannot_be_read_is_refused_before_anything_runs(project: Project) -> None:
    project.demand("files = 3")
    with pytest.raises(ConfigurationError, match=r"contracts/sales\.toml"):
        project.build()
    assert project.events == []
    with Store.open(project.root, create=False) as store:
        assert store.runs() == ()


def test_a_contract_for_a_file_that_no_task_declares_is_told_of(project: Project) -> None:
    (project.root / "contracts/other.toml").write_text(CONTRACT.replace("data/sales", "elsewhere/returns"))
    project.build()
    (said,) = (event["message"] for event in project.events if event["event"] == "unguarded")
    assert said.startswith("contracts/other.toml speaks of no file that a task declares")


def test_outside_of_a_build_contracted_checks_by_itself(
    project: Project, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = project.root / "data/sales.csv"
    assert contracted(path) == path
    assert contracted(project.root / "elsewhere.csv") == project.root / "elsewhere.csv"
    project.give(GOOD + "31,500\n")
    with pytest.raises(ContractBreachedError, match=r"column price: 1 of 31 rows outside of 0 to 100"):
        contracted(path)
    project.demand(CONTRACT + 'on_breach = "quarantine"\n')
    assert contracted(path).read_text() == GOOD
    assert "(range: quarantine)" in capsys.readouterr().err


def test_a_file_that_the_build_was_not_told_of_is_checked_when_it_is_asked_for(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.build()
    (told,) = (project.root / ".proofbook/cache/contracts/tasks").glob("*/files.json")
    monkeypatch.setenv("PROOFBOOK_CONTRACTS", str(told))
    (project.root / "prices.csv").write_text("id,price\n1,500\n")
    assert contracted(project.root / "prices.csv") == project.root / "prices.csv"
    (project.root / "contracts/prices.toml").write_text(CONTRACT.replace("data/sales.csv", "prices.csv"))
    with pytest.raises(ContractBreachedError, match=r"prices\.csv: column price: 1 of 1 rows outside"):
        contracted(project.root / "prices.csv")


def test_a_clean_copy_is_found_through_a_link_to_the_project(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project.demand(CONTRACT + 'on_breach = "quarantine"\n')
    project.give(GOOD + "31,500\n")
    project.build()
    (told,) = (project.root / ".proofbook/cache/contracts/tasks").glob("*/files.json")
    monkeypatch.setenv("PROOFBOOK_CONTRACTS", str(told))
    link = tmp_path_factory.mktemp("elsewhere") / "link"
    link.symlink_to(project.root)
    assert contracted(link / "data/sales.csv").read_text() == GOOD


PIPELINE = """
executor: {dotted_path: proofbook.ploomber.Executor}
on_render: proofbook.ploomber.on_render
on_finish: proofbook.ploomber.on_finish
on_failure: proofbook.ploomber.on_failure
meta: {extract_upstream: false, extract_product: false}
tasks:
  - source: read.py
    name: read
    product: {nb: output/read.ipynb, total: output/total.txt}
"""
NOTEBOOK = """# %% tags=["parameters"]
upstream = None
product = None
# %%
from pathlib import Path
from proofbook import contracted, record
rows = contracted("data/sales.csv").read_text().splitlines()[1:]
record("rows", len(rows), floor=1)
Path(product["total"]).write_text(str(len(rows)))
"""


def test_a_notebook_in_a_kernel_reads_the_clean_copy(project: Project) -> None:
    (project.root / "pipeline.yaml").write_text(PIPELINE)
    (project.root / "read.py").write_text(NOTEBOOK)
    project.demand(CONTRACT + 'on_breach = "quarantine"\n')
    project.give(GOOD + "31,500\nx,1\n")
    project.demand((project.root / "contracts/sales.toml").read_text().replace('"fail"', '"quarantine"'))
    program = "import sys; from proofbook.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", program, "build"]
    done = subprocess.run(command, cwd=project.root, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project.root / "output/total.txt").read_text() == "30"
    assert "(range: quarantine)" in done.stdout
    assert "(malformed: quarantine)" in done.stdout
    assert "contracted" not in done.stdout
    (checked,) = Store.open(project.root, create=False).run("latest").tasks[0].contracts
    assert checked.set_aside[0].rows == 2
