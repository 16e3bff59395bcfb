"""What a run says of version control and environment."""

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import msgspec

from proofbook.flow import surroundings
from proofbook.store import Store


def _git(root: Path, *words: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *identity, *words], cwd=root, check=True, capture_output=True)


def test_the_commit_and_what_was_not_committed_are_kept(tmp_path: Path) -> None:
    _git(tmp_path, "init", "-q")
    (tmp_path / "known.txt").write_text("one\n")
    (tmp_path / ".gitignore").write_text(".proofbook/\n")
    _git(tmp_path, "add", "-A")
    _git(tmp_path, "commit", "-qm", "first")
    store = Store.open(tmp_path)
    clean = surroundings.code(tmp_path, store)
    assert clean.commit is not None
    assert (len(clean.commit), clean.dirty, clean.patch) == (40, False, None)

    (tmp_path / "known.txt").write_text("two\n")
    (tmp_path / "new.txt").write_text("never added\n")
    dirty = surroundings.code(tmp_path, store)
    assert dirty.dirty
    assert dirty.patch is not None
    patch = store.blobs.get(dirty.patch).decode()
    assert "-one\n+two\n" in patch
    assert "+never added\n" in patch
    _git(tmp_path, "checkout", "-q", "known.txt")
    (tmp_path / "new.txt").unlink()
    (tmp_path / "p.patch").write_text(patch)
    _git(tmp_path, "apply", "p.patch")
    assert (tmp_path / "known.txt").read_text() == "two\n"
    assert (tmp_path / "new.txt").read_text() == "never added\n"


def test_a_folder_without_git_has_no_commit(tmp_path: Path) -> None:
    assert surroundings.code(tmp_path, Store.open(tmp_path)).commit is None


def test_the_environment_lists_packages_and_lock(tmp_path: Path) -> None:
    found = surroundings.environment(tmp_path)
    assert found.python == ".".join(map(str, sys.version_info[:3]))
    assert found.packages["papermill"] == "2.7.0"
    assert found.lock is None
    (tmp_path / "requirements.lock").write_text("x==1\n")
    assert surroundings.environment(tmp_path).lock is not None


def test_another_version_of_a_package_makes_another_fingerprint_and_another_lock_does_not(tmp_path: Path) -> None:
    found = surroundings.environment(tmp_path)
    other = msgspec.structs.replace(found, packages={**found.packages, "papermill": "3.0"})
    assert surroundings.fingerprint(found) != surroundings.fingerprint(other)
    relocked = msgspec.structs.replace(found, lock="0" * 64)
    assert surroundings.fingerprint(found) == surroundings.fingerprint(relocked)


def test_packages_are_named_as_their_metadata_names_them() -> None:
    expected = {
        re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower(): found.version for found in metadata.distributions()
    }
    assert surroundings.environment(Path()).packages == expected
