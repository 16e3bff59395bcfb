"""What lint says, in the cells of a real JupyterLab in a real browser."""

import shutil

import nbformat
import pytest

from tests.lab.conftest import Server

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DEADLINE = 240_000
"""Milliseconds that anything may take, on however slow a machine."""


def test_a_person_sees_findings_in_the_cells_and_mends_them(server: Server) -> None:
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    pytest.importorskip("jupyterlab_lsp", reason="jupyterlab-lsp is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    cells = [
        nbformat.v4.new_markdown_cell("# Loose", id="title"),
        nbformat.v4.new_code_cell("import math\n\n\ndef area(r):\n    return math.pi * r**2", id="define"),
        nbformat.v4.new_code_cell('sign = "🎲"; print(area(2), sign, radius)', id="use"),
        nbformat.v4.new_code_cell("%%time\nprint(diameter)", id="magic"),
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), server.root / "notebooks/loose.ipynb")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(DEADLINE)
        page.goto(f"{server.url}lab/tree/notebooks/loose.ipynb?token={server.token}", timeout=DEADLINE)
        visible = page.locator(".jp-NotebookPanel:visible .jp-CodeCell")
        errors = visible.locator(".cm-lintRange-error")
        sync.expect(visible.nth(1).locator(".cm-lintRange-error")).to_have_text("radius", timeout=DEADLINE)
        # JupyterLab shows nothing in a cell with a magic on top: what is said of it stands on the first other line
        sync.expect(errors).to_have_text(["import math", "radius"], timeout=DEADLINE)
        errors.nth(1).hover()
        tooltip = page.locator(".cm-tooltip-lint")
        sync.expect(tooltip).to_contain_text("undefined name `radius`.", timeout=DEADLINE)
        sync.expect(tooltip).to_contain_text("Define or import it in a cell above", timeout=DEADLINE)

        # not saved: the server knows what is typed
        visible.nth(0).locator(".cm-content").click()
        page.keyboard.press("Control+End")
        page.keyboard.press("Enter")
        page.keyboard.press("Home")
        page.keyboard.type("radius = diameter = 2")
        sync.expect(errors).to_have_count(0, timeout=DEADLINE)
        browser.close()
    # the kernel that the page has started would serve the next one who asks for it
    for session in server.ask("GET", "sessions").json():
        server.ask("DELETE", f"sessions/{session['id']}")
