"""
One output of a cell as blocks. The MIME types are an allow-list: what is not on it is named, not shown.

Of the forms in which an output offers itself the first of `_PREFERRED` that can be shown is shown. An interactive
figure without a static picture becomes a remark and the data that it plots.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from markupsafe import Markup

from proofbook.report import interactive, words
from proofbook.report.blocks import Block, note
from proofbook.report.code import highlighted
from proofbook.report.limits import HTML_CHARACTERS, JSON_CHARACTERS, JSON_DEPTH
from proofbook.report.markdown import rendered
from proofbook.report.pictures import Album
from proofbook.report.sanitiser import Headings, clean
from proofbook.report.text import coloured

__all__ = ["blocks", "joined", "pretty"]

_PREFERRED: Final = (
    "image/png",
    "image/jpeg",
    "image/svg+xml",
    "text/html",
    "text/markdown",
    "text/latex",
    "application/json",
    "text/plain",
)
_PAYLOADS: Final = ("application/scrapbook.", "application/papermill.")
"""Records travel in these; the page has a section of its own for them."""


def blocks(output: Any, *, album: Album, headings: Headings, where: str) -> tuple[Block, ...]:
    """
    What one output shows; empty for a record's payload.

    Args:
        output: As it stands in the notebook; nothing about its shape is taken for granted.
        album: Takes the pictures.
        headings: Says which level each heading of HTML and markdown gets.
        where: `cell 7 of evaluate`: describes pictures.
    """
    if not isinstance(output, dict):
        return (note("An output of this cell is not readable."),)
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return (Block(kind="text", content=coloured(joined(output.get("text"))), label=name),)
    if kind == "error":
        return (error(output),)
    bundle = output.get("data")
    if not isinstance(bundle, dict):
        return (note("An output of this cell is not readable."),)
    return _bundle(bundle, album=album, headings=headings, where=where)


def error(output: Mapping[str, Any]) -> Block:
    """An exception: its name and message above its traceback."""
    name, message = joined(output.get("ename")), joined(output.get("evalue"))
    lines = output.get("traceback")
    trace = "\n".join(joined(line) for line in lines) if isinstance(lines, list) else joined(lines)
    return Block(kind="error", label=words.brief(f"{name}: {message}" if message else name), content=coloured(trace))


def joined(content: Any) -> str:
    """The text of a multi-line field, which the notebook format lets be a text or a list of texts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(item for item in content if isinstance(item, str))
    return ""


def pretty(content: Any) -> Markup:
    """JSON, indented and highlighted, cut to the limit."""
    try:
        text = json.dumps(_shallow(content, JSON_DEPTH), indent=2, ensure_ascii=False, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        text = "not readable as JSON"
    return highlighted(text, "json", limit=JSON_CHARACTERS)


def _shallow(content: Any, depth: int) -> Any:
    """Without what lies deeper than `depth`."""
    if isinstance(content, dict):
        return {str(key): _shallow(item, depth - 1) for key, item in content.items()} if depth else "…"
    if isinstance(content, list):
        return [_shallow(item, depth - 1) for item in content] if depth else "…"
    return content


def _bundle(bundle: dict[str, Any], *, album: Album, headings: Headings, where: str) -> tuple[Block, ...]:
    types = [media for media in bundle if isinstance(media, str) and not media.startswith(_PAYLOADS)]
    if not types:
        return ()
    pictured = any(media in bundle for media in _PREFERRED[:3])
    remarks: list[Block] = []
    if not pictured:
        remarks += interactive.blocks(bundle, allowance=album.allowance)
    for media in _PREFERRED:
        if media not in types:
            continue
        if remarks and media == "text/html":  # a page that draws itself by script: nothing of it would be left
            continue
        shown = _one(media, bundle[media], album=album, headings=headings, where=where)
        if shown is None:
            remarks.append(note("An interactive output: it needs script, which this page does not run."))
        elif shown.kind == "note":
            remarks.append(shown)
        else:
            return (*remarks, shown)
    if not remarks:
        named = ", ".join(words.brief(media, limit=60) for media in types[:5])
        remarks.append(note(f"An output of type {named} is not shown."))
    return tuple(remarks)


def _one(media: str, content: Any, *, album: Album, headings: Headings, where: str) -> Block | None:
    """The output in this form; a note where it cannot be shown; None where nothing is left of it without script."""
    if media == "application/json":
        return Block(kind="code", content=pretty(content), label="JSON")
    text = joined(content)
    if media.startswith("image/"):
        return album.add_text(text, media, alt=f"Picture from {where}")
    if media == "text/html":
        if len(text) > HTML_CHARACTERS:
            return note(f"HTML output of {len(text):,} characters not shown; the limit is {HTML_CHARACTERS:,}.")
        page = clean(text, album=album, headings=headings)
        return Block(kind="html", content=page) if "<img" in page or page.striptags().strip() else None
    if media == "text/markdown":
        return Block(kind="html", content=rendered(text, album=album, headings=headings))
    label = "LaTeX" if media == "text/latex" else ""
    return Block(kind="text", content=coloured(text), label=label)
