"""
Reads a notebook, and never writes one: `.ipynb` as JSON alone, scripts and Markdown through jupytext.

A notebook that is read is hostile until shown otherwise: size, depth, encoding and types are checked here, so that
nobody behind this door has to.
"""

import json
import os
import stat
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from proofbook.analyze import limits, scripts
from proofbook.analyze.limits import MAX_BYTES
from proofbook.exceptions import NotebookError
from proofbook.model.notebook import Cell, Notebook

__all__ = ["MAX_BYTES", "language_and_kernel", "parse", "parse_document", "read", "read_bytes", "tags_of"]

_EXPLAINED = 16 * 1000 * 1000
"""Bytes up to which it is said in which line the JSON of a file is wrong: that reads it a second time."""
_LARGEST_SCRIPT = limits.MAX_CODE
_KINDS: dict[str, Literal["code", "markdown", "raw"]] = {"code": "code", "markdown": "markdown", "raw": "raw"}
_LITERALS = ("null", "true", "false", "NaN", "Infinity", "-Infinity")
_NUMBERS = (".", "e", "E", "e+", "e-", "E+", "E-")
"""Where the decoder stops in a number that is cut short."""
_ESCAPE = len("u00e9")


def read(path: Path, *, shown: str | None = None) -> Notebook:
    """
    Read the notebook at `path`.

    Args:
        path: An `.ipynb` file, or a script or Markdown file that jupytext understands.
        shown: The name that the notebook and its errors carry; the path as given where left out.

    Raises:
        NotebookError: It is missing, a folder, too large, not UTF-8, not JSON, truncated, or not nbformat 4.
    """
    name = shown if shown is not None else str(path)
    return parse(read_bytes(path, shown=name), path=name)


def read_bytes(path: Path, *, shown: str | None = None) -> bytes:
    """All bytes of a notebook; NotebookError where it is missing, no regular file, or larger than `MAX_BYTES`."""
    name = shown if shown is not None else str(path)
    try:
        # a pipe that nobody writes to would never be opened
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            return _whole(descriptor, name)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise NotebookError(f"{name}: no such file; check the name") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise NotebookError(f"{name}: cannot be read: {reason}") from None


def _whole(descriptor: int, name: str) -> bytes:
    state = os.fstat(descriptor)
    if stat.S_ISDIR(state.st_mode):
        raise NotebookError(f"{name}: is a folder, not a notebook; name a file in it")
    if not stat.S_ISREG(state.st_mode):
        raise NotebookError(f"{name}: is not a regular file; name a notebook file")
    if state.st_size > MAX_BYTES:
        size = f"{-(-state.st_size // 1_000_000)} MB, more than the {MAX_BYTES // 1_000_000} MB"
        raise NotebookError(f"{name}: is {size} that Proofbook reads; clear its outputs")
    with open(descriptor, "rb", closefd=False) as file:
        return file.read(MAX_BYTES + 1)


def parse(content: bytes, *, path: str) -> Notebook:
    """
    Parse the bytes of a notebook.

    Args:
        content: The whole file.
        path: Its name, for the result and for errors; the ending says which format it is.

    Raises:
        NotebookError: As `read`.
    """
    if Path(path).suffix in scripts.SUFFIXES:
        if len(content) > _LARGEST_SCRIPT:
            raise NotebookError(
                f"{path}: is larger than the {_LARGEST_SCRIPT // 1000} kB of a script that are read; split it"
            )
        return _parse_script(_decode(content, path), path)
    document = parse_document(content, path=path)
    metadata: dict[str, Any] = document.get("metadata", {})
    return Notebook(
        path=path,
        cells=tuple(_cell(raw, number, path) for number, raw in enumerate(document["cells"], start=1)),
        language=_language(metadata),
        kernel=_kernel(metadata),
        metadata=metadata,
        minor=_minor(document),
    )


def language_and_kernel(metadata: dict[str, Any]) -> tuple[str, str | None]:
    """The language and the kernel's name that a notebook's metadata tell; Python where they tell nothing."""
    return _language(metadata), _kernel(metadata)


def parse_document(content: bytes, *, path: str) -> dict[str, Any]:
    """The bytes of an `.ipynb` as its JSON object, known to be nbformat 4 with a list of well-formed cells."""
    limits.check(content, path=path)
    document = _decoded(content, path)
    _check(document, path)
    checked: dict[str, Any] = document
    return checked


def _decoded(content: bytes, path: str) -> Any:
    """The JSON, or in words what is wrong with it."""
    try:
        return msgspec.json.decode(content)
    except RecursionError:
        raise NotebookError(f"{path}: its JSON is nested too deeply; it is not a notebook") from None
    except ValueError as error:
        if len(content) > _EXPLAINED:
            if "truncated" in str(error):
                raise NotebookError(f"{path}: ends in the middle of its JSON; still being saved?") from None
            raise NotebookError(f"{path}: is not JSON ({error}); is it a notebook?") from None
    # the same, more slowly: it takes what Python writes and JSON does not know, and it names the line
    text = _decode(content, path)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if _cut_short(text, error):
            raise NotebookError(f"{path}: ends in the middle of its JSON; still being saved?") from None
        where = f"line {error.lineno}, column {error.colno}"
        raise NotebookError(f"{path}: is not JSON ({error.msg}, {where}); is it a notebook?") from None
    except RecursionError:
        raise NotebookError(f"{path}: its JSON is nested too deeply; it is not a notebook") from None
    except ValueError as error:
        raise NotebookError(f"{path}: is not JSON ({error}); is it a notebook?") from None


def _cut_short(text: str, error: json.JSONDecodeError) -> bool:
    """Whether the text ends where a value, a bracket or a quote was still to come, or within one."""
    rest = text[error.pos :].rstrip()
    if not rest or error.msg.startswith("Unterminated string"):
        return True
    if error.msg.startswith("Invalid \\uXXXX"):
        return len(rest) <= _ESCAPE
    return text.lstrip().startswith("{") and (rest in _NUMBERS or any(word.startswith(rest) for word in _LITERALS))


def _decode(content: bytes, path: str) -> str:
    if len(content) > MAX_BYTES:
        raise NotebookError(f"{path}: is larger than the {MAX_BYTES // 1_000_000} MB that Proofbook reads")
    if not content.strip():
        raise NotebookError(f"{path}: is empty; still being saved, or never written?")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotebookError(f"{path}: is not UTF-8 (byte {error.start}); save it again as UTF-8") from None


def _check(document: object, path: str) -> None:
    """Refuse what is not nbformat 4."""
    if not isinstance(document, dict):
        raise NotebookError(f"{path}: is JSON but not a notebook: its top level is no object")
    version = document.get("nbformat")
    if version is None and "cells" not in document and "worksheets" not in document:
        raise NotebookError(f"{path}: is JSON but not a notebook: it has neither nbformat nor cells")
    if version != 4 or isinstance(version, bool):
        told = f"nbformat {_told(version)}" if version is not None else "no nbformat version"
        cure = f"convert it with `jupyter nbconvert --to notebook --inplace {path}`"
        raise NotebookError(f"{path}: has {told}, and only nbformat 4 is read; {cure}")
    if not isinstance(document.get("cells"), list):
        raise NotebookError(f"{path}: has no list of cells; it is damaged")
    if len(document["cells"]) > limits.MAX_CELLS:
        raise limits.too_many_cells(path)
    if not isinstance(document.get("metadata", {}), dict):
        raise NotebookError(f"{path}: its metadata is no object; it is damaged")


def _told(value: object) -> str:
    """A value of the file, short enough for a message."""
    plain = value is None or isinstance(value, str | int | float)
    return repr(value)[:80] if plain else f"an {'object' if isinstance(value, dict) else 'array'}"


def _cell(raw: object, number: int, path: str) -> Cell:
    def damaged(what: str) -> NotebookError:
        return NotebookError(f"{path}: cell {number}: {what}; the file is damaged")

    if not isinstance(raw, dict):
        raise damaged("is no object")
    kind = _KINDS.get(raw["cell_type"]) if isinstance(raw.get("cell_type"), str) else None
    if kind is None:
        raise damaged(f"has the unknown type {_told(raw.get('cell_type'))}")
    source = raw.get("source", "")
    if isinstance(source, list) and all(isinstance(part, str) for part in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise damaged("its source is neither text nor a list of lines")
    metadata = raw.get("metadata", {})
    outputs = raw.get("outputs", [])
    count = raw.get("execution_count")
    if not isinstance(metadata, dict):
        raise damaged("its metadata is no object")
    if not isinstance(outputs, list) or not all(isinstance(output, dict) for output in outputs):
        raise damaged("its outputs are no list of objects")
    identity = raw.get("id")
    return Cell(
        number=number,
        id=_sound(identity) if isinstance(identity, str) and identity else f"cell-{number}",
        kind=kind,
        source=_sound(source),
        tags=tags_of(metadata),
        execution_count=count if isinstance(count, int) and not isinstance(count, bool) else None,
        outputs=tuple(outputs),
        metadata=metadata,
        has_id=isinstance(identity, str) and bool(identity),
    )


def _minor(document: dict[str, Any]) -> int:
    minor = document.get("nbformat_minor")
    return minor if isinstance(minor, int) else 0


def _sound(text: str) -> str:
    """`text` without lone surrogates: JSON can say them, UTF-8 and Python's parser cannot."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def tags_of(metadata: dict[str, Any]) -> tuple[str, ...]:
    """The tags in a cell's metadata."""
    tags = metadata.get("tags", [])
    return tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()


def _part(metadata: dict[str, Any], *, of: str, key: str) -> str | None:
    part = metadata.get(of)
    value = part.get(key) if isinstance(part, dict) else None
    return value if isinstance(value, str) and value else None


def _kernel(metadata: dict[str, Any]) -> str | None:
    return _part(metadata, of="kernelspec", key="name")


def _language(metadata: dict[str, Any]) -> str:
    told = _part(metadata, of="language_info", key="name") or _part(metadata, of="kernelspec", key="language")
    if told is None:
        # R's kernel is often saved with a name only; of a script without a header the ending tells
        told = (
            {"ir": "r"}.get(_kernel(metadata) or "") or _part(metadata, of="jupytext", key="main_language") or "python"
        )
    told = told.lower()
    return "python" if told in {"ipython", "python3"} else told


def _parse_script(text: str, path: str) -> Notebook:
    """A script or Markdown file, cut into cells by jupytext as Ploomber does it."""
    document = scripts.document(text, path)
    # jupytext makes up random ids: these would differ at every reading
    cells = [_cell({**raw, "id": ""}, number, path) for number, raw in enumerate(document.cells, start=1)]
    lines = scripts.starts([cell.source for cell in cells], text)
    metadata: dict[str, Any] = json.loads(json.dumps(document.metadata))
    if _part(metadata, of="kernelspec", key="display_name") == scripts.UNNAMED:
        del metadata["kernelspec"]["display_name"]
    return Notebook(
        path=path,
        cells=tuple(replace(cell, line=line) for cell, line in zip(cells, lines, strict=True)),
        format="percent",
        language=_language(metadata),
        kernel=_kernel(metadata),
        metadata=metadata,
    )
