"""Which files of a task each contract speaks of, and what it says of them together."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec import Struct

from proofbook.contracts.contract import Contract, matches, policy, responsible
from proofbook.exceptions import ConfigurationError
from proofbook.model.contract import Breach

__all__ = ["Assigned", "assigned", "freshness", "too_few"]


class Assigned(Struct, frozen=True, kw_only=True):
    """A contract, and the files of one task that it is for; one that it names and that is not there is among them."""

    contract: Contract
    files: tuple[str, ...]


def assigned(contracts: Sequence[Contract], *, files: Sequence[str], globs: Sequence[str]) -> tuple[Assigned, ...]:
    """
    The contracts that speak of a task's data.

    Args:
        contracts: All there are.
        files: The data files of the task that are there, or that it names itself.
        globs: What the configuration says that it reads: a file named here and in a contract must be there.

    Raises:
        ConfigurationError: Two contracts claim one file.
    """
    found: dict[str, set[str]] = {}
    for file in files:
        contract = responsible(contracts, file)
        if contract is not None:
            found.setdefault(contract.path, set()).add(file)
    for contract in contracts:
        for named in contract.terms.files:
            if any(matches(named, glob) for glob in globs):
                there = found.setdefault(contract.path, set())
                if not any(sign in named for sign in "*?["):
                    there.add(named)
    return tuple(
        Assigned(contract=contract, files=tuple(sorted(found[contract.path])))
        for contract in contracts
        if contract.path in found
    )


def too_few(one: Assigned) -> Breach | None:
    """The breach where fewer files are there than the contract asks for."""
    terms = one.contract.terms
    if len(one.files) >= terms.least_files:
        return None
    return Breach(
        file=", ".join(terms.files), check="files", policy=policy(terms, "files"),
        message=f"{len(one.files)} files, fewer than {terms.least_files}",
        cure=f"are all of them there? or lower least_files ({one.contract.path})",
    )  # fmt: skip


def freshness(one: Assigned, newest: Sequence[str], *, parameters: Mapping[str, Any]) -> Breach | None:
    """
    The breach where the newest row of all files is too old.

    Args:
        one: The contract and its files.
        newest: The largest value of each file that has rows, ISO 8601; empty where none of them has one.
        parameters: Of the task.

    Raises:
        ConfigurationError: The contract names a parameter that is none, or no day.
    """
    wanted = one.contract.terms.freshness
    if wanted is None or not newest:
        return None
    if not any(newest):
        return _too_old(one, "no row has a value, so that nothing tells how old they are")
    latest = max(_moment(text) for text in newest if text)
    if wanted.before == "now":
        reference, said = datetime.now(UTC), "now"
    else:
        said = f"{wanted.before} = {parameters.get(wanted.before)}"
        try:
            # a day is over at its end
            reference = _moment(str(parameters[wanted.before])[:10]) + timedelta(days=1)
        except (KeyError, ValueError):
            raise ConfigurationError(
                f"{one.contract.path}: [freshness] before = {wanted.before!r}, and that is no parameter of the task "
                "that holds a day (2013-09-30)"
            ) from None
    age = (reference - latest).total_seconds() / 86400
    if age <= wanted.days:
        return None
    message = f"the newest is of {latest:%Y-%m-%d %H:%M}, {age:.1f} days before {said}, and may be {wanted.days:g}"
    return _too_old(one, message, example=latest.isoformat())


def _too_old(one: Assigned, message: str, *, example: str = "") -> Breach:
    terms = one.contract.terms
    column = terms.freshness.column if terms.freshness else ""
    return Breach(
        file=", ".join(terms.files), column=column, check="freshness", policy=policy(terms, "freshness", column),
        example=example, message=message,
        cure=f"did new data arrive? or raise days in [freshness] ({one.contract.path})",
    )  # fmt: skip


def _moment(text: str) -> datetime:
    moment = (
        datetime.fromisoformat(text)
        if len(text) > 10
        else datetime.combine(date.fromisoformat(text), datetime.min.time())
    )
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
