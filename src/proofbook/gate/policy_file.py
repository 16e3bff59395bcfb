"""
The file of a policy: its rules and their tests, read and checked as far as that needs no evaluation.

    [rules.clean-commit]
    at = ["promote"]
    require = "!run.code.dirty"
    because = "Production is built from committed code."

    [[tests]]
    name = "uncommitted code stays out"
    at = "promote"
    given.run.code.dirty = true
    expect = "refuse"
"""

import tomllib
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct

from proofbook.exceptions import ConfigurationError
from proofbook.gate import facts
from proofbook.gate.expressions import LONGEST, misnamed, nearest
from proofbook.model.policy import TRANSITIONS, Transition

__all__ = ["Case", "Policy", "Rule", "given", "read"]

_LARGEST = 1 << 18
_MOST_RULES = 100
_Shape = TypeVar("_Shape", bound=Struct)


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[rules.NAME]`."""

    at: tuple[Transition, ...]
    require: str
    """Must be true."""
    because: str
    """Shown where it is not."""
    do: str = ""
    """What to do then."""
    overridable: bool | None = None
    """Whether `--override --reason TEXT` passes it; by default only at a rollback."""
    decision: Literal["review", "no"] = "no"
    """At a check: what the gate's word becomes at least."""


class Case(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[tests]]`: facts, and what the policy must say of them."""

    name: str
    at: Transition
    expect: Literal["allow", "refuse"]
    given: dict[str, Any] = {}
    """What differs from a plain good run, as nested tables."""
    by: tuple[str, ...] | None = None
    """The rules that refuse, all of them."""


class Policy(Struct, frozen=True, kw_only=True):
    """A policy file that was read. What its expressions say is checked when they are first asked."""

    name: str
    digest: str
    content: bytes
    rules: dict[str, Rule] = {}
    tests: tuple[Case, ...] = ()

    def asked(self, transition: Transition) -> dict[str, Rule]:
        """The rules of one transition; at a check also those of the seal, which hold for good."""
        wanted = {"seal", "check"} if transition == "check" else {transition}
        return {name: rule for name, rule in self.rules.items() if wanted & set(rule.at)}


def read(content: bytes, *, name: str = "policy.toml") -> Policy:
    """
    A policy, from its file.

    Raises:
        ConfigurationError: It is no TOML, too large, has unknown keys (the nearest known one is named) or wrong types.
    """
    if len(content) > _LARGEST:
        raise ConfigurationError(f"{name} has {len(content)} bytes: a policy has at most {_LARGEST}")
    try:
        table = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{name} is not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigurationError(f"{name} is not valid TOML: too deep") from None
    _refuse_unknown(table, ("rules", "tests"), where=name)
    rules, tests = table.get("rules", {}), table.get("tests", [])
    if not isinstance(rules, dict) or not isinstance(tests, list):
        raise ConfigurationError(f"{name}: rules are written [rules.NAME], tests [[tests]]")
    if len(rules) > _MOST_RULES:
        raise ConfigurationError(f"{name} has {len(rules)} rules: a policy has at most {_MOST_RULES}")
    policy = Policy(
        name=name,
        digest=sha256(content).hexdigest(),
        content=content,
        rules={key: _rule(value, where=f"{name} [rules.{key}]") for key, value in rules.items()},
        tests=tuple(_case(value, where=f"{name} [[tests]] {at}") for at, value in enumerate(tests, start=1)),
    )
    for case in policy.tests:
        for rule in case.by or ():
            if rule not in policy.rules:
                where = f"{name} [[tests]] {case.name!r}"
                raise ConfigurationError(f"{where}: unknown rule {rule!r}; {nearest(rule, tuple(policy.rules))}")
    return policy


def _rule(value: Any, *, where: str) -> Rule:
    rule = _struct(value, Rule, where=where)
    if not rule.at:
        raise ConfigurationError(f"{where}: at = [] is never asked: name one of {', '.join(TRANSITIONS)}")
    if not rule.because.strip():
        raise ConfigurationError(f"{where}: because is empty: say why it refuses")
    if len(rule.require) > LONGEST:
        raise ConfigurationError(
            f"{where}: require has {len(rule.require)} characters: at most {LONGEST}; make two rules of it"
        )
    if wrong := misnamed(rule.require):
        raise ConfigurationError(f"{where}: {wrong}")
    return rule


def _case(value: Any, *, where: str) -> Case:
    case = _struct(value, Case, where=where)
    # says which name is not known, before anything is evaluated
    given(case, where=where)
    return case


_PLAIN_RUN: dict[str, Any] = {
    "run.number": 2,
    "run.pipeline": "pipeline.yaml",
    "run.ending": "succeeded",
    "run.scope": "full",
    "run.code.commit": "0" * 40,
    "run.code.branch": "main",
    "gate.checked": True,
    "gate.decision": "go",
    "gate.verdicts": {"pass": 1, "improved": 0, "regressed": 0, "changed": 0, "inconclusive": 0},
    "production.exists": True,
    "production.generation": 1,
    "production.number": 1,
    "production.ending": "succeeded",
    "production.scope": "full",
    "channel": "production",
    "who": "ada",
    "now": datetime.fromisoformat("2026-01-05T12:00:00+00:00"),
}
"""What a test that says nothing else is about: a good run, checked, on a Monday."""


def given(case: Case, *, where: str = "") -> dict[str, Any]:
    """
    The facts of a test.

    Raises:
        ConfigurationError: It names what is not known at its transition.
    """
    known = facts.declared(case.at)
    values = {name: facts.EMPTY[kind] for name, kind in known.items()}
    values |= {name: value for name, value in _PLAIN_RUN.items() if name in known} | {"transition": case.at}
    for name, value in _flat(case.given, known, where=where or case.name):
        values[name] = facts.plain(value)
    return values


def _flat(table: dict[str, Any], known: dict[str, str], *, where: str, prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        if name in known:
            found.append((name, value))
        elif isinstance(value, dict) and any(other.startswith(f"{name}.") for other in known):
            found += _flat(value, known, where=where, prefix=f"{name}.")
        else:
            raise ConfigurationError(f"{where}: unknown name {name!r}; {nearest(name, known)}")
    return found


def _struct(value: Any, shape: type[_Shape], *, where: str) -> _Shape:
    known = tuple(field.name for field in msgspec.structs.fields(shape))
    if isinstance(value, dict):
        _refuse_unknown(value, known, where=where)
        value = _places(value, one=shape is Case, where=where)
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{where}: {error}") from None


def _places(value: dict[str, Any], *, one: bool, where: str) -> dict[str, Any]:
    """`at` of a rule may be one text; what it says must be a transition."""
    at = value.get("at")
    said = [at] if isinstance(at, str) else at
    for name in said if isinstance(said, list) else ():
        if name not in TRANSITIONS:
            raise ConfigurationError(f"{where}: unknown transition {name!r}; {nearest(str(name), TRANSITIONS)}")
    return value if one or at is None else value | {"at": said}


def _refuse_unknown(table: dict[str, Any], known: tuple[str, ...], *, where: str) -> None:
    for key in table:
        if key not in known:
            raise ConfigurationError(f"{where}: unknown key {key!r}; {nearest(key, known)}")
