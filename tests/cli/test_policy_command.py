"""A policy in a real project: build, promote, and be refused with the reason; `policy test` and `policy explain`."""

import json
import subprocess

import pytest

from tests.ploomber.conftest import DOOR, DOUBLE, NUMBERS, TASKS, Folder

POLICY = """
[rules.clean-commit]
at = "promote"
require = "run.code.commit != '' && !run.code.dirty"
because = "Production is built from committed code."
do = "commit, and build again"

[[tests]]
name = "uncommitted code stays out"
at = "promote"
given.run.code.dirty = true
expect = "refuse"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    made = Folder(tmp_path_factory.mktemp("policy"))
    made.write("numbers", NUMBERS)
    made.write("double", DOUBLE)
    (made.root / "pipeline.yaml").write_text(DOOR + TASKS)
    (made.root / "env.yaml").write_text("number: 1\n")
    (made.root / "policy.toml").write_text(POLICY)
    (made.root / ".gitignore").write_text(".proofbook/\noutput/\n")
    git(made, "init", "-q")
    git(made, "add", "notebooks", "pipeline.yaml", "env.yaml", ".gitignore")
    git(made, "commit", "-qm", "All but the policy")
    return made


def git(folder: Folder, *words: str) -> None:
    name = ["-c", "user.name=ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *name, *words], cwd=folder.root, check=True, capture_output=True)


def run(folder: Folder, *words: str) -> "subprocess.CompletedProcess[str]":
    return folder.run("proofbook", *words, CI="")


def test_a_promotion_is_refused_with_its_reason_and_goes_when_the_reason_is_gone(folder: Folder) -> None:
    assert run(folder, "build").returncode == 0
    refused = run(folder, "promote")
    assert refused.returncode == 4
    assert "clean-commit: Production is built from committed code." in refused.stderr
    assert "requires  run.code.commit != '' && !run.code.dirty" in refused.stderr
    assert "where     run.code.dirty is true" in refused.stderr
    assert "do        commit, and build again" in refused.stderr
    explained = run(folder, "policy", "explain")
    assert explained.returncode == 4
    assert "REFUSES  clean-commit" in explained.stdout

    git(folder, "add", "policy.toml")
    git(folder, "commit", "-qm", "The policy")
    assert run(folder, "build").returncode == 0
    # nothing to do, until the policy is another one
    assert json.loads(run(folder, "build", "--json").stdout)["nothing_to_do"]
    (folder.root / "policy.toml").write_text(POLICY.replace('"promote"\nrequire', '"check"\nrequire', 1))
    again = run(folder, "build")
    assert again.returncode == 4, again.stdout
    assert "policy rule clean-commit" in again.stdout

    (folder.root / "policy.toml").write_text(POLICY)
    assert run(folder, "promote", "2").returncode == 0


def test_the_tests_of_a_policy_are_shown_and_their_failure_is_an_exit_code(folder: Folder) -> None:
    good = run(folder, "policy", "test", "--json")
    assert good.returncode == 0
    assert json.loads(good.stdout)["good"] is True
    (folder.root / "policy.toml").write_text(POLICY.replace('"refuse"', '"allow"'))
    bad = run(folder, "policy", "test")
    assert bad.returncode == 1
    assert "FAILS  promote" in bad.stdout
    assert "run.code.dirty is true" in bad.stdout
    (folder.root / "policy.toml").write_text(
        POLICY.replace("dirty &&", "dirtty &&").replace("!run.code.dirty", "!run.code.dirtty")
    )
    broken = run(folder, "policy", "test")
    assert broken.returncode == 2
    assert "unknown name 'run.code.dirtty'; did you mean 'run.code.dirty'?" in broken.stderr
    (folder.root / "policy.toml").write_text(POLICY)
