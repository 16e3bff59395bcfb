"""A real server on a real project: it lists, opens, saves and runs."""

import json
import uuid
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
import pytest
import requests
from websocket import create_connection

from tests.lab.conftest import Server, environment, injected, make_project, start, stop  # noqa: F401

LOAD, SUM, LOOSE = "notebooks/load.ipynb", "notebooks/sum.py", "notebooks/loose.ipynb"


def run(server: Server, path: str, code: str) -> str:
    """Start the notebook's kernel as JupyterLab does, run `code` in it, and return what it printed."""
    body = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
    session = server.ask("POST", "sessions", json=body).json()
    kernel = session["kernel"]["id"]
    address = f"{server.url.replace('http', 'ws', 1)}api/kernels/{kernel}/channels?token={server.token}"
    socket = create_connection(address, timeout=60)
    try:
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": "execute_request",
            "session": "s",
            "username": "",
            "version": "5.3",
        }
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        socket.send(json.dumps(message))
        printed = ""
        while True:
            answer = json.loads(socket.recv())
            if answer["parent_header"].get("msg_id") != header["msg_id"]:
                continue
            if answer["msg_type"] == "stream":
                printed += answer["content"]["text"]
            if answer["msg_type"] == "error":
                printed += answer["content"]["evalue"]
            if answer["msg_type"] == "status" and answer["content"]["execution_state"] == "idle":
                return printed
    finally:
        socket.close()
        server.ask("DELETE", f"sessions/{session['id']}")


def readings(server: Server) -> int:
    return server.log.count("[Proofbook] reading pipeline.yaml")


def test_folders_are_listed_although_ploomber_is_installed(server: Server) -> None:
    assert version("ploomber")
    for folder, names in (("", {"pipeline.yaml", "notebooks"}), ("notebooks", {"load.ipynb", "sum.py", "loose.ipynb"})):
        answer = server.ask("GET", f"contents/{folder}")
        assert answer.status_code == 200, answer.text
        assert names <= {entry["name"] for entry in answer.json()["content"]}
    assert "ploomber | extension" not in server.log
    assert "ploomber_extension" not in server.log


def test_nobody_enters_without_the_token(server: Server) -> None:
    assert len(server.token) >= 40
    assert requests.get(f"{server.url}api/contents", timeout=30).status_code == 403


def test_a_task_opens_with_its_parameters(server: Server) -> None:
    content = server.open(LOAD)["content"]

    assert injected(content) == [2]
    given: dict[str, Any] = {}
    exec(content["cells"][2]["source"], given)
    assert given["limit"] == 3
    assert given["product"] == {"nb": "output/load.ipynb", "rows": "output/rows.csv"}
    assert [cell["id"] for cell in content["cells"] if cell["id"] != "proofbook-parameters"] == [
        "title",
        "params",
        "work",
    ]


def test_a_percent_script_opens_as_a_notebook_with_its_upstream(server: Server) -> None:
    content = server.open(SUM)["content"]

    assert [cell["cell_type"] for cell in content["cells"]] == ["markdown", "code", "code", "code"]
    assert injected(content) == [2]
    given: dict[str, Any] = {}
    exec(content["cells"][2]["source"], given)
    assert given["upstream"] == {"load": {"nb": "output/load.ipynb", "rows": "output/rows.csv"}}
    assert given["product"] == "output/sum.ipynb"


def test_a_notebook_that_is_no_task_opens_as_it_is(server: Server) -> None:
    assert injected(server.open(LOOSE)["content"]) == []


@pytest.mark.parametrize("path", [LOAD, SUM, LOOSE])
def test_opening_and_saving_leaves_every_byte(server: Server, path: str) -> None:
    before = (server.root / path).read_bytes()

    server.save(path, server.open(path)["content"])

    assert (server.root / path).read_bytes() == before


def test_opening_and_saving_leaves_every_byte_whoever_formatted_the_file(server: Server) -> None:
    file = server.root / LOAD
    document = json.loads(file.read_bytes())
    document["cells"][0]["source"] = "# Loadé"
    file.write_text(json.dumps(document, indent=3), encoding="ascii")
    before = file.read_bytes()

    server.save(LOAD, server.open(LOAD)["content"])

    assert file.read_bytes() == before


def test_edits_are_kept_and_the_cell_is_not_whatever_was_done_to_it(server: Server) -> None:
    expected = nbformat.read(server.root / LOAD, as_version=4)
    content = server.open(LOAD)["content"]
    ours = content["cells"].pop(2)
    ours["source"] = "product = 'edited'"
    ours["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "edited"}]
    for cells in (content["cells"], expected.cells):
        cells[2]["source"] = "print(limit + 1)"
        cells.insert(0, nbformat.v4.new_markdown_cell("new", id="new"))
    content["cells"].append(ours)

    server.save(LOAD, content)

    assert (server.root / LOAD).read_text() == nbformat.writes(expected) + "\n"
    assert injected(server.open(LOAD)["content"]) == [3]


def test_an_edited_script_keeps_its_form(server: Server) -> None:
    before = (server.root / SUM).read_text()
    content = server.open(SUM)["content"]
    content["cells"][-1]["source"] = "print(product)"

    server.save(SUM, content)

    assert (server.root / SUM).read_text() == before.replace("print(upstream)", "print(product)")


def test_a_cell_with_papermills_tag_that_the_file_holds_stays(server: Server) -> None:
    made = nbformat.read(server.root / LOAD, as_version=4)
    made.cells.insert(2, nbformat.v4.new_code_cell("limit = 2", id="old", metadata={"tags": ["injected-parameters"]}))
    nbformat.write(made, server.root / LOAD)
    content = server.open(LOAD)["content"]
    assert injected(content) == [2, 3]
    content["cells"][-1]["source"] = "1"

    server.save(LOAD, content)

    kept = nbformat.read(server.root / LOAD, as_version=4)
    assert [cell["id"] for cell in kept.cells] == ["title", "params", "old", "work"]


def test_trust_is_given_to_what_is_saved(server: Server) -> None:
    made = nbformat.read(server.root / LOAD, as_version=4)
    html = nbformat.v4.new_output("display_data", data={"text/html": "<b>1</b>"})
    made.cells[2].outputs = [html]
    nbformat.write(made, server.root / LOAD)
    opened = [cell["metadata"].get("trusted") for cell in server.open(LOAD)["content"]["cells"][1:]]
    assert opened == [False, True, False]

    assert server.ask("POST", f"contents/{LOAD}/trust").status_code == 201

    content = server.open(LOAD)["content"]
    assert [cell["metadata"]["trusted"] for cell in content["cells"][1:]] == [True, True, True]
    content["cells"][0]["source"] = "# Edited"
    server.save(LOAD, content)
    assert [cell["metadata"]["trusted"] for cell in server.open(LOAD)["content"]["cells"][1:]] == [True, True, True]


def test_a_copy_and_a_download_are_without_it(server: Server) -> None:
    answer = server.ask("POST", "contents/notebooks", json={"copy_from": LOAD})
    assert answer.status_code == 201, answer.text
    copied = server.root / answer.json()["path"]
    assert "proofbook" not in copied.read_text()
    copied.unlink()

    raw = requests.get(f"{server.url}files/{LOAD}?token={server.token}", timeout=30)
    assert raw.content == (server.root / LOAD).read_bytes()


def test_a_checkpoint_comes_back_without_it(server: Server) -> None:
    before = (server.root / LOAD).read_bytes()
    checkpoint = server.ask("POST", f"contents/{LOAD}/checkpoints").json()["id"]
    content = server.open(LOAD)["content"]
    content["cells"][-1]["source"] = "changed"
    server.save(LOAD, content)

    assert server.ask("POST", f"contents/{LOAD}/checkpoints/{checkpoint}").status_code == 204

    assert (server.root / LOAD).read_bytes() == before


def test_a_task_runs_in_the_projects_root_as_in_a_build(server: Server) -> None:
    cell = server.open(LOAD)["content"]["cells"][2]["source"]
    work = "\nfrom pathlib import Path\nPath(product['rows']).parent.mkdir(exist_ok=True)\n"
    work += "print(Path(product['rows']).write_text('a\\n' * limit), Path.cwd())"

    assert run(server, LOAD, cell + work) == f"6 {server.root}\n"
    assert (server.root / "output/rows.csv").read_text() == "a\na\na\n"


def test_another_notebook_runs_in_its_own_folder(server: Server) -> None:
    assert run(server, LOOSE, "import os; print(os.getcwd())") == f"{server.root / 'notebooks'}\n"


def test_the_pipeline_is_read_again_only_when_it_has_changed(server: Server) -> None:
    server.open(LOAD)
    before = readings(server)
    content = server.open(LOAD)["content"]
    content["cells"][-1]["source"] = "an edit elsewhere"
    server.save(LOAD, content)
    server.open(LOAD)
    server.open(SUM)
    assert readings(server) == before

    (server.root / "env.yaml").write_text("limit: 4\n")
    assert "limit = 4" in server.open(LOAD)["content"]["cells"][2]["source"]
    assert readings(server) == before + 1

    # a notebook says itself, in its parameters cell, what comes before it
    content = server.open(SUM)["content"]
    content["cells"][1]["source"] = "upstream = None\nproduct = None"
    server.save(SUM, content)
    assert "upstream" not in server.open(SUM)["content"]["cells"][2]["source"]
    assert readings(server) == before + 2


def test_a_broken_pipeline_opens_notebooks_without_the_cell_and_the_log_says_why(server: Server) -> None:
    (server.root / "pipeline.yaml").write_text(
        "tasks:\n  - source: notebooks/gone.ipynb\n    product: out/gone.ipynb\n"
    )

    content = server.open(LOAD)["content"]

    assert injected(content) == []
    said = [line for line in server.log.splitlines() if "without the pipeline's parameters" in line][-1]
    assert "gone.ipynb" in said
    assert server.ask("GET", "contents/notebooks").status_code == 200


def test_nothing_that_lies_in_the_project_configures_or_replaces_the_server(tmp_path: Path) -> None:
    root = make_project(tmp_path / "project")
    (root / "pipeline.yaml").unlink()
    planted = "import os\nopen(os.environ['PLANTED'], 'a').write(__file__ + '\\n')\n"
    names = [
        "jupyter_config",
        "jupyter_server_config",
        "jupyter_lab_config",
        "jupyter_notebook_config",
        "sitecustomize",
    ]
    names += ["usercustomize", ".jupytext", "jupytext_config", "jupyterlab", "jupyterlab_server", "notebook_shim"]
    for folder in (root, root / "notebooks"):
        for name in names:
            (folder / f"{name}.py").write_text(planted)
        (folder / "jupyter_server_config.json").write_text(
            '{"ServerApp": {"token": "", "password": "", "ip": "0.0.0.0"}}'
        )
    process, server = start(
        root,
        home=tmp_path / "home",
        arguments=("--ContentsManager.allow_hidden=True",),
        PLANTED=str(tmp_path / "loaded"),
    )
    try:
        assert len(server.token) >= 40
        for path in (LOAD, SUM):
            content = server.open(path)["content"]
            assert injected(content) == []
            content["cells"][-1]["source"] = "1"
            server.save(path, content)
        for folder in ("", "notebooks"):
            assert server.ask("GET", f"contents/{folder}").status_code == 200
    finally:
        stop(process)
    assert not (tmp_path / "loaded").exists(), (tmp_path / "loaded").read_text()
    assert "use jupytext.toml" in server.log
