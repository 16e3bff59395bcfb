"""
Reads the records of an executed notebook: ours, and what `scrapbook.glue` and papermill's old `record` left.

A notebook that is read is hostile: nothing in it is run, sizes are bounded, and one bad record hides no other.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, get_args

from msgspec import Struct

from proofbook.execute import declared as declarations
from proofbook.execute import plain, tables
from proofbook.model.record import Kind, Record, Rule
from proofbook.model.run import canonical

__all__ = ["Recorded", "read"]

_SCRAP = "application/scrapbook.scrap"
_OLD = "application/papermill.record"
_KINDS = get_args(Kind)
_ENCODERS = {"table": ("pandas",), "predictions": ("pandas",), "text": ("text",), "model": ("json", "pandas")}
_NAME_LIMIT = 200
_VALUE_LIMIT = 4 << 20
_PLOTTED_LIMIT = 64 << 20
_PICTURE_LIMIT = 64 << 20
_PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/svg+xml": b""}


class Recorded(Struct, frozen=True, kw_only=True):
    """What a notebook recorded."""

    records: tuple[Record, ...]
    blobs: dict[str, bytes]
    """Tables and predictions as Parquet, figures as PNG or SVG and their plotted data as JSON, by SHA-256."""
    notes: tuple[str, ...] = ()
    """What a person should know: names that were recorded more than once."""


class _UnreadableError(Exception):
    """Why a record cannot be read, in a few words."""


def read(notebook: Mapping[str, Any], *, task: str) -> Recorded:
    """
    Read every record of an executed notebook.

    A name that was recorded more than once counts as it was recorded last; `notes` says so.

    Args:
        notebook: The notebook's JSON, whatever is in it.
        task: Name of the task whose notebook it is.
    """
    found: dict[str, Record] = {}
    places: dict[str, list[int]] = {}
    blobs: dict[str, bytes] = {}
    for number, output in _outputs(notebook):
        for record in _of_output(output, task=task, cell=number, blobs=blobs, known=found):
            found[record.name] = record
            places.setdefault(record.name, []).append(number)
    used = {digest for record in found.values() for digest in (record.blob, record.plotted)}
    return Recorded(
        records=tuple(found.values()),
        blobs={digest: content for digest, content in blobs.items() if digest in used},
        notes=tuple(
            f"{name!r} was recorded {len(cells)} times (cells {', '.join(map(str, dict.fromkeys(cells)))}); "
            "the last counts"
            for name, cells in places.items()
            if len(cells) > 1
        ),
    )


def _outputs(notebook: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    cells = notebook.get("cells") if isinstance(notebook, Mapping) else None
    for number, cell in enumerate(cells if isinstance(cells, list) else (), start=1):
        outputs = cell.get("outputs") if isinstance(cell, dict) else None
        for output in outputs if isinstance(outputs, list) else ():
            if isinstance(output, dict) and isinstance(output.get("data"), dict):
                yield number, output


def _of_output(
    output: dict[str, Any], *, task: str, cell: int, blobs: dict[str, bytes], known: Mapping[str, Record]
) -> Iterator[Record]:
    data = output["data"]
    metadata = output.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    any_scrap = False
    for media, payload in data.items():
        for name, encoder, content in _payloads(media, payload):
            any_scrap = True
            known_as = _name(name)
            try:
                yield _record(known_as, encoder, content, data, metadata, blobs=blobs, task=task, cell=cell)
            except (_UnreadableError, RecursionError) as error:
                reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
                yield Record(name=known_as, kind=_kind(metadata), task=task, cell=cell, unreadable=reason)
    if any_scrap:
        return
    for mark in ("scrapbook", "papermill"):
        glued = metadata.get(mark)
        if isinstance(glued, dict) and glued.get("name") and (mark == "papermill" or glued.get("display")):
            name = _name(glued["name"])
            # `glue(..., display=True)` writes the value first and then what it looks like
            if name not in known or known[name].cell != cell:
                yield _display(name, data, blobs, task=task, cell=cell)
            return


def _payloads(media: str, payload: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Name, encoder and data of each value in one part of an output."""
    if media.startswith(_SCRAP):
        if isinstance(payload, dict):
            yield payload.get("name"), payload.get("encoder"), payload.get("data")
        else:
            yield None, None, None
    elif media.startswith(_OLD) and isinstance(payload, dict):
        for name, content in payload.items():
            yield name, "json", content


def _record(
    name: str,
    encoder: Any,
    content: Any,
    data: dict[str, Any],
    metadata: dict[str, Any],
    *,
    blobs: dict[str, bytes],
    task: str,
    cell: int,
) -> Record:
    declared = metadata.get("proofbook")
    declared = declared if isinstance(declared, dict) else {}
    kind = declared.get("kind")
    if kind is not None and kind not in _KINDS:
        raise _UnreadableError(f"its kind {str(kind)[:50]!r} is unknown; a newer Proofbook may have written it")
    if encoder not in ("json", "text", "pandas"):
        raise _UnreadableError(f"its encoder {str(encoder)[:50]!r} is unknown")
    if kind is not None and encoder not in _ENCODERS.get(kind, ("json",)):
        raise _UnreadableError(f"it says that it is a {kind}, and is encoded as {encoder}")
    written = declared.get("type")
    kept = {"name": name, "task": task, "cell": cell, "type": str(written)[:100] if written else ""}
    try:
        kept |= {"rule": declarations.rule(declared), "eval_set": declarations.eval_set(declared)}
    except ValueError as error:
        raise _UnreadableError(str(error)) from None
    if encoder == "pandas":
        return _table(kept, kind or "table", content, declared, blobs)
    value = content if encoder == "text" else _decoded(content)
    if kind is None and encoder == "json" and value in ("nan", "inf", "-inf"):
        # what Jupyter's messages make of a float that JSON cannot say
        value = float(value)
    if kind == "figure":
        return _figure(kept, value, data, blobs)
    return _value(kept, kind, value, declared.get("special"))


def _decoded(content: Any) -> Any:
    """What scrapbook's `json` encoder makes of it: text that is JSON is decoded, other text stays."""
    if not isinstance(content, str):
        return content
    if len(content) > _PLOTTED_LIMIT:
        raise _UnreadableError(f"it has {len(content)} characters, and {_PLOTTED_LIMIT} is the limit")
    try:
        return json.loads(content)
    except ValueError:
        return content


def _value(kept: dict[str, Any], kind: Kind | None, value: Any, special: Any) -> Record:
    """A scalar, text, JSON, profile or file."""
    actual: Kind = "text" if isinstance(value, str) else "json" if isinstance(value, dict | list) else "scalar"
    if kind in ("profile", "model"):
        actual = kind if isinstance(value, dict) else "json"
    if kind is not None and kind != actual:
        raise _UnreadableError(f"it says that it is a {kind}, and holds {type(value).__name__}")
    if actual == "model" and not (isinstance(value.get("path"), str) and isinstance(value.get("digest"), str)):
        raise _UnreadableError("it is a file without path or SHA-256")
    if isinstance(value, float) and (word := plain.special(value)):
        if special not in (None, word):
            raise _UnreadableError(f"it says that it is {str(special)[:20]}, and is {word}")
        return Record(kind="scalar", special=word, **_typed(kept, "float"))
    try:
        value = plain.bounded(value)
    except ValueError as error:
        raise _UnreadableError(str(error)) from None
    if isinstance(value, str) and actual == "scalar":
        # an integer of more than 64 bits
        return Record(kind="text", value=value, **_typed(kept, "int"))
    if len(canonical(value)) > _VALUE_LIMIT:
        raise _UnreadableError(f"it is larger than {_VALUE_LIMIT >> 20} MB as JSON; write a file and record its path")
    return Record(kind=actual, value=value, **_typed(kept, "None" if value is None else type(value).__name__))


def _typed(kept: dict[str, Any], fallback: str) -> dict[str, Any]:
    return {**kept, "type": kept["type"] or fallback}


def _table(kept: dict[str, Any], kind: Kind, content: Any, declared: dict[str, Any], blobs: dict[str, bytes]) -> Record:
    """A table, predictions, or what a model predicts for its probe set."""
    try:
        table = tables.normalised(_bytes(content, tables.LIMIT))
    except ValueError as error:
        raise _UnreadableError(f"its table cannot be read: {error}") from None
    value: dict[str, Any] = {"rows": table.rows, "columns": table.columns}
    try:
        if kind == "predictions":
            declarations.rule_fits(kept["rule"], table.columns)
        elif kind == "model":
            value = declarations.probed(declared, rows=table.rows)
    except ValueError as error:
        raise _UnreadableError(str(error)) from None
    return Record(
        kind=kind,
        value=value,
        blob=_put(table.content, blobs),
        media="application/vnd.apache.parquet",
        **_typed(kept, "pandas.DataFrame"),
    )


def _figure(kept: dict[str, Any], value: Any, data: dict[str, Any], blobs: dict[str, bytes]) -> Record:
    if not isinstance(value, dict):
        raise _UnreadableError("it is a figure without plotted data")
    try:
        plotted = canonical(plain.bounded(value, nodes=plain.MANY))
    except ValueError as error:
        raise _UnreadableError(f"its plotted data: {error}") from None
    if len(plotted) > _PLOTTED_LIMIT:
        raise _UnreadableError(f"its plotted data takes more than {_PLOTTED_LIMIT >> 20} MB")
    blob, media = _picture(data, blobs)
    return Record(kind="figure", blob=blob, media=media, plotted=_put(plotted, blobs), **_typed(kept, "figure"))


def _picture(data: dict[str, Any], blobs: dict[str, bytes]) -> tuple[str | None, str | None]:
    """Digest and MIME type of the picture among the representations, if there is one."""
    for media, start in _PICTURES.items():
        if media not in data:
            continue
        content = data[media]
        if isinstance(content, list):
            content = "".join(part for part in content if isinstance(part, str))
        picture = str(content).encode(errors="replace") if media == "image/svg+xml" else _bytes(content, _PICTURE_LIMIT)
        if not picture.startswith(start) or len(picture) > _PICTURE_LIMIT:
            raise _UnreadableError(f"its picture is not what {media} should be")
        return _put(picture, blobs), media
    return None, None


def _display(name: str, data: dict[str, Any], blobs: dict[str, bytes], *, task: str, cell: int) -> Record:
    """A record that only has looks: a picture, or else its text."""
    kept: dict[str, Any] = {"name": name, "task": task, "cell": cell}
    try:
        blob, media = _picture(data, blobs)
        if blob is not None:
            return Record(kind="figure", blob=blob, media=media, type="display", **kept)
        text = data.get("text/plain", "")
        text = "".join(map(str, text)) if isinstance(text, list) else str(text)
        return _value({**kept, "rule": Rule(), "type": "display"}, "text", text, None)
    except _UnreadableError as error:
        return Record(kind="figure", unreadable=str(error), **kept)


def _bytes(content: Any, limit: int) -> bytes:
    if not isinstance(content, str):
        raise _UnreadableError("its content is not text in base64")
    if len(content) > limit * 4 // 3 + 4:
        raise _UnreadableError(f"it is larger than {limit >> 20} MB")
    try:
        return base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError):
        raise _UnreadableError("its content is not base64") from None


def _put(content: bytes, blobs: dict[str, bytes]) -> str:
    digest = sha256(content).hexdigest()
    blobs[digest] = content
    return digest


def _name(name: Any) -> str:
    """A name that can be shown; what is no name at all gets one."""
    text = name if isinstance(name, str) else "" if name is None else str(name)[:_NAME_LIMIT]
    text = "".join(letter if letter.isprintable() else "?" for letter in text[:_NAME_LIMIT]).strip()
    return text or "(without a name)"


def _kind(metadata: dict[str, Any]) -> Kind:
    declared = metadata.get("proofbook")
    kind: Kind | None = declared.get("kind") if isinstance(declared, dict) else None
    return kind if kind is not None and kind in _KINDS else "json"
