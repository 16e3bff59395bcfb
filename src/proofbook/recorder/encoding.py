"""A value as scrapbook's payload, with what a person sees of it."""

import json
from typing import Any, NamedTuple

from proofbook.recorder.plain import as_text, has_special, is_a, plain, special, type_name

__all__ = ["Encoded", "encode"]

_SHOWN = 1000
_LIMIT = 4 << 20
"""Bytes of text or JSON; reading has the same limit."""


class Encoded(NamedTuple):
    """One value, ready to be published."""

    kind: str
    type: str
    encoder: str
    """scrapbook's: `json`, `text` or `pandas`."""
    data: Any
    """What scrapbook decodes; never None, and JSON can always say it."""
    shown: dict[str, Any]
    """MIME type to representation, `text/plain` at least."""
    special: str | None = None
    columns: tuple[str, ...] = ()
    """Of a table."""
    numeric: bool = False
    """A number, or None where a number was wanted."""
    nested: bool = False
    """Numbers may stand inside it."""
    picture: str | None = None
    """Why a figure has no picture."""
    value: dict[str, Any] | None = None
    """Of a model with a probe set, beside what it predicts: its class, and the probe set's digest, rows, seconds."""


def encode(name: str, value: Any) -> Encoded:
    """
    Encode one value by its type, importing only what that type's own library has imported already.

    Raises:
        TypeError: There is no way to record such a value; the message says what to do.
        ValueError: The value is of a good type, and cannot be recorded as it is.
    """
    try:
        encoded = _simple(name, value) or _library(name, value) or _nested(name, value)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"record({name!r}): {error}") from None
    if encoded is None:
        raise TypeError(f"record({name!r}): cannot record {_article(type_name(value))}; {_advice(name, value)}")
    if encoded.kind in ("text", "json", "profile") and (size := _size(encoded.data)) > _LIMIT:
        raise ValueError(
            f"record({name!r}): it takes {size >> 20} MB, and a notebook should hold {_LIMIT >> 20} MB at most: "
            "write it as a product of the task and record its pathlib.Path"
        )
    return encoded


def _size(data: Any) -> int:
    return len((data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)).encode())


def json_payload(value: Any) -> Any:
    """
    A plain value as scrapbook's `json` encoder wants it.

    The schema has no null, and JSON has no NaN: such values travel as JSON text, which scrapbook decodes.
    """
    return json.dumps(value) if value is None or has_special(value) else value


def _simple(name: str, value: Any) -> Encoded | None:
    kind = type_name(value)
    if is_a(value, "numpy", "ndarray") and value.ndim == 0:
        value = value[()]
    if is_a(value, "pandas", "NaTType", "NAType"):
        return _scalar(name, None, kind)
    if (text := as_text(value)) is not None:
        return Encoded("text", kind, "text", text, {"text/plain": f"{name} = {text}"})
    if is_a(value, "numpy", "generic"):
        value = plain(value)
    if value is None or isinstance(value, bool | int | float):
        return _scalar(name, value, kind)
    if isinstance(value, str):
        text = plain(value)
        return Encoded("text", kind, "text", text, {"text/plain": f"{name} = {_short(text)}"})
    return None


def _scalar(name: str, value: Any, kind: str) -> Encoded:
    value = plain(value)
    word = special(value) if isinstance(value, float) else None
    shown = {"text/plain": f"{name} = {value!r}"}
    return Encoded("scalar", kind, "json", json_payload(value), shown, special=word, numeric=True)


def _library(name: str, value: Any) -> Encoded | None:
    if is_a(value, "pathlib", "PurePath"):
        return _file(name, value)
    if is_a(value, "proofbook", "Profile"):
        content = plain(value.content)
        shown = {"text/plain": f"{name} = {value!r}", "text/html": value._repr_html_()}
        return Encoded("profile", "proofbook.Profile", "json", json_payload(content), shown, nested=True)
    from proofbook.recorder import figures, tables

    if tables.takes(value):
        return tables.encode(name, value)
    if figures.takes(value):
        return figures.encode(name, value)
    return None


def _nested(name: str, value: Any) -> Encoded | None:
    if not isinstance(value, dict | list | tuple):
        return None
    content = plain(value)
    shown = {"text/plain": f"{name} = {_short(json.dumps(content, ensure_ascii=False))}"}
    return Encoded("json", type_name(value), "json", json_payload(content), shown, nested=True)


def _file(name: str, value: Any) -> Encoded:
    """A file by reference; its path relative to the folder the notebook runs in, to mean the same elsewhere."""
    from pathlib import Path

    from proofbook.disk.atomic import digest_of

    path = Path(value)
    if not path.is_file():
        what = "is a folder; record each file that counts" if path.is_dir() else "is not there; write the file first"
        raise ValueError(f"{path} {what}")
    here = Path.cwd().resolve()
    resolved = path.resolve()
    written = resolved.relative_to(here).as_posix() if resolved.is_relative_to(here) else path.as_posix()
    content = {"path": plain(written, where="path"), "size": path.stat().st_size, "digest": digest_of(path)}
    shown = {"text/plain": f"{name} = {written} ({content['size']} bytes, SHA-256 {content['digest'][:12]}...)"}
    return Encoded("model", "pathlib.Path", "json", content, shown)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"


def _article(word: str) -> str:
    return f"{'an' if word[0] in 'aeiouAEIOU' else 'a'} {word}"


def _advice(name: str, value: Any) -> str:
    if isinstance(value, set | frozenset):
        return "record sorted(...) of it"
    if isinstance(value, bytes | bytearray | memoryview):
        return f"write it to a file and record the path: record({name!r}, pathlib.Path(...))"
    if is_a(value, "polars", "LazyFrame"):
        return "record .collect() of it"
    if is_a(value, "pandas", "Styler"):
        return "record the table behind it, .data"
    if is_a(value, "builtins", "module") and value.__name__ == "matplotlib.pyplot":
        return "record plt.gcf(), the current figure"
    if any(hasattr(value, method) for method in ("predict", "state_dict", "get_params")):
        return (
            f"save the model to a file and record the path: record({name!r}, pathlib.Path(...)); "
            f"or record what it predicts: record({name!r}, model, probe=X)"
        )
    if hasattr(value, "item") and hasattr(value, "shape"):
        return "record float(...) of it, or its NumPy array"
    if hasattr(value, "__dict__") and not callable(value):
        return "record its fields as a dict, or str(...) of it"
    return "record a number, text, dict, list, table, figure or pathlib.Path instead"
