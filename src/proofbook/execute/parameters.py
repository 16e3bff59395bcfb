"""Gives a notebook its parameters: values as exact Python literals, in a cell that papermill's readers know."""

import json
import keyword
import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import PurePath
from typing import Any

from proofbook.exceptions import NotebookError, PipelineError

__all__ = ["inject", "source"]

_COMMENT = "# Parameters"
_DEPTH_LIMIT = 64


def source(params: Mapping[str, Any], *, language: str = "python") -> str:
    """
    Code that assigns the parameters, one on a line.

    Python code, run, gives back equal values of the same types. Paths are text there. Other languages are papermill's
    affair.

    Args:
        params: Name to value.
        language: Of the kernel.

    Raises:
        PipelineError: A name cannot be assigned to, or a value cannot be written down.
    """
    if language.lower() not in ("python", "ipython"):
        return _papermill(params, language)
    lines = [_COMMENT]
    for name, value in params.items():
        if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
            raise PipelineError(f"parameter {name!r} is not a name that Python can assign to; rename it")
        lines.append(f"{name} = {_literal(value, name)}")
    return "\n".join(lines) + "\n"


def inject(notebook: bytes, params: Mapping[str, Any]) -> bytes:
    """
    The notebook with a cell, tagged `injected-parameters`, that assigns the parameters.

    It stands after the cell tagged `parameters`, or on top; an injected cell of an earlier run is replaced.

    Args:
        notebook: An `.ipynb` of nbformat 4.
        params: Name to value; with none of them the notebook is returned as it came, without an older injected cell.

    Raises:
        NotebookError: It is not such a notebook.
        PipelineError: A parameter cannot be written down.
    """
    try:
        content = json.loads(notebook)
        cells = [cell for cell in content["cells"] if "injected-parameters" not in _tags(cell)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NotebookError("the notebook is not JSON of nbformat 4, so it cannot be given its parameters") from None
    metadata = content.setdefault("metadata", {})
    if params:
        spec = metadata.get("kernelspec", {})
        language = spec.get("language") or metadata.get("language_info", {}).get("name") or "python"
        cell: dict[str, Any] = {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {"tags": ["injected-parameters"]},
            "outputs": [],
            "source": source(params, language=language).rstrip("\n"),
        }
        if content.get("nbformat_minor", 0) >= 5:
            taken = {other.get("id") for other in cells}
            cell["id"] = next(name for name in _ids() if name not in taken)
        place = next((number + 1 for number, other in enumerate(cells) if "parameters" in _tags(other)), 0)
        cells.insert(place, cell)
    content["cells"] = cells
    return json.dumps(content, indent=1, ensure_ascii=False).encode(errors="replace") + b"\n"


def _ids() -> Any:
    yield "injected-parameters"
    number = 2
    while True:
        yield f"injected-parameters-{number}"
        number += 1


def _tags(cell: Mapping[str, Any]) -> list[str]:
    tags = cell.get("metadata", {}).get("tags", [])
    return tags if isinstance(tags, list) else []


def _literal(value: Any, name: str, depth: int = 0) -> str:
    """Code for one value. What has no literal is refused, not turned into text."""
    if depth > _DEPTH_LIMIT:
        raise PipelineError(f"parameter {name!r} is nested deeper than {_DEPTH_LIMIT} levels")
    if type(value).__module__ == "numpy" and hasattr(value, "item") and not getattr(value, "shape", ()):
        value = value.item()
    if (code := _scalar(value)) is not None:
        return code
    if isinstance(value, Mapping):
        pairs = (f"{_literal(key, name, depth + 1)}: {_literal(item, name, depth + 1)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list | tuple | set | frozenset):
        return _collection(value, [_literal(item, name, depth + 1) for item in value])
    raise PipelineError(
        f"parameter {name!r} holds a {type(value).__module__}.{type(value).__qualname__}, which has no literal; "
        "use numbers, text, lists, dictionaries or dates"
    )


def _scalar(value: Any) -> str | None:
    if value is None or isinstance(value, bool | bytes):
        return repr(value)
    # YAML readers return subclasses that remember how a value was written
    if isinstance(value, int):
        return repr(int(value))
    if isinstance(value, float):
        return repr(float(value)) if math.isfinite(value) else f'float("{float(value)}")'
    if isinstance(value, str):
        return repr(str.__str__(value))
    if isinstance(value, PurePath):
        # as everywhere in pipelines a path is text; a notebook that wants more makes a Path of it
        return repr(value.as_posix())
    if type(value) in (date, datetime, time, timedelta) and getattr(value, "tzinfo", None) is None:
        # `import datetime` would take the name from a notebook that imported the class
        return f'__import__("datetime"){repr(value).removeprefix("datetime")}'
    return None


def _collection(value: Any, items: list[str]) -> str:
    if isinstance(value, list):
        return f"[{', '.join(items)}]"
    if isinstance(value, tuple):
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
    body = f"{{{', '.join(sorted(items))}}}" if items else ""
    if isinstance(value, frozenset):
        return f"frozenset({body})"
    return body or "set()"


def _papermill(params: Mapping[str, Any], language: str) -> str:
    from papermill.exceptions import PapermillException
    from papermill.translators import translate_parameters

    try:
        return str(translate_parameters(None, language, dict(params), "Parameters"))
    except (PapermillException, NotImplementedError) as error:
        raise PipelineError(f"parameters cannot be written in {language}: {error}") from None
