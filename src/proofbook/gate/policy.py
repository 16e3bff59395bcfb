"""
Policy as code: what the rules of a `policy.toml` come to, each with what it looked at.

A rule lets pass where its expression is true, and refuses where it is false, fails, or is not evaluated to an end.
What expressions may use is in `gate.facts`; they are evaluated by `gate.cel_worker`, in a process of its own.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from proofbook.exceptions import ConfigurationError
from proofbook.gate import cel_worker, facts
from proofbook.gate.expressions import nearest, parts
from proofbook.gate.policy_file import Policy, Rule
from proofbook.model.policy import TRANSITIONS, Look, Outcome, Transition

__all__ = ["binding", "examine", "outcomes"]

_PATIENCE = 30.0
"""Seconds; the worker's own limit is one of processor time."""
_UNDECLARED = "undeclared reference to '"


def examine(policy: Policy) -> None:
    """
    Look at every expression, at each of its transitions.

    Raises:
        ConfigurationError: An unknown name (the nearest known one is named), a wrong type, not an expression.
    """
    outcomes(policy, ())


def outcomes(policy: Policy, asked: Sequence[tuple[Transition, dict[str, Any]]]) -> tuple[tuple[Outcome, ...], ...]:
    """
    What each rule comes to, by transition and facts; one process evaluates all of them.

    Args:
        policy: Its rules.
        asked: Transitions, each with the facts that `facts.gather` names.

    Raises:
        ConfigurationError: As `examine`: a policy that cannot be read refuses whatever it is asked.
    """
    compiled = [(name, at) for name, rule in policy.rules.items() for at in rule.at]
    questions: list[dict[str, Any]] = [
        {"environment": at, "expression": policy.rules[name].require, "facts": None} for name, at in compiled
    ]
    places: list[list[tuple[str, Transition, int]]] = []
    for index, (transition, _) in enumerate(asked):
        place = []
        for name, rule in policy.asked(transition).items():
            at: Transition = transition if transition in rule.at else "seal"
            place.append((name, at, len(questions)))
            questions += [
                {"environment": at, "expression": expression, "facts": index}
                for expression in (rule.require, *parts(rule.require))
            ]
        places.append(place)
    if not questions:
        return tuple(() for _ in asked)
    answers, failure = _ask(policy, questions, [given for _, given in asked])
    if not failure:
        for (name, at), answer in zip(compiled, answers, strict=False):
            _refuse_unsound(policy, name, at, answer)
    return tuple(
        tuple(_outcome(policy.rules[name], name, at, answers[first:], failure=failure) for name, at, first in place)
        for place in places
    )


def binding(found: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Those that refuse, and that no override passes."""
    return tuple(outcome for outcome in found if not outcome.passes and not outcome.overridable)


def _outcome(rule: Rule, name: str, at: Transition, answers: list[dict[str, Any]], *, failure: str) -> Outcome:
    answer: dict[str, Any] = answers[0] if not failure else {"error": failure, "truth": None}
    error = _plain(answer["error"])
    if not error and answer["truth"] is None:
        error = f"it came to {answer['text']}, which is neither true nor false"
    if error.startswith("there is no key"):
        error += ": `has(...)` asks whether there is one"
    looks = [] if failure else zip(parts(rule.require), answers[1:], strict=False)
    return Outcome(
        rule=name,
        at=at,
        passes=not error and answer["truth"] is True,
        require=rule.require.strip(),
        because=rule.because,
        remedy=rule.do,
        error=error,
        overridable=rule.overridable if rule.overridable is not None else at == "rollback",
        stricter=rule.decision,
        looks=tuple(
            Look(part=part, value=found["text"] if not found["error"] else f"({_plain(found['error'])})")
            for part, found in looks
        ),
    )


def _ask(
    policy: Policy, questions: list[dict[str, Any]], given: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], str]:
    """The worker's answers; or why there are none."""
    used = {question["environment"] for question in questions}
    asked = {
        "environments": {name: facts.declared(name) for name in TRANSITIONS if name in used},
        "facts": [_written(one) for one in given],
        "questions": questions,
    }
    # -P: the folder of the file has modules that are named like some of Python's own
    command = [sys.executable, "-P", str(Path(cel_worker.__file__))]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(asked).encode(),
            capture_output=True,
            check=False,
            timeout=_PATIENCE,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        )
    except subprocess.TimeoutExpired:
        return [], f"it was not done in {_PATIENCE:g} s"
    except OSError as error:
        return [], f"no process could be started ({error.strerror})"
    if b"No module named 'cel_expr_python'" in done.stderr:
        raise ConfigurationError(f"{policy.name} needs the package cel-expr-python: install it, as proofbook asks for")
    try:
        answers = json.loads(done.stdout)
    except ValueError:
        answers = None
    if done.returncode or not isinstance(answers, list) or len(answers) != len(questions):
        limits = f"{cel_worker.MEMORY >> 30} GiB of memory or {cel_worker.SECONDS} s of processor time"
        return [], f"evaluating this policy took more than {limits}, or ended the process ({done.returncode})"
    return answers, ""


def _written(value: Any) -> Any:
    """`value` as the worker's JSON has it."""
    if isinstance(value, datetime):
        return {"@moment": value.isoformat()}
    if isinstance(value, dict):
        return {f"@{key}" if key.startswith("@") else key: _written(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_written(item) for item in value]
    return value


def _refuse_unsound(policy: Policy, name: str, at: Transition, answer: dict[str, Any]) -> None:
    where = f"{policy.name} [rules.{name}] at {at}"
    require = policy.rules[name].require
    if not answer["compiles"]:
        error = _plain(answer["error"])
        if _UNDECLARED in error:
            unknown = error.partition(_UNDECLARED)[2].partition("'")[0]
            if re.search(rf"\b{re.escape(unknown)}\s*\(", require):
                raise ConfigurationError(
                    f"{where}: the language has no function {unknown!r} that takes what it is given"
                )
            raise ConfigurationError(f"{where}: unknown name {unknown!r}; {_known(unknown, require, at)}")
        raise ConfigurationError(f"{where}: `{require}` is no expression: {error}")
    if answer["type"] not in {"bool", "dyn"}:
        raise ConfigurationError(f"{where}: `{require}` is of type {answer['type']}: a rule is true or false")


def _known(unknown: str, require: str, at: Transition) -> str:
    """The compiler may name a beginning only (`run`): what hangs on it in the expression says more."""
    known = facts.declared(at)
    if unknown in facts.NAMES:
        return f"it is not known before {facts.NAMES[unknown][2][0]}"
    whole = next((part for part in (require, *parts(require)) if part.startswith(f"{unknown}.")), unknown)
    return nearest(whole, known)


def _plain(error: str) -> str:
    """The library's message without its codes and its drawing, in one line."""
    line = error.partition("\n")[0]
    for code in ("INVALID_ARGUMENT: ", "NOT_FOUND: ", "INTERNAL: ", "CANCELLED: ", "OUT_OF_RANGE: ", "UNKNOWN: "):
        line = line.removeprefix(code)
    line = line.removeprefix("ERROR: ").removeprefix("<input>:").partition(" [")[0]
    if "Iteration budget" in line:
        return "it goes through more than 10,000 items in all"
    if "bad_alloc" in line:
        return f"it takes more than {cel_worker.MEMORY >> 30} GiB of memory"
    if line.startswith("Key not found in map : "):
        return f"there is no key {line.removeprefix('Key not found in map : ')}"
    return line.replace(" (in container '')", "").strip()
