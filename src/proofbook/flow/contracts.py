"""Data contracts in a build: the files of a task are held against theirs before it runs."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs

from proofbook.contracts import contract as contract_files
from proofbook.contracts import files as contract_sets
from proofbook.contracts import kept
from proofbook.contracts.contract import Contract, policy
from proofbook.contracts.files import Assigned
from proofbook.disk import atomic, paths, spool
from proofbook.exceptions import ConfigurationError
from proofbook.execute import forked
from proofbook.flow import observed
from proofbook.model.configuration import Configuration
from proofbook.model.contract import VARIABLE, Breach, Checked, SetAside
from proofbook.model.run import Failure

__all__ = ["CACHE", "Held", "assigned", "digests", "gathered", "hold", "load", "unasked", "wanted"]

CACHE = ".proofbook/cache/contracts"
"""Where findings are kept, below the pipeline's folder."""


class Held(Struct, frozen=True, kw_only=True):
    """The contracts of one task's data, looked at."""

    checked: tuple[Checked, ...] = ()
    environment: dict[str, str] = {}
    """What `contracted` needs to know in the task."""
    asked: str = ""
    """Folder in which the task leaves a note of each file that it asks for."""
    error: Failure | None = None
    """Why nothing could be checked."""

    @property
    def breaches(self) -> tuple[Breach, ...]:
        """Of all contracts."""
        return tuple(breach for one in self.checked for breach in one.breaches)

    @property
    def failure(self) -> Failure | None:
        """Why the task must not run; None where it may."""
        fatal = [breach.line for breach in self.breaches if breach.policy == "fail"]
        more = f" (and {len(fatal) - 1} more)" if len(fatal) > 1 else ""
        return self.error or (Failure(kind="error", message=fatal[0] + more) if fatal else None)


def load(configuration: Configuration, *, root: Path) -> tuple[Contract, ...]:
    """All contracts of the project. Raises ConfigurationError."""
    return contract_files.load(paths.inside(root, configuration.gate.contracts), root=root)


def assigned(contracts: Sequence[Contract], *, files: Sequence[str], globs: Sequence[str]) -> tuple[Assigned, ...]:
    """The contracts that speak of a task's data. Raises ConfigurationError."""
    return contract_sets.assigned(contracts, files=files, globs=globs)


def digests(held: Sequence[Assigned], *, data: Mapping[str, str], root: Path) -> dict[str, str]:
    """
    Each contract to the digest of what it says: part of what a task's result depends on.

    So is that data which were fresh enough have grown too old since: the task runs, and its contract stops it.
    """
    found = {one.contract.path: one.contract.digest for one in held}
    for one in held:
        if one.contract.terms.freshness is None or one.contract.terms.freshness.before != "now":
            continue
        observed.refuse(f"{one.contract.path} asks what time it is")
        recalled = [kept.recall(root / CACHE, key) for _, key, _ in wanted([one], data)]
        newest = [finding[0].found.newest for finding in recalled if finding is not None and finding[0].found.rows]
        if contract_sets.freshness(one, newest, parameters={}) is not None:
            found[f"{one.contract.path} [freshness]"] = "too old"
    return found


async def hold(
    held: Sequence[Assigned],
    *,
    task: str,
    parameters: Mapping[str, Any],
    data: Mapping[str, str],
    root: Path,
    configuration: Configuration,
    limit: float | None = None,
) -> Held:
    """
    Hold the files of a task against their contracts.

    Args:
        held: The contracts and the files.
        task: Name of the task.
        parameters: Of the task.
        data: File to the digest of its content.
        root: The pipeline's folder.
        configuration: Where what is set aside is put: beside the report.
        limit: Seconds that it may take.
    """
    if not held:
        return Held()
    folder = root / CACHE
    files = wanted(held, data)
    order = tuple(one for one in files if kept.recall(folder, one[1]) is None)
    if order:
        error = await _checked(order, tuple(one.contract for one in held), root=root, folder=folder, limit=limit)
        if error:
            return Held(error=error)
    try:
        checked, clean = gathered(held, files, parameters=parameters, root=root, configuration=configuration)
    except ConfigurationError as error:
        return Held(error=Failure(kind="error", message=str(error)))
    place = folder / "tasks" / paths.export_name(task)
    atomic.remove(place)
    content = msgspec.json.encode({"root": str(root), "files": clean, "asked": str(place / "asked")})
    atomic.write(place / "files.json", content, durable=False)
    environment = {VARIABLE: str(place / "files.json")}
    return Held(checked=checked, environment=environment, asked=str(place / "asked"))


def unasked(held: Held, assigned: Sequence[Assigned], *, sources: Callable[[], str]) -> tuple[Checked, ...]:
    """
    What was found, and with it what a task did not do about quarantine: it got a file as it lies there.

    Args:
        held: What was found before it ran.
        assigned: The contracts.
        sources: What it runs.
    """
    cure = "read `contracted(path)` in place of `path` (from proofbook import contracted)"
    found = []
    for one, by in zip(held.checked, assigned, strict=True):
        more = []
        for aside in one.set_aside:
            if not (Path(held.asked) / _note(aside.file)).exists():
                said = f"{aside.rows:,} rows were set aside, and the task did not ask for the clean copy"
                more.append(Breach(file=aside.file, check="contracted", policy="warn", message=said, cure=cure))
        if not more and by.contract.quarantines and "contracted" not in sources():
            said = "it may set rows aside, and the task would get them all the same"
            more.append(Breach(file=by.contract.path, check="contracted", policy="warn", message=said, cure=cure))
        found.append(structs.replace(one, breaches=(*one.breaches, *more)) if more else one)
    return tuple(found)


def wanted(held: Sequence[Assigned], data: Mapping[str, str]) -> list[tuple[str, str, int]]:
    """Each file, the key under which the finding in it is kept, and the number of its contract."""
    return [
        (file, kept.key_of(file, digest=data.get(file, "missing"), contract=one.contract), number)
        for number, one in enumerate(held)
        for file in one.files
    ]


async def _checked(
    files: tuple[tuple[str, str, int], ...],
    contracts: tuple[Contract, ...],
    *,
    root: Path,
    folder: Path,
    limit: float | None,
) -> Failure | None:
    """Check files in another interpreter, as a table library must not be used after a fork. Returns what went wrong."""
    with spool.folder() as private:
        place = private / "order.json"
        texts = [(one.path, one.text) for one in contracts]
        order = {"root": str(root), "folder": str(folder), "contracts": texts, "files": files}
        atomic.write(place, msgspec.json.encode(order), durable=False)
        command = [sys.executable, "-P", "-m", "proofbook.contracts", str(place)]
        ended = await forked.run(
            lambda: subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True), limit=limit
        )
        if place.with_suffix(".error").exists():
            return Failure(kind="error", message=place.with_suffix(".error").read_text(encoding="utf-8"))
        if ended.failure is None or ended.failure.kind in {"cancelled", "timeout"}:
            return ended.failure
        at = place.with_suffix(".at")
        file = at.read_text(encoding="utf-8") if at.exists() else files[0][0]
        said = " ".join(ended.failure.message.split())[:200]
        message = f"{file}: it cannot be checked, what reads it ended: {said}; replace it with a good copy"
        return Failure(kind="error", message=message)


def gathered(
    held: Sequence[Assigned],
    files: Sequence[tuple[str, str, int]],
    *,
    parameters: Mapping[str, Any] | None,
    root: Path,
    configuration: Configuration,
    whole: bool = True,
) -> tuple[tuple[Checked, ...], dict[str, str]]:
    """
    What each contract says, and each file's clean copy; empty where the file itself is clean.

    Args:
        held: The contracts.
        files: As `wanted` tells them; a finding in each is kept.
        parameters: Of the task; without them freshness as of a parameter is not looked at.
        root: The pipeline's folder.
        configuration: Where what is set aside is put.
        whole: Whether these are all files, so that too few and too old ones can be told.
    """
    checked, clean = [], {}
    for number, one in enumerate(held):
        breaches, newest, aside = [], [], []
        for file, key, of in files:
            if of != number:
                continue
            recalled = kept.recall(root / CACHE, key)
            if recalled is None:
                said, cure = "what was found in it was removed meanwhile", "build again"
                breaches.append(
                    Breach(
                        file=file,
                        check="unreadable",
                        policy=policy(one.contract.terms, "unreadable"),
                        message=said,
                        cure=cure,
                    )
                )
                continue
            finding, copy, rows = recalled
            breaches += finding.found.breaches
            if finding.found.rows:
                newest.append(finding.found.newest)
            fatal = any(breach.policy == "fail" for breach in finding.found.breaches)
            clean[file] = str(copy) if finding.clean and not fatal else ""
            put = _put(file, rows if finding.clean else None, root=root, configuration=configuration)
            if put:
                aside.append(SetAside(file=file, path=put, digest=finding.aside, rows=finding.found.aside))
        if whole:
            several = [contract_sets.too_few(one)]
            if parameters is not None or (
                one.contract.terms.freshness and one.contract.terms.freshness.before == "now"
            ):
                several.append(contract_sets.freshness(one, newest, parameters=parameters or {}))
            breaches += [breach for breach in several if breach is not None]
        checked.append(
            Checked(
                contract=one.contract.path, digest=one.contract.digest, files=len(one.files),
                breaches=tuple(breaches), set_aside=tuple(aside),
            )
        )  # fmt: skip
    return tuple(checked), clean


def _put(file: str, rows: Path | None, *, root: Path, configuration: Configuration) -> str:
    """Put the rows that were set aside where people look; what lies there of an earlier build goes."""
    place = paths.inside(root, f"{Path(configuration.report).parent}/quarantine/{file}.csv")
    if rows is None:
        if place.exists():
            atomic.remove(place)
        return ""
    atomic.write(place, rows.read_bytes(), durable=False)
    return os.path.relpath(place, root)


def _note(file: str) -> str:
    return sha256(file.encode()).hexdigest()
