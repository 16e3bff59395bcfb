"""JupyterLab in a real browser."""

import json
import shutil

import pytest

from tests.lab.conftest import Server

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def test_a_person_sees_the_parameters_and_saves_without_them(server: Server) -> None:
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    file = server.root / "notebooks/load.ipynb"
    before = json.loads(file.read_bytes())
    failures = []
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on(
            "response",
            lambda answer: failures.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None,
        )
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("console", lambda said: failures.append(said.text) if "ploomber" in said.text else None)
        page.goto(f"{server.url}lab/tree/notebooks/load.ipynb?token={server.token}")
        cells = page.locator(".jp-Notebook .jp-Cell")
        sync.expect(cells.filter(has_text="saving drops this cell")).to_be_visible(timeout=120_000)
        sync.expect(cells).to_have_count(4)
        assert "output/rows.csv" in cells.nth(2).inner_text()

        # an edit, so that there is something to save
        cells.nth(3).locator(".cm-content").click()
        page.keyboard.press("Control+End")
        page.keyboard.type("  # seen")
        with page.expect_response(
            lambda answer: answer.request.method == "PUT" and "/api/contents/" in answer.url
        ) as saved:
            page.keyboard.press("Control+s")
        assert saved.value.status == 200
        browser.close()
    # the kernel that the page has started would serve the next one who asks for it
    for session in server.ask("GET", "sessions").json():
        server.ask("DELETE", f"sessions/{session['id']}")

    after = json.loads(file.read_bytes())
    before["cells"][2]["source"] = ["print(limit)  # seen"]
    assert after["cells"] == before["cells"]
    assert {key: after["metadata"][key] for key in ("mine",)} == {"mine": "kept"}
    # what JupyterLab itself writes: the kernel's display name, and the language as the kernel tells it
    changed = {key for key in after["metadata"] if after["metadata"][key] != before["metadata"].get(key)}
    assert changed <= {"kernelspec", "language_info"}
    assert failures == []
