"""An executed notebook as cells to show. Its JSON is hostile: nothing about its shape is taken for granted."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from markupsafe import Markup
from msgspec import Struct

from proofbook.model.run import CellRun, Failure, TaskRun
from proofbook.report import outputs, words
from proofbook.report.blocks import Block, note
from proofbook.report.code import highlighted
from proofbook.report.limits import CELLS, NOTEBOOK_BYTES, OUTPUTS
from proofbook.report.markdown import rendered
from proofbook.report.pictures import Album
from proofbook.report.sanitiser import Headings
from proofbook.report.text import plain

__all__ = ["Cell", "Page", "failing", "shown"]

_HIDDEN: Final = frozenset({"hide-input", "remove-input", "hide_input", "remove_input"})
"""Tags by which Jupyter Book and nbconvert are told not to show the code of a cell."""
_ERROR_LINE = re.compile(r"Cell In\[(\d+)\], line (\d{1,6})\b")


class Cell(Struct, frozen=True, kw_only=True):
    """One cell, ready to show."""

    position: int
    """From 1, as the notebook shows it; `number` is the run's own, which may not count injected cells."""
    number: int
    kind: Literal["code", "markdown", "raw"]
    source: Markup
    outputs: tuple[Block, ...] = ()
    status: Literal["completed", "failed", "pending", ""] = ""
    seconds: float = 0.0
    count: str = ""
    """The kernel's own count, `12`."""
    tags: tuple[str, ...] = ()
    first_line: str = ""
    """Of the code, without comments and imports: what the cell is about."""
    injected: bool = False
    folded: bool = False
    """Whether its code is out of sight until a reader asks for it."""
    failed: bool = False


class Page(Struct, frozen=True, kw_only=True):
    """All cells of a notebook, and a remark on those that are not shown."""

    cells: tuple[Cell, ...] = ()
    remark: str = ""


def shown(content: bytes, *, task: TaskRun, album: Album) -> Page:
    """
    The executed notebook of `task`.

    Args:
        content: The notebook's bytes.
        task: Says what became of each cell.
        album: Takes the pictures.

    Raises:
        ValueError: It is not a notebook, or larger than the limit.
    """
    document = _parsed(content)
    metadata = document.get("metadata")
    language = _language(metadata if isinstance(metadata, dict) else {})
    headings = Headings(base=3)
    raw = document["cells"]
    runs = _Runs(task)
    cells = [
        _cell(cell, position=position, runs=runs, language=language, album=album, headings=headings)
        for position, cell in enumerate(raw[:CELLS], start=1)
    ]
    missing = len(raw) - len(cells)
    return Page(cells=tuple(cells), remark=f"{words.plural(missing, 'cell')} not shown." if missing else "")


def failing(page: Page) -> Cell | None:
    """The cell that failed, where one did."""
    return next((cell for cell in page.cells if cell.failed), None)


class _Runs:
    """What is known of each cell from the run, by id and, where the notebook has no ids, by number."""

    def __init__(self, task: TaskRun) -> None:
        self._by_id = {cell.id: cell for cell in task.cells if cell.id}
        self._by_number = {cell.number: cell for cell in task.cells if not cell.id}
        self._failure: Failure | None = task.failure

    def of(self, identity: str, number: int) -> CellRun | None:
        return self._by_id.get(identity) or self._by_number.get(number)

    def failed(self, identity: str, number: int) -> bool:
        failure = self._failure
        if failure is None or not failure.cell:
            return False
        return identity == failure.cell_id if failure.cell_id else number == failure.cell

    @property
    def failing_line(self) -> tuple[int, ...]:
        """Where the traceback points to within the failing cell."""
        found = _ERROR_LINE.findall(plain(self._failure.traceback)) if self._failure else []
        # the first is where the failing cell itself was; functions of earlier cells have other numbers
        return tuple(int(line) for cell, line in found[:50] if cell == found[0][0])


def _parsed(content: bytes) -> dict[str, Any]:
    if len(content) > NOTEBOOK_BYTES:
        raise ValueError(f"it has {words.size(len(content))}, the limit is {words.size(NOTEBOOK_BYTES)}")
    try:
        document = json.loads(content)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError:
        raise ValueError("it is not valid JSON") from None
    if isinstance(document, dict) and isinstance(document.get("cells"), list):
        return document
    raise ValueError("it has no list of cells")


def _language(metadata: Mapping[str, Any]) -> str:
    for section, key in (("language_info", "name"), ("kernelspec", "language")):
        found = metadata.get(section)
        if isinstance(found, dict) and isinstance(found.get(key), str):
            return str(found[key])
    return "python"


def _cell(cell: Any, *, position: int, runs: _Runs, language: str, album: Album, headings: Headings) -> Cell:
    if not isinstance(cell, dict):
        return Cell(
            position=position,
            number=position,
            kind="raw",
            source=Markup(""),
            outputs=(note("This cell is not readable."),),
        )
    source = outputs.joined(cell.get("source"))
    kind = cell.get("cell_type")
    if kind == "markdown":
        attachments = cell.get("attachments")
        attached = attachments if isinstance(attachments, dict) else None
        page = rendered(source, album=album, headings=headings, attachments=attached)
        return Cell(position=position, number=position, kind="markdown", source=page)
    if kind != "code":
        return Cell(position=position, number=position, kind="raw", source=highlighted(source, "text"))
    return _code_cell(cell, source, position=position, runs=runs, language=language, album=album, headings=headings)


def _code_cell(
    cell: dict[str, Any], source: str, *, position: int, runs: _Runs, language: str, album: Album, headings: Headings
) -> Cell:
    identity = cell["id"] if isinstance(cell.get("id"), str) else ""
    ran = runs.of(identity, position)
    number = ran.number if ran else position
    failed = runs.failed(identity, number) or (ran is not None and ran.status == "failed")
    names = _tags(cell.get("metadata"))
    injected = "injected-parameters" in names
    count = cell.get("execution_count")
    return Cell(
        position=position,
        number=number,
        kind="code",
        source=highlighted(source, language, marked=runs.failing_line if failed else ()),
        outputs=_outputs(cell.get("outputs"), album=album, headings=headings, where=f"cell {number}"),
        status="failed" if failed else ran.status if ran else "",
        seconds=ran.seconds if ran else 0.0,
        count=str(count) if isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 10**9 else "",
        tags=tuple(name for name in names if name not in _HIDDEN),
        first_line=_first_line(source),
        injected=injected,
        folded=not failed and (injected or _hidden(cell.get("metadata"), names)),
        failed=failed,
    )


def _hidden(metadata: Any, tags: tuple[str, ...]) -> bool:
    """Whether the author hid the code of a cell, in JupyterLab or by a tag."""
    shown_by = metadata.get("jupyter") if isinstance(metadata, dict) else None
    return not _HIDDEN.isdisjoint(tags) or (isinstance(shown_by, dict) and shown_by.get("source_hidden") is True)


def _tags(metadata: Any) -> tuple[str, ...]:
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    if not isinstance(tags, list):
        return ()
    return tuple(words.brief(tag, limit=40) for tag in tags[:8] if isinstance(tag, str))


def _first_line(source: str) -> str:
    lines = [line.strip() for line in source.split("\n", 40)[:40]]
    telling = [line for line in lines if line and not line.startswith(("#", "%"))]
    beyond_imports = [line for line in telling if not line.startswith(("import ", "from "))]
    return words.brief(next(iter(beyond_imports or telling), ""), limit=64)


def _outputs(content: Any, *, album: Album, headings: Headings, where: str) -> tuple[Block, ...]:
    if not isinstance(content, list):
        return ()
    found: list[Block] = []
    for output in _merged(content[:OUTPUTS]):
        found += outputs.blocks(output, album=album, headings=headings, where=where)
    if len(content) > OUTPUTS:
        found.append(note(f"{words.plural(len(content) - OUTPUTS, 'output')} not shown."))
    return tuple(found)


def _merged(content: list[Any]) -> list[Any]:
    """Streams of one name that follow each other become one, as a person saw them."""
    merged: list[Any] = []
    for output in content:
        before = merged[-1] if merged else {}
        if _stream(output) and _stream(before) and output.get("name") == before.get("name"):
            merged[-1] = {**before, "text": outputs.joined(before.get("text")) + outputs.joined(output.get("text"))}
        else:
            merged.append(output)
    return merged


def _stream(output: Any) -> bool:
    return isinstance(output, dict) and output.get("output_type") == "stream"
