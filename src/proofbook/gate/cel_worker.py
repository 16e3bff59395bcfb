"""
Evaluates expressions in a process of its own, which may take so much memory and time and no more. Run as a file.

Google's CEL is total, but compiled code is not proof against every expression: it bounds the length, the depth and the
iterations of one (10,000), and not the memory that each iteration may take: `l.map(x, a + a)` took 22 GB. So it works
here, under the system's own limits, and whatever ends this process is an answer: the rule gives none.

It reads one JSON document and writes one. It imports nothing of Proofbook, so that it starts fast.

    {"environments": {name: {variable: type}}, "facts": [{variable: value}],
     "questions": [{"environment": name, "expression": text, "facts": index or null}]}
    [{"type": "bool", "truth": true, "text": "true", "error": "", "compiles": true}]
"""

import contextlib
import json
import resource
import sys
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

MEMORY = 1 << 30
SECONDS = 10
_LONGEST = 200
_MOMENT = "@moment"


def main() -> None:
    """Answer what standard input asks."""
    for limit, amount in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_CORE, 0)):
        # a system that knows no such limit, or has a lower one set
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (amount, amount))
    asked = json.loads(sys.stdin.buffer.read(), object_hook=_read)
    # it ships no types
    cel = import_module("cel_expr_python.cel")
    environments = {
        name: cel.NewEnv(variables={variable: _type(cel.Type, kind) for variable, kind in kinds.items()})
        for name, kinds in asked["environments"].items()
    }
    # the same facts serve many expressions: converted once
    activations: dict[tuple[str, int], Any] = {}
    answers = []
    for question in asked["questions"]:
        name, index = question["environment"], question["facts"]
        if index is not None and (name, index) not in activations:
            activations[name, index] = environments[name].Activation(asked["facts"][index])
        answers.append(_answer(environments[name], question["expression"], activations.get((name, index))))
    sys.stdout.write(json.dumps(answers))


def _type(types: Any, kind: str) -> Any:
    """The library's type for `int`, `list(string)`, `map(string, dyn)` ..."""
    outer, _, inner = kind.removesuffix(")").partition("(")
    if outer == "list":
        return types.List(_type(types, inner))
    if outer == "map":
        key, _, item = inner.partition(", ")
        return types.Map(_type(types, key), _type(types, item))
    return getattr(types, kind.upper())


def _read(found: dict[str, Any]) -> Any:
    if found.keys() == {_MOMENT}:
        return datetime.fromisoformat(found[_MOMENT])
    # a key of a user's own that looks like ours was written with one sign more
    return {key[1:] if key.startswith("@@") else key: value for key, value in found.items()}


def _answer(environment: Any, expression: str, activation: Any) -> dict[str, Any]:
    answer = {"type": "", "truth": None, "text": "", "error": "", "compiles": False}
    try:
        compiled = environment.compile(expression)
        answer |= {"compiles": True, "type": compiled.return_type().name().lower()}
        if activation is None:
            return answer
        value = compiled.eval(activation)
        kind = value.type().name()
        if kind in {"ERROR", "UNKNOWN"}:
            return answer | {"error": str(value.value())}
        found = value.plain_value()
        return answer | {"type": kind.lower(), "truth": found if kind == "BOOL" else None, "text": _text(found)}
    except Exception as problem:  # noqa: BLE001  the library raises what it likes
        return answer | {"error": str(problem) or type(problem).__name__}


def _text(value: Any) -> str:
    """`value` as the language writes it, of a bounded length."""
    if isinstance(value, list):
        shown = ", ".join(_text(item) for item in value[:10])
        return _cut(f"[{shown}{', ...' if len(value) > 10 else ''}]")
    if isinstance(value, dict):
        shown = ", ".join(f"{_text(key)}: {_text(item)}" for key, item in list(value.items())[:10])
        return _cut(f"{{{shown}{', ...' if len(value) > 10 else ''}}}")
    if isinstance(value, datetime):
        return f'timestamp("{value.isoformat()}")'
    if isinstance(value, timedelta):
        return f'duration("{value.total_seconds():g}s")'
    if value is None or isinstance(value, bool | int | str):
        return _cut(json.dumps(value[:_LONGEST] if isinstance(value, str) else value, ensure_ascii=False))
    return _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


if __name__ == "__main__":
    main()
