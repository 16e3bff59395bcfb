"""What a run ran on: version control, interpreter, packages, lock file."""

import hashlib
import os
import platform
import re
import subprocess
from importlib import metadata
from pathlib import Path

from proofbook.disk.atomic import digest_of
from proofbook.model.run import Code, Environment, canonical
from proofbook.store import Store

__all__ = ["code", "environment", "fingerprint"]

LOCKS = (
    "requirements.lock",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "conda-lock.yml",
    "Pipfile.lock",
    "requirements.txt",
)
_LARGEST_UNTRACKED = 1 << 20
_SECONDS = 20


def environment(root: Path) -> Environment:
    """The interpreter that runs the kernels, and every distribution that it can import."""
    packages = {}
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            packages[re.sub(r"[-_.]+", "-", name).lower()] = distribution.version
    lock = next((root / name for name in LOCKS if (root / name).is_file()), None)
    return Environment(
        python=platform.python_version(),
        system=platform.platform(),
        cpus=os.cpu_count() or 1,
        lock=digest_of(lock) if lock else None,
        packages=dict(sorted(packages.items())),
    )


def fingerprint(environment: Environment) -> str:
    """
    The part of an environment that a task's result depends on: Python and the installed packages.

    The lock file itself is kept with the run, but does not count: a comment in it changes nothing, and a lock that
    was not installed changes nothing yet.
    """
    parts = {"python": environment.python, "machine": platform.machine(), "packages": environment.packages}
    return hashlib.sha256(canonical(parts)).hexdigest()


def code(root: Path, store: Store) -> Code:
    """The commit, and as a patch in the store what was not committed, untracked files of up to 1 MiB among it."""
    commit = _git(root, "rev-parse", "HEAD")
    if commit is None:
        return Code()
    branch = _git(root, "rev-parse", "--abbrev-ref", "HEAD") or b""
    patch = _git(root, "diff", "HEAD", "--binary", "--no-color", "--no-ext-diff") or b""
    for name in filter(None, (_git(root, "ls-files", "-z", "--others", "--exclude-standard") or b"").split(b"\0")):
        file = root / os.fsdecode(name)
        if file.is_file() and file.stat().st_size <= _LARGEST_UNTRACKED:
            patch += (
                _git(root, "diff", "--no-index", "--binary", "--no-color", "/dev/null", os.fsdecode(name), good=1)
                or b""
            )
    return Code(
        commit=commit.decode().strip(),
        branch=branch.decode(errors="replace").strip(),
        dirty=bool(patch),
        patch=store.blobs.put(patch) if patch else None,
    )


def _git(root: Path, *arguments: str, good: int = 0) -> bytes | None:
    """Standard output of git; None where there is no git, no repository, or no answer in time."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            check=False,
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode in {0, good} else None
