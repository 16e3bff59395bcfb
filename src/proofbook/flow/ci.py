"""Ready-made files for CI systems: install from the lock, lint, build, compare with production, keep the report."""

from importlib.resources import files
from pathlib import Path
from typing import Literal, get_args

from msgspec import Struct

from proofbook.disk import atomic
from proofbook.exceptions import MachineError, UsageError

__all__ = ["SYSTEMS", "System", "Written", "write"]

System = Literal["github", "gitlab", "jenkins"]
SYSTEMS: tuple[System, ...] = get_args(System)

_TEMPLATES = files("proofbook.flow").joinpath("templates", "ci")
_PLACES: dict[System, tuple[str, str]] = {
    "github": ("github.yml", ".github/workflows/proofbook.yml"),
    "gitlab": ("gitlab.yml", ".gitlab-ci.yml"),
    "jenkins": ("Jenkinsfile", "Jenkinsfile"),
}
_MARK = "@INSTALL@"
_PIP = "python -m pip install --disable-pip-version-check"
_INSTALL = {
    "uv.lock": (
        f"{_PIP} uv",
        "uv export --frozen --no-emit-project --output-file .requirements-of-lock.txt",
        f"{_PIP} -r .requirements-of-lock.txt",
    ),
    "poetry.lock": (f"{_PIP} poetry", "POETRY_VIRTUALENVS_CREATE=false poetry install --no-root --no-interaction"),
    "pdm.lock": (
        f"{_PIP} pdm",
        "pdm export --format requirements --output .requirements-of-lock.txt",
        f"{_PIP} -r .requirements-of-lock.txt",
    ),
    "requirements.lock": (f"{_PIP} -r requirements.lock",),
    "requirements.txt": (f"{_PIP} -r requirements.txt",),
}
"""Lock file to how it is installed; the first that is there counts."""
_NO_LOCK = (
    "# there is no lock file: versions are whatever is newest, and runs differ for that alone",
    f"{_PIP} proofbook",
)


class Written(Struct, frozen=True, kw_only=True):
    """What was written."""

    root: str
    system: System
    file: str
    lock: str | None = None
    """The lock file that it installs from."""
    already: bool = False
    """It was there, and is the same."""


def write(root: Path, system: System) -> Written:
    """
    Write the file by which `system` lints, builds and checks the pipeline in `root`. Nothing is ever overwritten.

    Args:
        root: Folder of the pipeline, which is the root of its repository.
        system: Which CI system.

    Raises:
        UsageError: There is no pipeline, or another file is in its place.
        MachineError: It cannot be written.
    """
    if not (root / "pipeline.yaml").is_file():
        raise UsageError(f"{root} has no pipeline.yaml: `proofbook init` makes one, or name the folder that has it")
    template, place = _PLACES[system]
    lock = next((name for name in _INSTALL if (root / name).is_file()), None)
    lines = _INSTALL[lock] if lock else _NO_LOCK
    content = _filled(_TEMPLATES.joinpath(template).read_text(encoding="utf-8"), lines).encode()
    target = root / place
    try:
        there = target.read_bytes() if target.is_file() else None
        if there is None and (target.exists() or target.is_symlink()):
            raise UsageError(f"{target} is in the way: nothing was written")
        if there is not None and there != content:
            raise UsageError(
                f"{target} is there and says something else: nothing was written; move it away to have ours"
            )
    except OSError as error:
        raise MachineError(f"{error.filename or target}: {error.strerror}") from None
    if there is None:
        atomic.write(target, content)
    return Written(root=str(root), system=system, file=place, lock=lock, already=there is not None)


def _filled(template: str, lines: tuple[str, ...]) -> str:
    """The template with the lines that install in place of the mark, as deep as it stands."""
    done = []
    for line in template.splitlines():
        before, mark, _ = line.partition(_MARK)
        done += [f"{before}{one}" for one in lines] if mark else [line]
    return "\n".join([*done, ""])
