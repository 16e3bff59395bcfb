"""
The rule in force for a record: what its notebook declared, and over it what the configuration says.

Globs apply in the order of the file, then the record's own name, then `task/record`: each takes the place of what was
said before it, option by option. An option that contradicts another (`exact` allows no difference, so no margin goes
with it) takes the other's place as well. Where each part came from is kept beside the rule, and so is the declaration.
"""

import json
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from msgspec.structs import replace

from proofbook.model.configuration import RuleConfiguration
from proofbook.model.record import Record, Rule
from proofbook.model.run import TaskRun

__all__ = ["in_force", "of_tasks", "told", "unmatched"]

_NEEDS_DIFFERENCE = ("better", "margin", "tolerance", "superiority")
"""What makes no sense where any difference is a regression."""
_OF_TASKS = "resources/"
"""How the names begin of what a task took: those are no records, and have rules all the same."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_UNSAID = Rule()


def in_force(record: Record, *, rules: Mapping[str, RuleConfiguration]) -> Record:
    """
    The record under the rule that holds for it. Applied again, with the same or with other rules, it starts anew.

    Args:
        record: As it was read, or as it stands in a sealed run.
        rules: `[gate.rules]`: name, glob or `task/record` to what is said there, in the order of the file.
    """
    declared = record.declared if record.declared is not None else record.rule
    matching = _matching(record, rules)
    if not matching and record.declared is None and not record.rule_from:
        return record
    rule, origins = declared, dict[str, str]()
    for pattern in matching:
        said = _said(rules[pattern])
        # what it takes away by contradicting it, and was there
        against = {name: unsaid for name, unsaid in _against(said).items() if getattr(rule, name) != unsaid}
        rule = replace(rule, **against, **said)
        origins |= dict.fromkeys((*against, *said), _place(pattern))
    return replace(record, rule=rule, declared=None if rule == declared else declared, rule_from=origins)


def of_tasks(tasks: tuple[TaskRun, ...], *, rules: Mapping[str, RuleConfiguration]) -> tuple[TaskRun, ...]:
    """The same tasks, each of their records under the rule that is in force."""

    def ruled(task: TaskRun) -> TaskRun:
        records = tuple(in_force(replace(record, task=task.name), rules=rules) for record in task.records)
        return task if records == task.records else replace(task, records=records)

    return tuple(map(ruled, tasks))


def unmatched(tasks: tuple[TaskRun, ...], *, rules: Mapping[str, RuleConfiguration]) -> tuple[str, ...]:
    """The tables of the configuration that no record has, as they are written: somebody believes that they guard."""
    left = {pattern for pattern in rules if not pattern.startswith(_OF_TASKS)}
    for task in tasks:
        for record in task.records:
            left -= {pattern for pattern in left if _matches(pattern, record=record.name, task=task.name)}
    return tuple(_place(pattern) for pattern in rules if pattern in left)


def told(rule: Rule, *, declared: Rule | None, rule_from: Mapping[str, str]) -> str:
    """
    What the configuration says of a rule, for people: `margin 0.02 by [gate.rules.auc], declared 0.005`.

    Args:
        rule: The rule in force.
        declared: What the notebook declared; None: the same.
        rule_from: Option to the table that it came from.
    """
    before = rule if declared is None else declared

    def part(name: str, origin: str) -> str:
        now, was = _word(getattr(rule, name)), _word(getattr(before, name))
        return f"{name} {now} by {origin}, {'as declared' if now == was else f'declared {was}'}"

    return "; ".join(part(name, origin) for name, origin in rule_from.items() if hasattr(rule, name))


def _word(value: Any) -> str:
    if value is None or value is False:
        return "off" if value is False else "nothing"
    return "on" if value is True else str(value)


def _matching(record: Record, rules: Mapping[str, RuleConfiguration]) -> list[str]:
    own = (record.name, f"{record.task}/{record.name}")
    globs = [name for name in rules if name not in own and _matches(name, record=record.name, task=record.task)]
    return [*globs, *(name for name in own if name in rules)]


def _matches(pattern: str, *, record: str, task: str) -> bool:
    return any(pattern == name or fnmatchcase(name, pattern) for name in (record, f"{task}/{record}"))


def _said(configured: RuleConfiguration) -> dict[str, Any]:
    fields = {name: getattr(configured, name) for name in configured.__struct_fields__}
    return {name: value for name, value in fields.items() if value is not None}


def _against(said: Mapping[str, Any]) -> dict[str, Any]:
    """What cannot stand beside what is said, with the value that says nothing."""
    if said.get("exact"):
        return {name: getattr(_UNSAID, name) for name in _NEEDS_DIFFERENCE if name not in said}
    if "exact" not in said and any(said.get(name) not in (None, False) for name in _NEEDS_DIFFERENCE):
        return {"exact": False}
    return {}


def _place(pattern: str) -> str:
    """The table as it is written in TOML."""
    return f"[gate.rules.{pattern if _BARE.fullmatch(pattern) else json.dumps(pattern, ensure_ascii=False)}]"
