"""The four lines by which a `pipeline.yaml` opens our door, and whether a file has them."""

from typing import Any

from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from proofbook.exceptions import PipelineError

__all__ = ["LINES", "Door", "opened", "read"]

LINES = {
    "executor": "executor: {dotted_path: proofbook.ploomber.Executor}",
    "on_render": "on_render: proofbook.ploomber.on_render",
    "on_finish": "on_finish: proofbook.ploomber.on_finish",
    "on_failure": "on_failure: proofbook.ploomber.on_failure",
}
_OURS = {key: line.split(": ")[-1].rstrip("}") for key, line in LINES.items()}


class Door(Struct, frozen=True, kw_only=True):
    """What a `pipeline.yaml` says under the four keys."""

    missing: tuple[str, ...] = ()
    """Keys that are not there."""
    taken: dict[str, tuple[int, str]] = {}
    """Keys that say something else: the line, from 1, and what stands there."""


def read(content: bytes, *, name: str = "pipeline.yaml") -> Door:
    """
    What stands under the four keys.

    Raises:
        PipelineError: Not UTF-8, not YAML, or not a block of keys.
    """
    keys = _keys(content, name=name)
    missing = tuple(key for key in LINES if key not in keys)
    taken = {
        key: (keys.lc.key(key)[0] + 1, _shown(keys[key]))
        for key in LINES
        if key in keys and _dotted_path(keys[key]) != _OURS[key]
    }
    return Door(missing=missing, taken=taken)


def opened(content: bytes, *, name: str = "pipeline.yaml") -> bytes:
    """
    The file with those of the four lines that it lacks, at its end; all other bytes are what they were.

    Raises:
        PipelineError: It says something else under one of the keys, or it is not a plain block of keys.
    """
    door = read(content, name=name)
    if door.taken:
        key, (line, shown) = next(iter(door.taken.items()))
        raise PipelineError(
            f"{name}, line {line}: `{key}: {shown}` stands where Proofbook needs `{LINES[key]}`; "
            "remove it and run this again (nothing was changed)"
        )
    if not door.missing:
        return content
    newline = b"\r\n" if b"\r\n" in content else b"\n"
    added = newline.join(LINES[key].encode() for key in door.missing) + newline
    result = content + (b"" if content.endswith(b"\n") else newline) + added
    _check(content, result, added=door.missing, name=name)
    return result


def _check(before: bytes, after: bytes, *, added: tuple[str, ...], name: str) -> None:
    # the lines are put in as text: what they did to the document is read back, not assumed
    lines = " | ".join(LINES[key] for key in added)
    reason = f"{name}: its end cannot take further keys; add these lines by hand: {lines}"
    try:
        old, new = _keys(before, name=name), _keys(after, name=name)
    except PipelineError:
        raise PipelineError(reason) from None
    rest = {key: value for key, value in new.items() if key not in added}
    if rest != dict(old) or read(after, name=name) != Door():
        raise PipelineError(reason)


def _keys(content: bytes, *, name: str) -> CommentedMap:
    try:
        document: Any = YAML(typ="rt").load(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise PipelineError(f"{name} is not UTF-8 (byte {error.start}): save it as UTF-8") from None
    except YAMLError as error:
        raise PipelineError(f"{name} is not valid YAML: {_first_lines(error)}") from None
    if not isinstance(document, CommentedMap):
        raise PipelineError(f"{name} has no keys: put the list of tasks under `tasks:`")
    if document.fa.flow_style():
        raise PipelineError(f"{name} is written in braces: write one key a line, then run this again")
    return document


def _dotted_path(value: Any) -> Any:
    return value.get("dotted_path") if isinstance(value, dict) else value


def _shown(value: Any) -> str:
    return str(dict(value) if isinstance(value, dict) else value)[:80]


def _first_lines(error: YAMLError) -> str:
    problem, mark = getattr(error, "problem", None), getattr(error, "problem_mark", None)
    if problem and mark is not None:
        return f"line {mark.line + 1}: {problem}"
    return " ".join(str(error).split())[:200]
