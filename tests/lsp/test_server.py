"""The server, as editors use it."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types

from proofbook.flow.lint import lint
from proofbook.lint import baseline, registry
from proofbook.model.configuration import LintConfiguration
from tests.lint.factory import code, content, markdown
from tests.lsp.editing import (
    ABLE,
    Editor,
    Shared,
    applied,
    codes_of,
    editor,
    marked,
)
from tests.lsp.test_virtual import sent

PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
QUIET = "[tool.proofbook.lint]\nselect = ['PB001', 'PB201', 'PB303', 'PB304', 'PB403']\n"
SCRIPT = """\
# %% [markdown]
# # Title

# %%
import os

# %%
print("🎲", missing)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    server = Shared(tmp_path_factory.getbasetemp())
    yield server
    server.stop()


@pytest.fixture
def shared(server: Shared) -> Shared:
    server.editor.begin()
    return server


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(QUIET)
    return tmp_path


CELL = 'print("🎲", missing)\n'
"""The text that JupyterLab sends of a notebook of one cell."""


def put(root: Path, name: str, *cells: tuple[str, str]) -> str:
    """A notebook's file, and its address."""
    made = [markdown(source) if kind == "markdown" else code(source) for kind, source in cells]
    (root / name).write_bytes(content(*made, **PYTHON))
    return (root / name).as_uri()


def test_jupyterlab_is_told_of_the_cells_in_its_text(root: Path, shared: Shared) -> None:
    cells = [("markdown", "# Title"), ("code", "x = 1"), ("code", 'print("🎲", missing, x)')]
    uri = put(root, "a.ipynb", *cells)

    async def scenario() -> None:
        lab = shared.editor
        lab.open(uri, sent(*cells))
        (told,) = await lab.codes(uri, "PB201")
        assert marked(sent(*cells), told.range) == "missing"
        assert told.range.start == types.Position(line=6, character=12)
        assert told.message == "undefined name `missing`.\nDefine or import it in a cell above"
        assert told.severity is types.DiagnosticSeverity.Error
        assert told.source == "proofbook"

        lab.change(uri, sent(*cells[:2], ("code", "print(x)")))
        await lab.codes(uri)
        lab.change(uri, sent(*cells))
        await lab.codes(uri, "PB201")
        lab.close(uri)
        await lab.codes(uri)

    shared.run(scenario())


def test_in_jupyterlab_the_file_tells_of_tags_and_what_is_hidden_is_shown_elsewhere(root: Path, shared: Shared) -> None:
    cells = [("code", "x = 1"), ("code", "%%time\nprint(missing, x)"), ("code", "y = x\n%cd /\nprint(y)")]
    (root / "a.ipynb").write_bytes(content(*(source for _, source in cells), **PYTHON))
    uri = (root / "a.ipynb").as_uri()

    async def scenario() -> None:
        lab = shared.editor
        lab.open(uri, sent(*cells))
        told = await lab.codes(uri, "PB201", "PB403")
        shown = {str(one.code): (one.range.start.line, one.message.split(".\n")[0]) for one in told}
        assert shown["PB201"] == (0, "cell 2, line 2: undefined name `missing`")
        assert shown["PB403"][0] == 8
        assert shown["PB403"][1].startswith("line 2: ")

        # saved with a tag that the text does not show
        parameters = code("x = 1", "parameters")
        tagged = content(parameters, *(source for _, source in cells[1:]), **PYTHON)
        (root / "a.ipynb").write_bytes(tagged.replace(b"x = 1", b"x = len('a')"))
        lab.change(uri, sent(("code", "x = len('a')"), *cells[1:]))
        await lab.codes(uri, "PB201", "PB403")
        lab.save(uri)
        await lab.codes(uri, "PB201", "PB303", "PB403")

    shared.run(scenario())


def test_a_task_in_jupyterlab_knows_what_the_pipeline_injects_and_its_cell_is_passed_over(
    root: Path, shared: Shared
) -> None:
    (root / "pipeline.yaml").write_text("tasks:\n- {source: a.ipynb, product: {nb: out/a.ipynb}, params: {limit: 3}}\n")
    parameters = code("upstream = None\nproduct = None\nlimit = 1", "parameters")
    (root / "a.ipynb").write_bytes(content(parameters, "print(limit)", **PYTHON))
    uri = (root / "a.ipynb").as_uri()
    injected = "# Parameters of the task 'a', from the pipeline. Proofbook shows them here while ...\nlimit = unknown"

    async def scenario() -> None:
        lab = shared.editor
        lab.open(uri, sent(("code", parameters["source"]), ("code", injected), ("code", "print(limit)")))
        await lab.codes(uri)
        lab.change(uri, sent(("code", parameters["source"]), ("code", injected), ("code", "print(other)")))
        told = await lab.codes(uri, "PB201", "PB304")
        assert {str(one.code): one.range.start.line for one in told} == {"PB201": 9, "PB304": 2}

    shared.run(scenario())


def test_every_cell_of_a_notebook_document_is_told_of_its_own(root: Path, shared: Shared) -> None:
    uri = (root / "new.ipynb").as_uri()

    async def scenario() -> None:
        code_editor = shared.editor
        code_editor.open_notebook(
            uri,
            ("m1", "# Title", None),
            ("a", "x = 1", None),
            ("b", 'print("🎲", missing, x)', None),
            metadata={"metadata": PYTHON},
        )
        (told,) = await code_editor.codes(code_editor.cell("b"), "PB201")
        assert marked('print("🎲", missing, x)', told.range) == "missing"
        await code_editor.codes(code_editor.cell("a"))
        await code_editor.codes(code_editor.cell("m1"))

        # a cell is typed into
        document = types.VersionedTextDocumentIdentifier(uri=code_editor.cell("a"), version=2)
        end = types.Position(line=0, character=5)
        typed = types.TextDocumentContentChangePartial(
            range=types.Range(start=end, end=end), text="\nmissing = 2\ngone"
        )
        code_editor.change_notebook(
            uri,
            types.NotebookDocumentCellChanges(
                text_content=[types.NotebookDocumentCellContentChanges(document=document, changes=[typed])]
            ),
        )
        await code_editor.codes(code_editor.cell("a"), "PB201")
        await code_editor.codes(code_editor.cell("b"))

        # a cell is put in, and one taken out
        new = types.NotebookCellArrayChange(start=1, delete_count=1, cells=[code_editor.notebook_cell("c")])
        structure = types.NotebookDocumentCellChangeStructure(
            array=new,
            did_open=[code_editor.text_of("c", "x = missing = 1")],
            did_close=[types.TextDocumentIdentifier(uri=code_editor.cell("a"))],
        )
        code_editor.change_notebook(uri, types.NotebookDocumentCellChanges(structure=structure))
        await code_editor.codes(code_editor.cell("c"))
        await code_editor.codes(code_editor.cell("a"))

        closing = types.NotebookDocumentIdentifier(uri=uri)
        code_editor.notebook_document_did_close(
            types.DidCloseNotebookDocumentParams(notebook_document=closing, cell_text_documents=[])
        )
        code_editor.open_notebook(uri, ("b", "x = missing", None))
        await code_editor.codes(code_editor.cell("b"), "PB201")

    shared.run(scenario())


def test_a_notebook_that_was_never_saved_is_told_of_what_its_cells_say(shared: Shared) -> None:
    async def scenario() -> None:
        code_editor = shared.editor
        name = code_editor.cell("a")
        code_editor.open_notebook("untitled:Untitled-1.ipynb", ("a", "print(missing)", None))
        await code_editor.until(lambda: "PB201" in codes_of(code_editor.diagnostics.get(name, [])))
        assert not [code for code in codes_of(code_editor.diagnostics[name]) if code.startswith(("PB1", "PB3", "PB8"))]

    shared.run(scenario())


@pytest.mark.parametrize("nested", [True, False])
def test_tags_are_taken_from_a_notebook_document_wherever_the_editor_puts_them(
    root: Path, nested: bool, shared: Shared
) -> None:
    tags = {"tags": ["parameters"]}
    uri = (root / "new.ipynb").as_uri()

    async def scenario() -> None:
        code_editor = shared.editor
        code_editor.open_notebook(
            uri,
            ("a", "x = len('a')", {"metadata": tags, "id": "one"} if nested else tags),
            ("b", "print(x)", None),
            metadata={"metadata": PYTHON} if nested else PYTHON,
        )
        await code_editor.codes(code_editor.cell("a"), "PB303")

    shared.run(scenario())


def test_what_an_editor_does_not_tell_of_a_notebook_document_is_read_from_its_file(root: Path, shared: Shared) -> None:
    (root / "a.ipynb").write_bytes(content(code("x = len('a')", "parameters"), "print(x)", **PYTHON))
    uri = (root / "a.ipynb").as_uri()

    async def scenario() -> None:
        code_editor = shared.editor
        code_editor.open_notebook(uri, ("a", "x = len('a')", None), ("b", "print(x)", None))
        await code_editor.codes(code_editor.cell("a"), "PB303")
        (root / "a.ipynb").write_bytes(content("x = len('a')", "print(x)", **PYTHON))
        code_editor.notebook_document_did_save(
            types.DidSaveNotebookDocumentParams(notebook_document=types.NotebookDocumentIdentifier(uri=uri))
        )
        await code_editor.codes(code_editor.cell("a"))

    shared.run(scenario())


def test_a_percent_script_is_told_of_on_its_own_lines(root: Path, shared: Shared) -> None:
    uri = (root / "a.py").as_uri()

    async def scenario() -> None:
        code_editor = shared.editor
        code_editor.open(uri, SCRIPT)
        (told,) = await code_editor.codes(uri, "PB201")
        assert told.range.start.line == 7
        assert marked(SCRIPT, told.range) == "missing"

    shared.run(scenario())


def test_a_script_that_jupyterlab_opens_as_a_notebook_is_told_of_in_its_cells(root: Path, shared: Shared) -> None:
    (root / "a.py").write_text(SCRIPT)
    (root / "module.py").write_text("print(missing)\n")
    uri, module = (root / "a.py").as_uri(), (root / "module.py").as_uri()
    cells = [("markdown", "# Title"), ("code", "import os"), ("code", 'print("🎲", missing)')]

    async def scenario() -> None:
        lab = shared.editor
        lab.open(module, "print(missing)\n")
        lab.open(uri, sent(*cells))
        (told,) = await lab.codes(uri, "PB201")
        assert marked(sent(*cells), told.range) == "missing"
        assert told.range.start.line == 6
        lab.change(uri, sent(*cells[:2], ("code", "print(1)")))
        await lab.codes(uri)
        assert module not in lab.diagnostics

    shared.run(scenario())


def test_markdown_is_a_notebook_by_its_header_only(root: Path, shared: Shared) -> None:
    readme, notebook, module = ((root / name).as_uri() for name in ("README.md", "book.md", "module.py"))
    page = "# Title\n\n```{code-cell} ipython3\nprint(missing)\n```\n"
    header = "---\njupytext:\n  text_representation:\n    extension: .md\n    format_name: myst\n"
    header += "kernelspec:\n  display_name: Python 3\n  name: python3\n---\n\n"

    async def scenario() -> None:
        code_editor = shared.editor
        code_editor.open(readme, page, language="markdown")
        code_editor.open(module, "print(missing)\n")
        code_editor.open(notebook, header + page, language="markdown")
        (told,) = await code_editor.codes(notebook, "PB201")
        assert marked(header + page, told.range) == "missing"
        assert set(code_editor.diagnostics) == {notebook}
        code_editor.change(module, "# %%\nprint(missing)\n")
        await code_editor.codes(module, "PB201")
        code_editor.change(module, "print(missing)\n", version=2)
        await code_editor.codes(module)

    shared.run(scenario())


def test_a_notebook_that_is_edited_as_json_is_told_of_on_the_lines_of_the_file(root: Path, shared: Shared) -> None:
    text = json.dumps(json.loads(content("x = 1", "x\nprint(missing)", **PYTHON)), indent=1) + "\n"
    text = text.replace('"x\\nprint(missing)"', '[\n    "x\\n",\n    "print(missing)"\n   ]')
    uri = (root / "a.ipynb").as_uri()

    async def scenario() -> None:
        code_editor = shared.editor
        code_editor.open(uri, text, language="json")
        (told,) = await code_editor.codes(uri, "PB201")
        assert marked(text, told.range) == '"print(missing)"'
        code_editor.change(uri, text[: len(text) // 2])
        (told,) = await code_editor.codes(uri, "PB807")
        assert told.range.start.line == 0

    shared.run(scenario())


def test_a_quick_fix_is_applied_and_the_finding_is_gone(tmp_path: Path, shared: Shared) -> None:
    (tmp_path / "proofbook.toml").write_text("[lint]\nselect = ['PB213', 'PB214']\n")
    uri = (tmp_path / "a.py").as_uri()
    text = "# %%\nimport json\nimport os, sys\n\n# %%\nfrom math import *\nprint(os.sep, pi)\n"

    async def fixes(code_editor: Editor) -> dict[str, types.CodeAction]:
        offered = await code_editor.actions(uri)
        assert all(one.kind == types.CodeActionKind.QuickFix and one.diagnostics for one in offered)
        return {str(one.diagnostics[0].code): one for one in offered if not one.title.startswith("Suppress")}

    async def scenario() -> str:
        code_editor = shared.editor
        code_editor.open(uri, text)
        await code_editor.codes(uri, "PB213", "PB214")
        offered = await fixes(code_editor)
        assert offered["PB214"].is_preferred
        assert offered["PB214"].title == "Remove what is imported and never used"
        after = applied(text, offered["PB214"], uri)
        code_editor.change(uri, after, version=1)
        # asked at once: the server looks at what is there now, not at what was there before
        offered = await fixes(code_editor)
        assert list(offered) == ["PB213"]
        assert not offered["PB213"].is_preferred
        assert offered["PB213"].title.endswith(" (unsafe: look at it afterwards)")
        await code_editor.codes(uri, "PB213")
        after = applied(after, offered["PB213"], uri)
        code_editor.change(uri, after, version=2)
        await code_editor.codes(uri)
        return after

    assert shared.run(scenario()) == "# %%\nimport os\n\n# %%\nfrom math import pi\nprint(os.sep, pi)\n"


def test_a_quick_fix_in_a_notebook_document_changes_its_cell(tmp_path: Path, shared: Shared) -> None:
    (tmp_path / "proofbook.toml").write_text("[lint]\nselect = ['PB214', 'PB803']\n")
    uri = (tmp_path / "a.ipynb").as_uri()
    source = "import json, os\nprint(os.sep)"

    async def scenario() -> None:
        code_editor = shared.editor
        code_editor.open_notebook(uri, ("b", "", {"x": 1}), ("a", source, {}), metadata={"metadata": PYTHON})
        await code_editor.codes(code_editor.cell("a"), "PB214")
        fix = (await code_editor.actions(code_editor.cell("a")))[0]
        assert applied(source, fix, code_editor.cell("a")) == "import os\nprint(os.sep)"
        assert fix.diagnostics is not None
        assert fix.diagnostics[0].code == "PB214"

        await code_editor.codes(code_editor.cell("b"), "PB803")
        remove = (await code_editor.actions(code_editor.cell("b")))[0]
        assert remove.title == "Remove the empty cell"
        assert remove.edit is None
        assert remove.disabled is not None
        assert "proofbook lint --fix" in remove.disabled.reason

    shared.run(scenario())


def test_what_cannot_be_done_is_left_out_for_editors_that_do_not_show_it(tmp_path: Path) -> None:
    (tmp_path / "proofbook.toml").write_text("[lint]\nselect = ['PB803']\n")
    uri = (tmp_path / "a.ipynb").as_uri()

    async def scenario() -> None:
        plain = types.ClientCapabilities(notebook_document=ABLE.notebook_document)
        async with editor(tmp_path, capabilities=plain) as code_editor:
            code_editor.open_notebook(uri, ("b", "", {"x": 1}), ("a", "1", {}), metadata={"metadata": PYTHON})
            await code_editor.codes(code_editor.cell("b"), "PB803")
            assert [
                one for one in await code_editor.actions(code_editor.cell("b")) if one.disabled or not one.edit
            ] == []

    asyncio.run(scenario())


def test_in_json_a_fix_may_change_the_cells_themselves(tmp_path: Path, shared: Shared) -> None:
    (tmp_path / "proofbook.toml").write_text("[lint]\nselect = ['PB803']\n")
    uri = (tmp_path / "a.ipynb").as_uri()
    text = json.dumps(json.loads(content("x = 1", "", "print(x)", **PYTHON)), indent=1) + "\n"

    async def scenario() -> str:
        code_editor = shared.editor
        code_editor.open(uri, text, language="json")
        await code_editor.codes(uri, "PB803")
        after = applied(text, (await code_editor.actions(uri))[0], uri)
        code_editor.change(uri, after)
        await code_editor.codes(uri)
        return after

    sources = [cell["source"] for cell in json.loads(shared.run(scenario()))["cells"]]
    assert ["".join(source) for source in sources] == ["x = 1", "print(x)"]


def test_a_suppression_holds_once_its_reason_is_written(root: Path, shared: Shared) -> None:
    uri = (root / "a.ipynb").as_uri()
    text = sent(("code", "x = '''\n''', missing"), ("code", "if x:\n    print(other)  # a comment"))

    async def scenario() -> str:
        code_editor = shared.editor
        code_editor.open(uri, text)
        await code_editor.codes(uri, "PB201", "PB201")
        titles = [one.title for one in await code_editor.actions(uri)]
        assert titles == ["Suppress PB201 on this line, and write why"] * 2
        first, second = await code_editor.actions(uri)
        after = applied(applied(text, second, uri), first, uri)
        code_editor.change(uri, after, version=1)
        await code_editor.codes(uri, "PB001", "PB001", "PB201", "PB201")
        after = after.replace("[PB201] ", "[PB201] it is set by the shell")
        code_editor.change(uri, after, version=2)
        await code_editor.codes(uri)
        return after

    assert "    print(other)  # a comment  # proofbook: ignore[PB201] it is set" in shared.run(scenario())


def test_a_finding_leads_to_the_page_of_its_rule(root: Path, shared: Shared) -> None:
    uri = (root / "a.ipynb").as_uri()

    async def scenario() -> None:
        code_editor = shared.editor
        code_editor.open(uri, CELL)
        (told,) = await code_editor.codes(uri, "PB201")
        assert told.code_description is not None
        assert told.code_description.href.endswith("/pb201_undefined_name.py")
        assert Path(registry.rules()["PB201"].check.__code__.co_filename).as_uri() == told.code_description.href
        text = await code_editor.hover(uri, 0, told.range.start.character + 2)
        assert text.startswith(f"**[PB201 undefined-name]({told.code_description.href})**: undefined name `missing`")
        assert registry.rules()["PB201"].documentation.split("\n")[1] in text
        assert await code_editor.hover(uri, 0, 0) == ""

    shared.run(scenario())


def test_a_rule_that_fails_is_named_and_the_others_go_on(root: Path) -> None:
    uri = (root / "a.ipynb").as_uri()
    broken = """
import sys
import msgspec
from proofbook.flow.lint import lint
from proofbook.lint import baseline, registry
from proofbook.model.configuration import LintConfiguration
def fail(subject):
    print("noise on standard output")
    sys.stdout.flush()
    raise ZeroDivisionError("by zero")
table = registry.rules()
table["PB403"] = msgspec.structs.replace(table["PB403"], check=fail)
"""

    async def scenario() -> None:
        async with editor(root, first=broken) as code_editor:
            code_editor.open(uri, SCRIPT)
            await code_editor.codes(uri, "PB201")
            await code_editor.until(lambda: bool(code_editor.log))
            assert code_editor.log[0].startswith(
                "rule PB403 changes-directory failed on a.ipynb: ZeroDivisionError: by zero"
            )
            code_editor.change(uri, SCRIPT.replace("missing", "os"))
            await code_editor.codes(uri)
            assert code_editor.messages == []

    asyncio.run(scenario())


def test_configuration_that_cannot_be_read_is_said_once_and_read_again_when_it_is_mended(
    root: Path, shared: Shared
) -> None:
    (root / "pyproject.toml").write_text("[tool.proofbook.lint]\nselekt = ['PB201']\n")
    uri = (root / "a.ipynb").as_uri()

    async def scenario() -> None:
        code_editor = shared.editor
        code_editor.open(uri, CELL)
        await code_editor.until(lambda: "PB201" in codes_of(code_editor.diagnostics.get(uri, [])))
        assert len(code_editor.messages) == 1
        assert "did you mean 'select'?" in code_editor.messages[0]
        (root / "pyproject.toml").write_text("[tool.proofbook.lint]\nselect = ['PB403']\n")
        code_editor.change(uri, CELL + "\n")
        await code_editor.codes(uri)
        assert len(code_editor.messages) == 1

    shared.run(scenario())


def test_what_the_baseline_knows_is_not_shown(root: Path, shared: Shared) -> None:
    uri = put(root, "a.ipynb", ("code", "print(old)"))
    configuration = LintConfiguration(select=["PB201"])
    found = lint([root / "a.ipynb"], root=root, configuration=configuration).findings
    (root / configuration.baseline).write_bytes(baseline.encoded(baseline.made(found)))

    async def scenario() -> None:
        code_editor = shared.editor
        code_editor.open(uri, sent(("code", "print(old)"), ("code", "print(new)")))
        (told,) = await code_editor.codes(uri, "PB201")
        assert told.range.start.line == 3

    shared.run(scenario())


def test_an_editor_that_counts_bytes_is_told_bytes(root: Path) -> None:
    uri = (root / "a.ipynb").as_uri()
    able = types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind.Utf8])
    )

    async def scenario() -> None:
        async with editor(root, capabilities=able) as code_editor:
            code_editor.open(uri, CELL)
            (told,) = await code_editor.codes(uri, "PB201")
            assert told.range.start.character == len('print("🎲", '.encode())

    asyncio.run(scenario())


def test_a_notebook_in_another_language_is_told_of_what_needs_no_python(tmp_path: Path, shared: Shared) -> None:
    (tmp_path / "proofbook.toml").write_text("[lint]\nselect = ['PB201', 'PB803']\n")
    uri = (tmp_path / "a.ipynb").as_uri()
    metadata = {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}

    async def scenario() -> None:
        code_editor = shared.editor
        code_editor.open_notebook(
            uri, ("b", "", None), ("a", "x <- missing", {"x": 1}), metadata={"metadata": metadata}
        )
        await code_editor.codes(code_editor.cell("b"), "PB803")
        await code_editor.codes(code_editor.cell("a"))

    shared.run(scenario())
