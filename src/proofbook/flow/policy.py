"""The policy of a project: where it is, what it says of a step, and whether its own tests hold."""

import getpass
import os
from pathlib import Path

from msgspec import Struct

from proofbook.disk import paths
from proofbook.exceptions import ConfigurationError
from proofbook.flow import configuration
from proofbook.gate import policy, policy_file
from proofbook.gate.policy_file import Case, Policy
from proofbook.model.policy import Outcome, Ruling, Transition
from proofbook.release import rulings
from proofbook.store import Store

__all__ = ["Tested", "Tests", "explain", "in_ci", "load", "person", "test"]

_NAME = "policy.toml"


class Tested(Struct, frozen=True, kw_only=True):
    """One test of a policy, and what came out."""

    name: str
    at: Transition
    expect: str
    got: str
    refused_by: tuple[str, ...]
    good: bool
    outcomes: tuple[Outcome, ...]


class Tests(Struct, frozen=True, kw_only=True):
    """All of them."""

    policy: str
    rules: int
    tests: tuple[Tested, ...]
    untested: tuple[str, ...]
    """Rules that refuse in no test."""

    good: bool
    """Whether all hold."""


def load(root: Path) -> Policy | None:
    """
    The policy of the project at `root`; None where it has none.

    Raises:
        ConfigurationError: The file that the configuration names is not there, or a file cannot be read.
        PathEscapesError: It is outside of the project.
    """
    named = configuration.load(root).gate.policy
    path = paths.inside(root, named or _NAME)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        if named:
            raise ConfigurationError(f"gate.policy names {named}, and there is no such file") from None
        return None
    except OSError as error:
        raise ConfigurationError(f"{named or _NAME} cannot be read: {error.strerror}") from None
    return policy_file.read(content, name=named or _NAME)


def in_ci() -> bool:
    """Whether this is a machine of continuous integration, by the variable that all of them set."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}


def person() -> str:
    """The name that the machine knows the user by."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        # a container may run under a number that has no name
        return f"uid {os.getuid()}"


def explain(
    root: Path, reference: str, *, at: Transition, channel: str, reason: str = "", override: bool = False
) -> Ruling | None:
    """
    What every rule of a step would say now of a run; nothing is done or kept.

    Args:
        root: The folder of the pipeline.
        reference: Number, `latest`, channel, or beginning of a digest.
        at: The step.
        channel: Where it would go.
        reason: What would be written.
        override: As if `--override` were given.

    Raises:
        ConfigurationError: The policy cannot be read.
        NotFoundError: There is no such run.
    """
    read = _sound(root)
    with Store.open(root, create=False) as store:
        number = store.number(reference)
        return rulings.rule(
            store,
            lambda: read,
            at,
            store.run(number),
            gate=store.gate(number, channel=channel),
            channel=channel,
            by=person(),
            reason=reason,
            ci=in_ci(),
            override=override,
            keep=False,
        )


def test(root: Path) -> Tests:
    """
    Run the tests that a policy has in its file.

    Raises:
        ConfigurationError: There is no policy, or it cannot be read.
    """
    read = _sound(root)
    found = policy.outcomes(read, [(case.at, policy_file.given(case)) for case in read.tests])
    tested = tuple(_tested(case, outcomes) for case, outcomes in zip(read.tests, found, strict=True))
    refusing = {name for one in tested for name in one.refused_by}
    untested = tuple(name for name in read.rules if name not in refusing)
    good = all(one.good for one in tested)
    return Tests(policy=read.name, rules=len(read.rules), tests=tested, untested=untested, good=good)


def _tested(case: Case, outcomes: tuple[Outcome, ...]) -> Tested:
    refused = tuple(outcome.rule for outcome in outcomes if not outcome.passes)
    got = "refuse" if refused else "allow"
    good = got == case.expect and (case.by is None or set(case.by) == set(refused))
    return Tested(
        name=case.name, at=case.at, expect=case.expect, got=got, refused_by=refused, good=good, outcomes=outcomes
    )


def _sound(root: Path) -> Policy:
    read = load(root)
    if read is None:
        raise ConfigurationError(f"there is no {_NAME} beside the pipeline, and gate.policy names no other file")
    policy.examine(read)
    return read
