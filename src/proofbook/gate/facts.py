"""
What the rules of a policy may look at: names, types, and what they mean. `docs/policy.md` is made of this.

Names keep their type and meaning as long as policies are to be read: add, never change. There are no nulls: what is
not known is empty (`""`, `0`, `false`, `[]`, 1970), so that an expression needs no guard.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, get_args

from msgspec import Struct

from proofbook.model.policy import Transition
from proofbook.model.run import Run
from proofbook.model.verdict import GateResult, Verdict
from proofbook.store import Generation

__all__ = ["EMPTY", "ITEMS", "NAMES", "Asked", "declared", "gather", "plain"]

EMPTY: dict[str, Any] = {
    "int": 0,
    "double": 0.0,
    "string": "",
    "bool": False,
    "timestamp": datetime(1970, 1, 1, tzinfo=UTC),
    "list(string)": [],
    "list(map(string, dyn))": [],
    "map(string, string)": {},
    "map(string, int)": {},
    "map(string, dyn)": {},
}
"""Type to what stands for `not known`."""

_OF_RUN = {
    "number": ("int", "the run's number"),
    "pipeline": ("string", "the pipeline's file"),
    "ending": ("string", "`succeeded`, `failed`, `cancelled` or `interrupted`"),
    "scope": ("string", "`full`, or `partial`: only a part of the pipeline was built"),
    "started": ("timestamp", "when the build began"),
    "finished": ("timestamp", "when it ended"),
    "seconds": ("double", "how long it took"),
    "parameters": ("map(string, dyn)", "the pipeline's parameters: `run.parameters.as_of`"),
    "data": ("map(string, string)", "declared data files: path to SHA-256"),
    "findings": ("int", "warnings of lint that it went ahead with"),
    "code.commit": ("string", "the commit; empty where there is no repository"),
    "code.branch": ("string", "the branch; `HEAD` where none is checked out"),
    "code.dirty": ("bool", "files differ from the commit, or are not in it"),
    "environment.python": ("string", "version of Python"),
    "environment.system": ("string", "the operating system"),
    "environment.cpus": ("int", "how many processors there were"),
    "environment.lock": ("string", "SHA-256 of the lock file; empty where there is none"),
    "environment.packages": ("map(string, string)", "installed packages: name to version"),
    "tasks": ("list(map(string, dyn))", "its tasks, see below"),
    "records": ("list(map(string, dyn))", "its records, see below"),
    "values": ("map(string, dyn)", 'its scalar records by name, or `"task/name"` where two tasks share a name'),
}
_FROM_CHECK = {
    "gate.checked": ("bool", "the run was compared with what the channel held"),
    "gate.decision": ("string", "`go`, `review` or `no`; at a check before the policy; empty where it was not checked"),
    "gate.reasons": ("list(string)", "why, one line each"),
    "gate.verdicts": ("map(string, int)", "how many comparisons came to each verdict: `gate.verdicts.regressed`"),
    "gate.comparisons": ("list(map(string, dyn))", "record by record, see below"),
    "production.exists": ("bool", "the channel holds a run"),
    "production.generation": ("int", "the channel's newest generation"),
    "production.since": ("timestamp", "when that run was put there"),
    "production.by": ("string", "who put it there"),
    **{f"production.{name}": (kind, f"of the run in the channel: {said}") for name, (kind, said) in _OF_RUN.items()},
    "transition": ("string", "`check`, `approve`, `promote` or `rollback`"),
    "channel": ("string", "the channel's name: `production` ..."),
    "history": (
        "list(map(string, dyn))",
        "the channel's generations, newest first, the newest 1000 of them, see below",
    ),
    "now": ("timestamp", "the moment of the question; it is kept with the answer"),
    "who": ("string", "the user's name on that machine"),
    "ci": ("bool", "the variable `CI` is set"),
}

NAMES: dict[str, tuple[str, str, tuple[Transition, ...]]] = {
    **{f"run.{name}": (kind, said, ("seal",)) for name, (kind, said) in _OF_RUN.items()},
    **{name: (kind, said, ("check",)) for name, (kind, said) in _FROM_CHECK.items()},
    "reason": ("string", "what was written with `--reason` or `--accept`", ("approve",)),
    "override": ("bool", "`--override` was given: somebody goes against the gate or the policy", ("approve",)),
}
"""Name to type, meaning, and the first transition that knows it."""

ITEMS: dict[str, tuple[str, ...]] = {
    "tasks": (*("name", "status", "reason", "seconds", "cpu_seconds", "peak_memory", "attempts", "kernel", "failure"),),
    "records": ("name", "task", "kind", "gates", "value"),
    "gate.comparisons": (
        *("record", "task", "kind", "verdict", "gates", "failed", "reason", "production", "candidate", "change"),
    ),
    "history": ("number", "run", "kind", "by", "reason", "at", "decision", "override"),
}
"""List to what each of its items has; the first one names the item. `tasks` and `records` are those of a run."""

_ORDER: tuple[Transition, ...] = ("seal", "check", "approve")
_LONGEST_HISTORY = 1000
_LARGEST = 2**63


class Asked(Struct, frozen=True, kw_only=True):
    """All that a transition is judged by."""

    transition: Transition
    run: Run
    gate: GateResult | None = None
    production: Run | None = None
    history: tuple[Generation, ...] = ()
    """Newest first."""
    channel: str = "production"
    reason: str = ""
    who: str = ""
    ci: bool = False
    override: bool = False
    now: str
    """ISO 8601."""


def declared(transition: Transition) -> dict[str, str]:
    """The names that an expression may use at a transition, and their types."""
    reached = _ORDER.index(transition) if transition in _ORDER else len(_ORDER)
    return {name: kind for name, (kind, _, first) in NAMES.items() if _ORDER.index(first[0]) <= reached}


def gather(asked: Asked) -> dict[str, Any]:
    """The facts: a value for every declared name."""
    facts: dict[str, Any] = {"transition": asked.transition, **_of_run("run", asked.run)}
    if asked.production is not None and asked.history:
        newest = asked.history[0]
        facts |= _of_run("production", asked.production)
        facts |= {
            "production.exists": True,
            "production.generation": newest.number,
            "production.since": _moment(newest.at),
            "production.by": newest.by,
        }
    if asked.gate is not None:
        compared = asked.gate.comparisons
        facts |= {
            "gate.checked": True,
            "gate.decision": asked.gate.decision,
            "gate.reasons": list(asked.gate.reasons),
            "gate.verdicts": dict.fromkeys(get_args(Verdict), 0) | Counter(one.verdict for one in compared),
            "gate.comparisons": _items("gate.comparisons", compared),
        }
    steps = _items("history", asked.history[:_LONGEST_HISTORY])
    facts["history"] = [step | {"at": _moment(step["at"])} for step in steps]
    facts |= {"channel": asked.channel, "reason": asked.reason, "who": asked.who, "ci": asked.ci}
    facts["override"] = asked.override
    facts["now"] = _moment(asked.now)
    known = declared(asked.transition)
    return {name: plain(facts.get(name, EMPTY[kind])) for name, kind in known.items()}


def plain(value: Any) -> Any:
    """
    `value` in what the language knows: no null but in maps, whole numbers of 64 bits, text without lone surrogates.

    A whole number beyond 64 bits becomes a float, what is of no known type its text.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, bool | float | datetime) or value is None:
        return value
    if isinstance(value, int):
        return value if -_LARGEST <= value < _LARGEST else float(value) if abs(value) < 10**300 else str(value)
    if isinstance(value, Mapping):
        return {plain(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [plain(item) for item in value]
    return plain(str(value))


def _of_run(prefix: str, run: Run) -> dict[str, Any]:
    scalars = [record for record in run.records if record.kind == "scalar" and record.value is not None]
    names = [record.name for record in scalars]
    facts: dict[str, Any] = {
        "number": run.number,
        "pipeline": run.pipeline,
        "ending": run.ending,
        "scope": run.scope,
        "started": _moment(run.started),
        "finished": _moment(run.finished),
        "seconds": float(run.seconds),
        "parameters": run.parameters,
        "data": run.data,
        "findings": run.findings,
        "code.commit": run.code.commit or "",
        "code.branch": run.code.branch or "",
        "code.dirty": run.code.dirty,
        "environment.python": run.environment.python,
        "environment.system": run.environment.system,
        "environment.cpus": run.environment.cpus,
        "environment.lock": run.environment.lock or "",
        "environment.packages": run.environment.packages,
        "tasks": [
            item | {"attempts": len(task.attempts) + 1, "failure": task.failure.message if task.failure else ""}
            for item, task in zip(_items("tasks", run.tasks), run.tasks, strict=True)
        ],
        "records": [
            item | {"gates": record.rule.gates, "value": record.value if record.kind == "scalar" else None}
            for item, record in zip(_items("records", run.records), run.records, strict=True)
        ],
        "values": {
            (record.name if names.count(record.name) == 1 else f"{record.task}/{record.name}"): record.value
            for record in scalars
        },
    }
    return {f"{prefix}.{name}": value for name, value in facts.items()}


def _items(name: str, values: Iterable[Any]) -> list[dict[str, Any]]:
    fields = ITEMS[name]
    # a fact that is not there is empty text, never null
    return [{field: "" if (it := getattr(value, field, "")) is None else it for field in fields} for value in values]


def _moment(text: str) -> datetime:
    empty: datetime = EMPTY["timestamp"]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return empty
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
