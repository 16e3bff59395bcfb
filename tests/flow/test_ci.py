"""
The files for CI systems: by each system's own schema, and by running what they say.

Jenkins checks a declarative pipeline with a server only; there is no schema. So its file is held to the grammar's shape
(sections, stages, steps, brackets) here, and to nothing more.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import check_jsonschema
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from proofbook.exceptions import UsageError
from proofbook.flow import ci
from proofbook.flow.init import init
from proofbook.store import Store
from tests.ploomber.conftest import DOOR, DOUBLE, NUMBERS, TASKS, Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.write("numbers", NUMBERS)
    made.write("double", DOUBLE)
    (tmp_path / "pipeline.yaml").write_text(DOOR + TASKS)
    (tmp_path / "env.yaml").write_text("number: 2\n")
    return made


LOCKS = ["uv.lock", "poetry.lock", "pdm.lock", "requirements.lock", "requirements.txt", ""]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    init(tmp_path)
    return tmp_path


def broken(path: Path, *options: str) -> str:
    """What the schema finds wrong; empty: nothing."""
    found = CliRunner().invoke(check_jsonschema.main, [*options, str(path)])
    return "" if found.exit_code == 0 else found.output


@pytest.mark.parametrize(
    ("system", "place", "options"),
    [
        ("github", ".github/workflows/proofbook.yml", ["--builtin-schema", "vendor.github-workflows"]),
        ("gitlab", ".gitlab-ci.yml", ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]),
    ],
)
def test_the_file_holds_its_systems_own_schema(
    project: Path, system: ci.System, place: str, options: list[str]
) -> None:
    written = ci.write(project, system)
    assert written.file == place
    assert broken(project / place, *options) == ""
    # and the schema does look at it
    text = (project / place).read_text().replace("timeout", "time-out").replace("  script:", "  scripts:")
    (project / place).write_text(text)
    assert "Schema validation errors" in broken(project / place, *options)


@pytest.mark.parametrize("system", ci.SYSTEMS)
@pytest.mark.parametrize("lock", LOCKS)
def test_it_installs_from_the_lock_that_is_there(project: Path, system: ci.System, lock: str) -> None:
    if lock:
        (project / lock).write_text("")
    written = ci.write(project, system)
    text = (project / written.file).read_text()
    assert written.lock == (lock or None)
    assert "@INSTALL@" not in text
    assert ("there is no lock file" in text) is not bool(lock)
    for script in scripts(project, system):
        subprocess.run(["sh", "-n"], input=script, text=True, check=True)


@pytest.mark.parametrize("system", ci.SYSTEMS)
def test_nothing_is_overwritten_and_twice_is_once(project: Path, system: ci.System) -> None:
    target = project / ci.write(project, system).file
    before = target.read_bytes()
    assert ci.write(project, system).already
    target.write_bytes(before + b"# mine\n")
    with pytest.raises(UsageError, match="says something else: nothing was written"):
        ci.write(project, system)
    assert target.read_bytes() == before + b"# mine\n"


def test_without_a_pipeline_there_is_nothing_to_build(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no pipeline\.yaml"):
        ci.write(tmp_path, "github")
    assert list(tmp_path.iterdir()) == []


def test_every_part_of_a_jenkinsfile_is_where_the_grammar_wants_it(project: Path) -> None:
    text = (project / ci.write(project, "jenkins").file).read_text()
    bare = re.sub(r"'''.*?'''|'[^'\n]*'|\"[^\"\n]*\"|//[^\n]*", "''", text, flags=re.DOTALL)
    depth, sections = 0, []
    for line in bare.splitlines():
        opened = re.match(r"\s*(\w+)(?:\([^)]*\))? \{", line)
        if opened:
            sections.append((depth, opened[1]))
        depth += line.count("{") - line.count("}")
        assert depth >= 0
    assert depth == 0
    assert sections[0] == (0, "pipeline")
    assert {name for at, name in sections if at == 1} == {"options", "environment", "stages", "post"}
    assert re.search(r"^    agent any$", bare, re.MULTILINE)
    stages = [name for at, name in sections if at == 2 and name == "stage"]
    assert len(stages) == bare.count("stage(") == sum(name == "steps" for _, name in sections) == 4
    assert {name for at, name in sections if at == 3} == {"steps", "post", "when"}


def scripts(project: Path, system: ci.System) -> list[str]:
    """What a machine would run, in its order."""
    if system == "jenkins":
        text = (project / "Jenkinsfile").read_text()
        return [one or other for one, other in re.findall(r"sh (?:'''(.*?)'''|'([^\n]*)')", text, re.DOTALL)]
    if system == "github":
        steps = read(project / ".github/workflows/proofbook.yml")["jobs"]["build"]["steps"]
        return [step["run"] for step in steps if "run" in step]
    job = read(project / ".gitlab-ci.yml")["proofbook"]
    return ["\n".join(job["before_script"]), "\n".join(job["script"])]


def read(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text())


def run(project: Path, script: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """As the systems run a script: a shell that stops at the first command that fails, and pipes that tell."""
    known = {"CI": "true", "GITHUB_SHA": "abc", "CI_COMMIT_SHA": "abc", "BUILD_NUMBER": "7"}
    known |= {"CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main", "GITHUB_STEP_SUMMARY": str(project / "shown.md")}
    known |= {"CI_PIPELINE_SOURCE": "push", "GITHUB_EVENT_NAME": "push", "GITHUB_ACTOR": "ada"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=project,
        env={**os.environ, **known, "PATH": path, **more},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_the_files_say_runs_a_good_project_promotes_it_and_stops_a_bad_change(folder: Folder) -> None:
    for system in ("github", "gitlab"):
        ci.write(folder.root, system)
    # without what installs: what it would install is here
    done = run(folder.root, scripts(folder.root, "gitlab")[1])
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder.root / "output/summary.md").read_text().startswith("## ! Review: run 1")
    assert (folder.root / "output/lint.sarif").read_text().startswith("{")
    assert "run 1 would be the first that production holds" in done.stderr
    assert "production is" not in done.stdout

    *_, promote = scripts(folder.root, "github")
    assert "production is" not in run(folder.root, promote, ACCEPT="set for every build").stdout
    done = run(folder.root, promote, ACCEPT='all of it; "$(exit 9)"', GITHUB_EVENT_NAME="workflow_dispatch")
    assert "production is run 1 now" in done.stdout, done.stdout + done.stderr
    with Store.open(folder.root, create=False) as store:
        assert store.generations("production")[0].reason == 'commit abc; accepted: ada: all of it; "$(exit 9)"'

    (folder.root / "env.yaml").write_text("number: -5\n")
    _, lint, build, check, summary, promote = scripts(folder.root, "github")
    assert "proofbook lint" in lint
    assert "proofbook promote" in promote
    for script in (build, check):
        done = run(folder.root, script)
        assert done.returncode == 4, done.stdout + done.stderr
    assert run(folder.root, summary).returncode == 0
    assert (folder.root / "shown.md").read_text().startswith("## ✕ No: run 2")
    assert 'failures="2"' in (folder.root / "output/proofbook.xml").read_text()
