"""What is open in the editor, and how a notebook is made of it each time that it is looked at."""

import json
from pathlib import Path
from typing import Any, Protocol

from lsprotocol import types
from msgspec import Struct
from pygls.uris import to_fs_path
from pygls.workspace import TextDocument, Workspace

from proofbook.analyze import scripts, source
from proofbook.exceptions import NotebookError
from proofbook.lsp.opened import Opened
from proofbook.lsp.reading import Part, of_blocks, of_file, of_parts
from proofbook.lsp.virtual import Block, align, known
from proofbook.model.notebook import Notebook

__all__ = ["CellDocuments", "Document", "JoinedText", "TextFile", "is_file", "of_notebook", "of_text"]


class Document(Protocol):
    """One open notebook."""

    uri: str
    path: Path

    def opened(self, workspace: Workspace, *, shown: str) -> Opened:
        """The notebook as it is in the editor now; findings call it `shown`."""
        ...

    def saved(self) -> None:
        """The editor has saved it: what its file says may have changed."""
        ...


class TextFile(Struct):
    """A script, a Markdown notebook, or an `.ipynb` that is edited as JSON: the text is the file."""

    uri: str
    path: Path

    def opened(self, workspace: Workspace, *, shown: str) -> Opened:
        return of_file(self.uri, workspace.get_text_document(self.uri).source, path=shown)

    def saved(self) -> None:
        return


class JoinedText(Struct):
    """A notebook in JupyterLab, which sends all cells as one text."""

    uri: str
    path: Path
    notebook: Notebook | None = None
    """As it is in the file."""
    blocks: tuple[Block, ...] = ()
    """The cells as they were known last."""

    def opened(self, workspace: Workspace, *, shown: str) -> Opened:
        self.blocks = align(workspace.get_text_document(self.uri).source, self.blocks)
        return of_blocks(self.uri, self.blocks, path=shown, saved=self.notebook)

    def saved(self) -> None:
        self.notebook = _read(self.path)
        if self.notebook is not None:
            self.blocks = known(self.notebook.cells)


class CellDocuments(Struct):
    """A notebook document of the protocol."""

    uri: str
    path: Path
    notebook: Notebook | None = None
    """As it is in the file."""

    def opened(self, workspace: Workspace, *, shown: str) -> Opened:
        document = workspace.get_notebook_document(notebook_uri=self.uri)
        cells = document.cells if document is not None else []
        metadata = _nbformat(document.metadata) if document is not None else None
        parts = [_part(cell, workspace.get_text_document(cell.document)) for cell in cells]
        return of_parts(self.uri, parts, path=shown, saved=self.notebook, metadata=metadata)

    def saved(self) -> None:
        self.notebook = _read(self.path)


def of_text(text: TextDocument) -> Document | None:
    """The notebook that a document of one text is; None where it is none."""
    path = _path(text.uri)
    if is_file(text):
        return TextFile(text.uri, path)
    # JupyterLab opens scripts as notebooks, too: then the text has no cells, and the file has
    if path.suffix != ".ipynb" and not _has_cells(path):
        return None
    joined = JoinedText(text.uri, path)
    joined.saved()
    return joined


def is_file(text: TextDocument) -> bool:
    """Whether a document of one text is the file of a notebook, as it stands."""
    suffix = _path(text.uri).suffix
    if suffix == ".ipynb":
        return _is_json(text.source)
    return suffix in scripts.SUFFIXES and scripts.has_cells(text.source, suffix=suffix)


def of_notebook(uri: str) -> Document:
    """The notebook that a document of many cells is."""
    document = CellDocuments(uri, _path(uri))
    document.saved()
    return document


def _path(uri: str) -> Path:
    return Path(to_fs_path(uri) or uri.rpartition(":")[2])


def _read(path: Path) -> Notebook | None:
    """The notebook in a file, where there is one that can be read."""
    try:
        return source.read(path)
    except NotebookError:
        return None


def _has_cells(path: Path) -> bool:
    """Whether the file is a script or Markdown file that is divided into cells."""
    if path.suffix not in scripts.SUFFIXES:
        return False
    try:
        text = source.read_bytes(path).decode("utf-8", "replace")
    except NotebookError:
        return False
    return scripts.has_cells(text, suffix=path.suffix)


def _is_json(text: str) -> bool:
    """Whether the text is an `.ipynb` itself; JupyterLab's text of cells may well begin with a brace."""
    if not text.lstrip().startswith("{"):
        return False
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return '"cell_type"' in text and '"nbformat"' in text


def _part(cell: types.NotebookCell, text: TextDocument) -> Part:
    metadata = cell.metadata if isinstance(cell.metadata, dict) else None
    identity = metadata.get("id") if metadata is not None else None
    summary = cell.execution_summary
    return Part(
        uri=cell.document,
        kind="code" if cell.kind == types.NotebookCellKind.Code else "markdown",
        source=text.source.replace("\r\n", "\n"),
        metadata=_nbformat(cell.metadata),
        id=identity if isinstance(identity, str) else None,
        execution_count=summary.execution_order if summary is not None else None,
    )


def _nbformat(told: Any) -> dict[str, Any] | None:
    """Metadata as the file has it: some editors put it below `metadata`, or `custom` and `metadata`."""
    for key in ("custom", "metadata"):
        if isinstance(told, dict) and isinstance(told.get(key), dict):
            told = told[key]
    return told if isinstance(told, dict) and told else None
