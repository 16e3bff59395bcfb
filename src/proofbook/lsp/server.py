"""
The server: `proofbook lsp`, over standard input and output.

It reads what the editor sends, and the notebook's file for what the editor does not (tags, ids, outputs). It runs
nothing of it and writes nothing.
"""

import asyncio
import logging
import sys
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.workspace import TextDocument

from proofbook import __version__
from proofbook.lsp import documents
from proofbook.lsp.actions import actions
from proofbook.lsp.diagnostics import hover, published
from proofbook.lsp.documents import Document, JoinedText
from proofbook.lsp.looking import Seen, look
from proofbook.lsp.project import Surroundings, folder_of

__all__ = ["Server", "main", "make"]

_PAUSE = 0.2
"""Seconds without a keystroke, after which a notebook is looked at."""
_ALL_CELLS = types.NotebookDocumentSyncOptions(
    notebook_selector=[
        types.NotebookDocumentFilterWithNotebook(
            notebook=types.NotebookDocumentFilterNotebookType(notebook_type="jupyter-notebook")
        )
    ],
    save=True,
)


class Server(LanguageServer):
    """What is open, and what was last said of it."""

    def __init__(self) -> None:
        super().__init__("proofbook", __version__, notebook_document_sync=_ALL_CELLS)
        self._documents: dict[str, Document] = {}
        self._seen: dict[str, Seen] = {}
        self._waiting: dict[str, asyncio.TimerHandle] = {}
        self._projects: dict[Path, Surroundings] = {}
        self._told: set[str] = set()

    def open(self, document: Document) -> None:
        """A notebook is opened: it is looked at now."""
        self._documents[document.uri] = document
        self.look(document.uri)

    def later(self, uri: str) -> None:
        """A notebook has changed: it is looked at when the typing stops."""
        if uri not in self._documents:
            return
        self._forget(uri)
        self._waiting[uri] = asyncio.get_running_loop().call_later(_PAUSE, self.look, uri)

    def changed(self, text: TextDocument) -> None:
        """A document of one text has changed."""
        known = self._documents.get(text.uri)
        if isinstance(known, JoinedText) or (known is not None and known.path.suffix == ".ipynb"):
            self.later(text.uri)
        # a script becomes a notebook with its first cell, and is none after its last
        elif not documents.is_file(text):
            self.close(text.uri)
        elif known is not None:
            self.later(text.uri)
        elif (document := documents.of_text(text)) is not None:
            self.open(document)

    def close(self, uri: str) -> None:
        """A notebook is closed: nothing is said of it any more."""
        self._forget(uri)
        seen = self._seen.pop(uri, None)
        if self._documents.pop(uri, None) is not None and seen is not None:
            for document in seen.opened.documents:
                self._publish(document, [])

    def document(self, uri: str) -> Document | None:
        """The notebook with this address, or the one that has a cell with it."""
        cell = self.workspace.get_notebook_document(cell_uri=uri)
        return self._documents.get(cell.uri if cell is not None else uri)

    def now(self, uri: str) -> Seen | None:
        """What is to be said of the notebook as it is at this moment."""
        document = self.document(uri)
        if document is None:
            return None
        if document.uri in self._waiting:
            self.look(document.uri)
        return self._seen.get(document.uri)

    def look(self, uri: str) -> None:
        """Look at a notebook, and tell the editor."""
        self._forget(uri)
        document = self._documents.get(uri)
        if document is None:
            return
        before = self._seen.get(uri)
        project = self._project(document.path)
        shown = project.shown(document.path)
        try:
            opened = document.opened(self.workspace, shown=shown)
        except Exception as error:  # noqa: BLE001 - whatever an editor sends, the server goes on
            self._log(f"{shown} cannot be taken apart: {type(error).__name__}: {error}")
            return
        seen = look(
            opened,
            configuration=project.lint,
            project=project.project(document.path, shown=shown),
            folder=project.root,
            known=project.baseline,
        )
        self._seen[uri] = seen
        for failure in seen.failures:
            self._log(f"{failure}. The other rules go on; please report it")
        table = published(seen, codec=self.workspace.position_codec)
        gone = set(before.opened.documents) - set(table) if before is not None else set()
        for address, diagnostics in (table | {address: [] for address in gone}).items():
            self._publish(address, diagnostics)

    def _project(self, path: Path) -> Surroundings:
        within = self.workspace.root_path
        folder = folder_of(path, within=Path(within) if within else None)
        project = self._projects.setdefault(folder, Surroundings(folder))
        if project.refresh() and project.problem is not None:
            self._warn(f"Proofbook: {project.problem}")
        return project

    def _publish(self, uri: str, diagnostics: list[types.Diagnostic]) -> None:
        text = self.workspace.text_documents.get(uri)
        version = text.version if text is not None else None
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, diagnostics=diagnostics, version=version)
        )

    def _log(self, message: str) -> None:
        """Note what is wrong with us. No dialog, which is what JupyterLab makes of a message: it would help nobody."""
        self.window_log_message(types.LogMessageParams(type=types.MessageType.Error, message=message))

    def _warn(self, message: str) -> None:
        """Say something to the person; the same thing only once."""
        if message not in self._told:
            self._told.add(message)
            self.window_show_message(types.ShowMessageParams(type=types.MessageType.Warning, message=message))

    def _forget(self, uri: str) -> None:
        waiting = self._waiting.pop(uri, None)
        if waiting is not None:
            waiting.cancel()


def make() -> Server:
    """A server that knows what the protocol may ask of it."""
    server = Server()
    _synchronise(server)
    _synchronise_notebooks(server)

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix])
    )
    def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        seen = server.now(params.text_document.uri)
        if seen is None:
            return []
        return actions(
            seen,
            params.text_document.uri,
            params.range,
            codec=server.workspace.position_codec,
            disabled=_shows_disabled(server.client_capabilities),
        )

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hovered(params: types.HoverParams) -> types.Hover | None:
        seen = server.now(params.text_document.uri)
        codec = server.workspace.position_codec
        return hover(seen, params.text_document.uri, params.position, codec=codec) if seen is not None else None

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def configured(params: types.DidChangeConfigurationParams) -> None:
        # the project's own files are the configuration; JupyterLab tells of its own at the start, to every server
        del params

    return server


def _shows_disabled(client: types.ClientCapabilities) -> bool:
    """Whether the editor shows what it cannot do."""
    text = client.text_document
    return bool(text is not None and text.code_action is not None and text.code_action.disabled_support)


def _synchronise(server: Server) -> None:
    """Documents of one text: scripts, files, and the notebooks of JupyterLab."""

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        document = documents.of_text(server.workspace.get_text_document(params.text_document.uri))
        if document is not None:
            server.open(document)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        server.changed(server.workspace.get_text_document(params.text_document.uri))

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE, types.SaveOptions(include_text=False))
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        document = server.document(params.text_document.uri)
        if document is not None:
            document.saved()
            server.look(document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.close(params.text_document.uri)


def _synchronise_notebooks(server: Server) -> None:
    """Documents of many cells."""

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenNotebookDocumentParams) -> None:
        server.open(documents.of_notebook(params.notebook_document.uri))

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeNotebookDocumentParams) -> None:
        server.later(params.notebook_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveNotebookDocumentParams) -> None:
        document = server.document(params.notebook_document.uri)
        if document is not None:
            document.saved()
            server.look(document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseNotebookDocumentParams) -> None:
        server.close(params.notebook_document.uri)


def main() -> None:
    """Serve one editor, until it hangs up."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    channel = sys.stdout.buffer
    # what anything prints must not get between the messages
    sys.stdout = sys.stderr
    make().start_io(stdout=channel)


if __name__ == "__main__":
    main()
