"""An editor: the real server in a process of its own, spoken to over its standard input and output."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types
from pygls.lsp.client import LanguageClient
from pygls.workspace import TextDocument

T = TypeVar("T")
DEADLINE = 120
"""Seconds that anything may take, on however slow a machine."""
WHOLE = types.Range(start=types.Position(line=0, character=0), end=types.Position(line=10_000, character=0))
ABLE = types.ClientCapabilities(
    notebook_document=types.NotebookDocumentClientCapabilities(
        synchronization=types.NotebookDocumentSyncClientCapabilities()
    ),
    text_document=types.TextDocumentClientCapabilities(
        code_action=types.CodeActionClientCapabilities(disabled_support=True)
    ),
)


class Editor(LanguageClient):
    """What the server has told."""

    def __init__(self) -> None:
        super().__init__("tests", "1")
        self.diagnostics: dict[str, list[types.Diagnostic]] = {}
        self.messages: list[str] = []
        self.log: list[str] = []
        self._chapter = 0
        self._news = asyncio.Condition()
        self._listen()

    async def codes(self, uri: str, *expected: str) -> list[types.Diagnostic]:
        """Wait until exactly these rules speak of a document; what they say."""
        await self.until(lambda: uri in self.diagnostics and codes_of(self.diagnostics[uri]) == sorted(expected))
        return self.diagnostics[uri]

    async def until(self, holds: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(DEADLINE), self._news:
                await self._news.wait_for(holds)
        except TimeoutError:
            told = {uri: codes_of(diagnostics) for uri, diagnostics in self.diagnostics.items()}
            raise AssertionError(f"not in {DEADLINE} s: {told}, {self.messages}, {self.log}") from None

    def begin(self) -> None:
        """Another test: what was told before is forgotten, and cells have other addresses."""
        self._chapter += 1
        self.diagnostics.clear()
        self.messages.clear()
        self.log.clear()

    def cell(self, name: str) -> str:
        """The address of a cell."""
        return f"cell:{self._chapter}:{name}"

    def notebook_cell(self, name: str, metadata: dict[str, Any] | None = None) -> types.NotebookCell:
        """A cell; of markdown, if its name begins with `m`."""
        kind = types.NotebookCellKind.Markup if name.startswith("m") else types.NotebookCellKind.Code
        return types.NotebookCell(kind=kind, document=self.cell(name), metadata=metadata)

    def text_of(self, name: str, source: str) -> types.TextDocumentItem:
        return types.TextDocumentItem(uri=self.cell(name), language_id="python", version=1, text=source)

    def open(self, uri: str, text: str, *, language: str = "python") -> None:
        item = types.TextDocumentItem(uri=uri, language_id=language, version=0, text=text)
        self.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))

    def change(self, uri: str, text: str, *, version: int = 1) -> None:
        """The whole text, as JupyterLab sends it."""
        document = types.VersionedTextDocumentIdentifier(uri=uri, version=version)
        change = types.TextDocumentContentChangeWholeDocument(text=text)
        self.text_document_did_change(
            types.DidChangeTextDocumentParams(text_document=document, content_changes=[change])
        )

    def save(self, uri: str) -> None:
        document = types.TextDocumentIdentifier(uri=uri)
        self.text_document_did_save(types.DidSaveTextDocumentParams(text_document=document))

    def close(self, uri: str) -> None:
        document = types.TextDocumentIdentifier(uri=uri)
        self.text_document_did_close(types.DidCloseTextDocumentParams(text_document=document))

    def open_notebook(self, uri: str, *cells: tuple[str, str, dict[str, Any] | None], metadata: Any = None) -> None:
        """Cells are name, source and metadata."""
        notebook = types.NotebookDocument(
            uri=uri,
            notebook_type="jupyter-notebook",
            version=1,
            cells=[self.notebook_cell(name, metadata) for name, _, metadata in cells],
            metadata=metadata,
        )
        documents = [self.text_of(name, source) for name, source, _ in cells]
        self.notebook_document_did_open(
            types.DidOpenNotebookDocumentParams(notebook_document=notebook, cell_text_documents=documents)
        )

    def change_notebook(self, uri: str, change: types.NotebookDocumentCellChanges) -> None:
        self.notebook_document_did_change(
            types.DidChangeNotebookDocumentParams(
                notebook_document=types.VersionedNotebookDocumentIdentifier(uri=uri, version=2),
                change=types.NotebookDocumentChangeEvent(cells=change),
            )
        )

    async def actions(self, uri: str, place: types.Range = WHOLE) -> list[types.CodeAction]:
        params = types.CodeActionParams(
            text_document=types.TextDocumentIdentifier(uri=uri),
            range=place,
            context=types.CodeActionContext(diagnostics=[]),
        )
        found = await self.text_document_code_action_async(params)
        return [action for action in found or [] if isinstance(action, types.CodeAction)]

    async def hover(self, uri: str, line: int, character: int) -> str:
        params = types.HoverParams(
            text_document=types.TextDocumentIdentifier(uri=uri),
            position=types.Position(line=line, character=character),
        )
        found = await self.text_document_hover_async(params)
        return found.contents.value if found is not None else ""

    def _listen(self) -> None:
        @self.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        async def told(params: types.PublishDiagnosticsParams) -> None:
            async with self._news:
                self.diagnostics[params.uri] = list(params.diagnostics)
                self._news.notify_all()

        @self.feature(types.WINDOW_SHOW_MESSAGE)
        async def shown(params: types.ShowMessageParams) -> None:
            async with self._news:
                self.messages.append(params.message)
                self._news.notify_all()

        @self.feature(types.WINDOW_LOG_MESSAGE)
        async def logged(params: types.LogMessageParams) -> None:
            async with self._news:
                self.log.append(params.message)
                self._news.notify_all()


class Shared:
    """One server and one editor for many tests: a server takes half a second of a processor to start."""

    def __init__(self, root: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._context = editor(root)
        self.editor = self.run(self._context.__aenter__())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(2 * DEADLINE)

    def stop(self) -> None:
        self.run(self._context.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE)
        self._loop.close()


@asynccontextmanager
async def editor(
    root: Path, *, first: str = "", capabilities: types.ClientCapabilities = ABLE
) -> AsyncIterator[Editor]:
    """
    A server on a project, and an editor that speaks with it.

    Args:
        root: The project's folder.
        first: Code that the server's process runs before it serves.
        capabilities: What the editor says of itself.
    """
    client = Editor()
    await client.start_io(sys.executable, "-c", f"{first}\nfrom proofbook.lsp.server import main\nmain()")
    try:
        async with asyncio.timeout(DEADLINE):
            params = types.InitializeParams(capabilities=capabilities, root_uri=root.as_uri())
            await client.initialize_async(params)
            client.initialized(types.InitializedParams())
        yield client
        async with asyncio.timeout(DEADLINE):
            await client.shutdown_async(None)
            client.exit(None)
    finally:
        # pygls waits for it without end
        if client._server is not None and client._server.returncode is None:
            client._server.kill()
        await client.stop()


def codes_of(diagnostics: list[types.Diagnostic]) -> list[str]:
    return sorted(str(diagnostic.code) for diagnostic in diagnostics)


def marked(text: str, place: types.Range) -> str:
    """The text at a place, as an editor would underline it."""
    document = TextDocument("file:///x", source=text)
    return text[document.offset_at_position(place.start) : document.offset_at_position(place.end)]


def applied(text: str, action: types.CodeAction, uri: str) -> str:
    """The document as the editor leaves it after the action."""
    assert action.edit is not None
    assert action.edit.changes is not None
    document = TextDocument(uri, source=text)
    for edit in sorted(action.edit.changes[uri], key=lambda edit: edit.range.start, reverse=True):
        start, end = document.offset_at_position(edit.range.start), document.offset_at_position(edit.range.end)
        text = text[:start] + edit.new_text + text[end:]
    return text
