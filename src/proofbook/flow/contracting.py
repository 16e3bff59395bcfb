"""Contracts on demand: written for files that are there, and checked outside of a build."""

import glob
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from proofbook.contracts import contract as contract_files
from proofbook.contracts import kept
from proofbook.contracts.check import check
from proofbook.contracts.files import Assigned
from proofbook.contracts.infer import infer as inferred
from proofbook.contracts.measure import Seen, measure
from proofbook.contracts.reading import FORMATS, UnreadableError
from proofbook.disk import atomic, paths
from proofbook.exceptions import ContractBreachedError, UsageError
from proofbook.flow import configuration as settings
from proofbook.flow import contracts
from proofbook.model.configuration import Configuration
from proofbook.model.contract import Checked

__all__ = ["Written", "alone", "infer", "lone", "named", "write"]


class Written(Struct, frozen=True, kw_only=True):
    """One contract that was inferred."""

    path: str
    """Where it belongs, relative to the project."""
    files: tuple[str, ...]
    text: str
    said: str
    """What was chosen, in one line."""


def infer(given: Sequence[str], *, root: Path) -> tuple[Written, ...]:
    """
    A contract for each group of files: those of one folder, of one ending and with the same columns.

    Args:
        given: Files, folders, or globs, relative to the working directory.
        root: The project's folder.

    Raises:
        UsageError: A file is not there, cannot be read, or lies outside of the project.
    """
    folder = settings.load(root).gate.contracts
    groups: dict[tuple[str, str, tuple[str, ...]], list[Seen]] = {}
    for path in _files(given):
        shown = _shown(path, root)
        try:
            seen = measure(path, shown=shown)
        except UnreadableError as error:
            raise UsageError(f"{shown}: {error}") from None
        groups.setdefault((str(Path(shown).parent), path.suffix, tuple(seen.columns)), []).append(seen)
    written: list[Written] = []
    for (where, suffix, _), files in groups.items():
        files.sort(key=lambda one: one.name)
        alone = len(files) == 1
        named = files[0].name if alone else f"{where}/*{suffix}".removeprefix("./")
        stem = files[0].stem if alone else (Path(where).name or "data")
        name = paths.export_name(stem, taken=[Path(one.path).stem for one in written])
        target = f"{folder}/{name}.toml"
        text = inferred(files, named=named)
        terms = contract_files.parse(text, path=target).terms
        key = f"key {', '.join(terms.key)}" if terms.key else "no key found"
        said = f"{len(terms.columns)} columns, {key}; a breach ends the task, a new category or column warns"
        written.append(Written(path=target, files=tuple(one.name for one in files), text=text, said=said))
    return tuple(written)


def write(written: Sequence[Written], *, root: Path, force: bool) -> None:
    """
    Write them.

    Raises:
        UsageError: One is there already, and `force` is not set: nothing is then written.
    """
    places = {one.path: paths.inside(root, one.path) for one in written}
    there = [name for name, place in places.items() if place.exists()]
    if there and not force:
        raise UsageError(f"{there[0]} is there, and may have been edited: --force writes over it")
    for one in written:
        atomic.write(places[one.path], one.text.encode())


def alone(
    files: Sequence[str] = (), *, root: Path, parameters: Mapping[str, Any] | None = None
) -> tuple[tuple[Checked, ...], tuple[str, ...]]:
    """
    Hold files against their contracts outside of a build, in this process.

    Args:
        files: Relative to the root; empty for all that contracts name.
        root: The pipeline's folder.
        parameters: For freshness as of a parameter; without it that is not looked at.

    Returns:
        What each contract says, and the declared data files that no contract speaks of.

    Raises:
        ConfigurationError: A contract cannot be read, or two claim one file.
        UsageError: A file is not there, and no contract speaks of it: it may be another's name, written wrongly.
    """
    configuration = settings.load(root)
    known = contracts.load(configuration, root=root)
    declared = [pattern for globs in configuration.data.values() for pattern in globs]
    there = {str(path.relative_to(root)) for pattern in declared for path in root.glob(pattern) if path.is_file()}
    claimed = [pattern for one in known for pattern in one.terms.files]
    there |= {str(path.relative_to(root)) for pattern in claimed for path in root.glob(pattern) if path.is_file()}
    held = contracts.assigned(known, files=sorted(files or there), globs=[] if files else claimed)
    covered = {file for one in held for file in one.files}
    lost = next((file for file in files if file not in covered and not (root / file).exists()), None)
    if lost is not None:
        raise UsageError(f"{lost}: there is no such file, and no contract speaks of it")
    checked, _ = _here(held, root=root, configuration=configuration, parameters=parameters, whole=not files)
    return checked, tuple(sorted(set(files or there) - covered))


def named(given: Sequence[str], *, root: Path) -> tuple[str, ...]:
    """
    Files as contracts name them: relative to the project.

    Raises:
        UsageError: One lies outside of it.
    """
    found = []
    for one in given:
        place = Path(os.path.abspath(one))  # noqa: PTH100 - links are not followed
        if not place.is_relative_to(root):
            raise UsageError(f"{one} lies outside of {root}")
        files = (
            sorted(file for file in place.rglob("*") if file.suffix.lower() in FORMATS) if place.is_dir() else [place]
        )
        found += [file.relative_to(root).as_posix() for file in files]
    return tuple(dict.fromkeys(found))


def lone(path: Path, *, root: Path) -> Path | None:
    """
    The copy of a file without the rows that were set aside, outside of a build; None where the file is clean itself.

    Breaches that do not stop it are said on standard error, which a notebook shows below the cell.

    Raises:
        ContractBreachedError: A breach whose policy is `fail`.
    """
    configuration = settings.load(root)
    shown = str(path.relative_to(root))
    held = contracts.assigned(contracts.load(configuration, root=root), files=[shown], globs=[])
    checked, clean = _here(held, root=root, configuration=configuration, parameters=None, whole=False)
    breaches = [breach for one in checked for breach in one.breaches]
    fatal = [breach.line for breach in breaches if breach.policy == "fail"]
    if fatal:
        raise ContractBreachedError(fatal[0] + (f" (and {len(fatal) - 1} more)" if len(fatal) > 1 else ""))
    for breach in breaches:
        sys.stderr.write(f"{breach.line}\n")
    return Path(clean[shown]) if clean.get(shown) else None


def _here(
    held: Sequence[Assigned],
    *,
    root: Path,
    configuration: Configuration,
    parameters: Mapping[str, Any] | None,
    whole: bool,
) -> tuple[tuple[Checked, ...], dict[str, str]]:
    data = {file: _digest(root / file) for one in held for file in one.files}
    files, folder = contracts.wanted(held, data), root / contracts.CACHE
    for file, key, number in files:
        if kept.recall(folder, key) is None:
            kept.keep(folder, key, *check(root / file, shown=file, contract=held[number].contract))
    return contracts.gathered(held, files, parameters=parameters, root=root, configuration=configuration, whole=whole)


def _digest(path: Path) -> str:
    if path.exists() and not path.is_file():
        return "missing: no regular file"
    try:
        return atomic.digest_of(path)
    except OSError as error:
        return f"missing: {error.strerror}"


def _files(given: Sequence[str]) -> list[Path]:
    found: list[Path] = []
    for name in given:
        path = Path(name)
        if path.is_dir():
            inside = sorted(file for file in path.iterdir() if file.suffix.lower() in FORMATS and file.is_file())
            if not inside:
                raise UsageError(f"{name}: no file there ends in {', '.join(FORMATS)}")
            found += inside
        elif path.exists():
            found.append(path)
        else:
            matching = sorted(Path(one) for one in glob.glob(name))  # noqa: PTH207 - the pattern may be absolute
            if not matching:
                raise UsageError(f"{name}: there is no such file")
            found += matching
    return list(dict.fromkeys(found))


def _shown(path: Path, root: Path) -> str:
    try:
        return path.absolute().relative_to(root).as_posix()
    except ValueError:
        raise UsageError(f"{path} lies outside of {root}: a contract names files of its project") from None
