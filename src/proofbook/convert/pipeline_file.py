"""`pipeline.yaml` as text: which files its tasks write, and how a task is added without touching another byte."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from proofbook.exceptions import ConversionError, PipelineError

__all__ = ["Entry", "PipelineFile", "added", "environment", "read", "scalar"]

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_SHORT_ESCAPE = 0xFFFF


class Entry(Struct, frozen=True, kw_only=True):
    """A task as it will stand in the file."""

    source: str
    name: str
    upstream: tuple[str, ...] = ()
    """Empty where the notebook says it."""
    product: dict[str, str] = {}
    """Empty where the notebook says it."""
    params: dict[str, Any] = {}


class PipelineFile(Struct, frozen=True, kw_only=True):
    """What a conversion must know of a `pipeline.yaml`."""

    names: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    products: dict[str, tuple[str, str | None]] = {}
    """Path relative to the pipeline, normalised, to task and key; the key is None where a task has one product."""
    extract_upstream: bool = True
    """The notebook names its upstream itself: `upstream = ["a"]`; Ploomber's default."""
    extract_product: bool = False
    notebooks: str = "output"
    """Folder in which the tasks' executed notebooks stand."""


def read(content: bytes, *, name: str, env: Mapping[str, str]) -> PipelineFile:
    """
    Read a `pipeline.yaml`, as plain YAML; nothing that it names is imported.

    Args:
        content: The file.
        name: For errors.
        env: Values of `env.yaml`, for placeholders in paths.

    Raises:
        PipelineError: It is not YAML, or its tasks are no list.
    """
    document = _document(content, name=name)
    tasks = document if isinstance(document, list) else document.get("tasks", [])
    meta = {} if isinstance(document, list) else document.get("meta") or {}
    if not isinstance(tasks or [], list) or not isinstance(meta, dict):
        raise PipelineError(f"{name}: `tasks` is no list; is it Ploomber's?")
    products: dict[str, tuple[str, str | None]] = {}
    names, sources, folders = set(), set(), []
    for task in [task for task in tasks or [] if isinstance(task, dict)]:
        source, product = str(task.get("source", "")), task.get("product")
        stem = PurePosixPath(source).stem
        known = str(
            task.get("name") or (stem if source.endswith((".ipynb", ".py", ".sql", ".R", ".Rmd", ".md")) else source)
        )
        names.add(known)
        sources.add(os.path.normpath(source))
        pairs: list[tuple[str | None, Any]] = list(product.items()) if isinstance(product, dict) else [(None, product)]
        for key, value in pairs:
            path = _expanded(value, env) if isinstance(value, str) else None
            if path is not None:
                products[os.path.normpath(path)] = (known, key)
                folders += [str(PurePosixPath(path).parent)] if path.endswith(".ipynb") else []
    return PipelineFile(
        names=frozenset(names),
        sources=frozenset(sources),
        products=products,
        extract_upstream=bool(meta.get("extract_upstream", True)),
        extract_product=bool(meta.get("extract_product", False)),
        notebooks=max(folders, key=folders.count) if folders else "output",
    )


def environment(content: bytes) -> dict[str, str]:
    """The plain values of an `env.yaml`, as they stand in for `{{placeholders}}`; empty where it cannot be read."""
    try:
        document = _ploomber(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, YAMLError, RecursionError):
        return {}
    pairs = document.items() if isinstance(document, dict) else ()
    return {str(key): str(value) for key, value in pairs if isinstance(value, str | int | float)}


def added(content: bytes, entries: tuple[Entry, ...], *, name: str) -> bytes:
    """
    The file with tasks added behind its last one; all other bytes are what they were.

    Raises:
        PipelineError: It is not YAML.
        ConversionError: Its tasks are not written as a block, one below the other.
    """
    text = content.decode("utf-8-sig")
    newline = "\r\n" if "\r\n" in text else "\n"
    node = _tasks(_composed(text, name=name), name=name)
    if node is None:
        body = _rendered(entries, dash=2, inner=2, apart=True)
        head = text if text.endswith("\n") or not text else text + newline
        result = head + newline.join(["tasks:", *body[1:], ""])
    else:
        last = node.value[-1]
        inner = last.start_mark.column - node.start_mark.column if isinstance(last, MappingNode) else 2
        lines = text.splitlines(keepends=True)
        at = _end(lines, node)
        apart = len(node.value) < 2 or not lines[last.start_mark.line - 1].strip() or _blank_above(lines, last)
        body = _rendered(entries, dash=node.start_mark.column, inner=inner, apart=apart)
        head = "".join(lines[:at])
        head += "" if head.endswith(("\n", "\r")) else newline
        result = head + newline.join([*body, ""]) + "".join(lines[at:])
    encoded = (b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b"") + result.encode()
    _check(content, encoded, entries, name=name)
    return encoded


def scalar(value: Any) -> str:
    """`value` in YAML's flow style, so that Ploomber, which speaks YAML 1.1, reads back exactly it."""
    if isinstance(value, list):
        return f"[{', '.join(scalar(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{scalar(key)}: {scalar(item)}' for key, item in value.items())}}}"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, float):
        mantissa, exponent, power = repr(value).partition("e")
        # YAML 1.1 takes `1e-05` for text
        return f"{mantissa if '.' in mantissa else f'{mantissa}.0'}{exponent}{power}"
    if isinstance(value, str):
        plain = re.fullmatch(r"[A-Za-z_][\w./-]*", value) and _ploomber(value) == value
        # JSON writes what lies beyond 16 bits as two halves, which YAML does not put together again
        quoted = "".join(_escaped(character) for character in json.dumps(value, ensure_ascii=False))
        return value if plain else quoted
    return repr(value)


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= _SHORT_ESCAPE else f"\\U{code:08x}"


def _document(content: bytes, *, name: str) -> Any:
    try:
        document = YAML(typ="safe", pure=True).load(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise PipelineError(f"{name} is not UTF-8 (byte {error.start}): save it as UTF-8") from None
    except (YAMLError, RecursionError) as error:
        raise PipelineError(f"{name} is not valid YAML: {' '.join(str(error).split())[:200]}") from None
    if document is None:
        return {}
    if not isinstance(document, dict | list):
        raise PipelineError(f"{name} holds neither keys nor a list of tasks; is it Ploomber's?")
    return document


def _ploomber(text: str) -> Any:
    """`text` as Ploomber understands it: there `yes`, `1_000` and `1:30` are no text."""
    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 1)
    return reader.load(text)


def _expanded(path: str, env: Mapping[str, str]) -> str | None:
    missing = [found for found in _PLACEHOLDER.findall(path) if found not in env]
    return None if missing else _PLACEHOLDER.sub(lambda found: env[found.group(1)], path)


def _composed(text: str, *, name: str) -> Node | None:
    try:
        node: Node | None = YAML(typ="rt", pure=True).compose(text)
    except (YAMLError, RecursionError) as error:
        raise PipelineError(f"{name} is not valid YAML: {' '.join(str(error).split())[:200]}") from None
    return node


def _tasks(root: Node | None, *, name: str) -> SequenceNode | None:
    """The list of tasks in the document; None where it has none yet."""
    node = root
    if root is None or (isinstance(root, MappingNode) and not root.value):
        return None
    if isinstance(root, MappingNode):
        if root.flow_style:
            raise ConversionError(f"{name} is written in braces: write one key a line, then convert again")
        found = [value for key, value in root.value if isinstance(key, ScalarNode) and key.value == "tasks"]
        if not found:
            return None
        node = found[0]
    if not isinstance(node, SequenceNode) or node.flow_style or not node.value:
        raise ConversionError(f"{name}: write `tasks` as a block, one task below the other, then convert again")
    return node


def _end(lines: list[str], node: SequenceNode) -> int:
    """Index of the line behind the last task, with the comments that belong to it."""
    leaf: Node = node
    while isinstance(leaf, MappingNode | SequenceNode) and leaf.value and not leaf.flow_style:
        last = leaf.value[-1]
        leaf = last[1] if isinstance(last, tuple) else last
    mark = leaf.end_mark
    at = mark.line + (1 if mark.column else 0)
    # a value that is left empty ends where the next thing starts
    while (
        at > 0 and at <= len(lines) and isinstance(leaf, ScalarNode) and leaf.value == "" and not lines[at - 1].strip()
    ):
        at -= 1
    while at < len(lines):
        line = lines[at]
        deep = len(line) - len(line.lstrip()) > node.start_mark.column
        if not (line.lstrip().startswith("#") and deep):
            break
        at += 1
    return int(min(at, len(lines)))


def _blank_above(lines: list[str], last: Node) -> bool:
    """Whether the last task stands apart from the one before it, perhaps with a comment of its own."""
    at = last.start_mark.line - 1
    while at >= 0 and lines[at].lstrip().startswith("#"):
        at -= 1
    return at >= 0 and not lines[at].strip()


def _rendered(entries: tuple[Entry, ...], *, dash: int, inner: int, apart: bool) -> list[str]:
    lines: list[str] = []
    for entry in entries:
        body = [f"source: {scalar(entry.source)}", f"name: {scalar(entry.name)}"]
        if entry.upstream:
            body.append(f"upstream: {scalar(list(entry.upstream))}")
        for title, mapping in (("product", entry.product), ("params", entry.params)):
            if mapping:
                body += [f"{title}:", *(f"  {scalar(key)}: {scalar(value)}" for key, value in mapping.items())]
        first = f"{' ' * dash}-{' ' * max(1, inner - 1)}"
        lines += [""] * apart + [first + body[0], *(" " * len(first) + line for line in body[1:])]
    return lines


def _check(before: bytes, after: bytes, entries: tuple[Entry, ...], *, name: str) -> None:
    """What was put in as text is read back, not assumed."""
    reason = f"{name}: a task cannot be added behind its last one; write `tasks` as a plain block, then convert again"
    try:
        old, new = _ploomber(before.decode("utf-8-sig")) or {}, _ploomber(after.decode("utf-8-sig"))
    except YAMLError:
        raise ConversionError(reason) from None
    wanted = [
        {
            key: value
            for key, value in (
                ("source", entry.source),
                ("name", entry.name),
                ("upstream", list(entry.upstream)),
                ("product", entry.product),
                ("params", entry.params),
            )
            if value
        }
        for entry in entries
    ]
    if isinstance(old, list):
        good = new == [*old, *wanted]
    else:
        good = new == {**old, "tasks": [*(old.get("tasks") or []), *wanted]}
    if not good:
        raise ConversionError(reason)
