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

__all__ = ["LARGEST_UNTRACKED", "code", "environment", "fingerprint", "git", "lock_of"]

LOCKS = (
    "requirements.lock",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "conda-lock.yml",
    "Pipfile.lock",
    "requirements.txt",
)
_HEADER = re.compile(r"^(Name|Version): *(.*?) *$", re.MULTILINE)
LARGEST_UNTRACKED = 1 << 20
"""Bytes of the largest new file that is part of a patch."""
_SECONDS = 20


def environment(root: Path) -> Environment:
    """The interpreter that runs the kernels, and every distribution that it can import."""
    packages = {}
    for distribution in metadata.distributions():
        name, version = _named(distribution)
        if name:
            packages[re.sub(r"[-_.]+", "-", name).lower()] = version
    lock = lock_of(root)
    return Environment(
        python=platform.python_version(),
        system=platform.platform(),
        cpus=os.cpu_count() or 1,
        lock=digest_of(root / lock) if lock else None,
        packages=dict(sorted(packages.items())),
    )


def lock_of(root: Path) -> str | None:
    """Name of the project's lock file, where it has one."""
    return next((name for name in LOCKS if (root / name).is_file()), None)


def _named(distribution: metadata.Distribution) -> tuple[str, str]:
    """
    Name and version of a distribution, from the first lines of its metadata.

    Python's own way reads them whole, as messages: 0.15 s for four hundred packages.
    """
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    found = dict(_HEADER.findall(text.partition("\n\n")[0]))
    if found.keys() >= {"Name", "Version"}:
        return found["Name"], found["Version"]
    return distribution.metadata["Name"], distribution.version


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
    head = (git(root, "rev-parse", "HEAD", "--show-prefix") or b"").split(b"\n")
    # git's exit code is lost where this process inherited an ignored SIGCHLD
    if len(head) < 2:
        return Code()
    commit, within = map(os.fsdecode, head[:2])
    branch = git(root, "rev-parse", "--abbrev-ref", "HEAD") or b""
    patch = git(root, "diff", "HEAD", "--binary", "--no-color", "--no-ext-diff") or b""
    # all paths of the patch begin at the top of the repository
    prefixes = (f"--src-prefix=a/{within}", f"--dst-prefix=b/{within}")
    for name in filter(None, (git(root, "ls-files", "-z", "--others", "--exclude-standard") or b"").split(b"\0")):
        file = root / os.fsdecode(name)
        if file.is_file() and file.stat().st_size <= LARGEST_UNTRACKED:
            patch += (
                git(
                    *(root, "diff", "--no-index", "--binary", "--no-color", "--no-ext-diff", *prefixes),
                    *("/dev/null", os.fsdecode(name)),
                    good=1,
                )
                or b""
            )
    return Code(
        commit=commit,
        branch=branch.decode(errors="replace").strip(),
        dirty=bool(patch),
        patch=store.blobs.put(patch) if patch else None,
    )


def git(root: Path, *arguments: str, good: int = 0, ceiling: Path | None = None) -> bytes | None:
    """
    Standard output of git; None where there is no git, no repository, or no answer in time.

    Args:
        root: Where it is called.
        arguments: Of the command.
        good: An exit code that is as good as 0.
        ceiling: Folder above which no repository is looked for.
    """
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(ceiling)} if ceiling else None
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            check=False,
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode in {0, good} else None
