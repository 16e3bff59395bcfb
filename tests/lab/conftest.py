"""A small project, and a real server on it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
import requests

PIPELINE = """\
tasks:
  - source: notebooks/load.ipynb
    product:
      nb: output/load.ipynb
      rows: output/rows.csv
    params:
      limit: "{{limit}}"
  - source: notebooks/sum.py
    product: output/sum.ipynb
"""
SUM = """\
# %% [markdown]
# # Sum

# %% tags=["parameters"]
upstream = ["load"]
product = None

# %%
print(upstream)
"""


class Server:
    """A running JupyterLab, spoken to as a browser would."""

    def __init__(self, root: Path, *, url: str, token: str, log: Path) -> None:
        self.root = root
        self.url = url
        self.token = token
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def ask(self, method: str, path: str, **arguments: Any) -> requests.Response:
        headers = {"Authorization": f"token {self.token}"}
        return requests.request(method, f"{self.url}api/{path}", headers=headers, timeout=120, **arguments)

    def open(self, path: str) -> dict[str, Any]:
        answer = self.ask("GET", f"contents/{path}", params={"type": "notebook", "content": 1})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def save(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        answer = self.ask("PUT", f"contents/{path}", json={"type": "notebook", "format": "json", "content": content})
        assert answer.status_code == 200, answer.text
        return answer.json()


def injected(content: dict[str, Any]) -> list[int]:
    """Positions of the cells that carry papermill's tag."""
    cells = content["cells"]
    return [n for n, cell in enumerate(cells) if "injected-parameters" in cell["metadata"].get("tags", [])]


def make_project(root: Path) -> Path:
    """Two tasks, a notebook that is none, and a module."""
    (root / "notebooks").mkdir(parents=True, exist_ok=True)
    (root / "pipeline.yaml").write_text(PIPELINE)
    (root / "env.yaml").write_text("limit: 3\n")
    cells = [
        nbformat.v4.new_markdown_cell("# Load", id="title"),
        nbformat.v4.new_code_cell(
            "upstream = None\nproduct = None\nlimit = 1", id="params", metadata={"tags": ["parameters"]}
        ),
        nbformat.v4.new_code_cell("print(limit)", id="work", metadata={"mine": {"kept": [1, 2.0]}}),
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}, "mine": "kept"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), root / "notebooks/load.ipynb")
    (root / "notebooks/sum.py").write_text(SUM)
    loose = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1", id="one")], metadata=metadata)
    nbformat.write(loose, root / "notebooks/loose.ipynb")
    (root / "module.py").write_text("VALUE = 1\n")
    return root


def environment(home: Path) -> dict[str, str]:
    """The environment of a user with an empty home."""
    folders = {name: str(home / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")}
    return {**os.environ, "HOME": str(home), "JUPYTER_RUNTIME_DIR": str(home / "runtime"), **folders}


def start(
    root: Path, *, home: Path, arguments: tuple[str, ...] = (), **more: str
) -> tuple[subprocess.Popen[bytes], Server]:
    """Run `proofbook lab` in `root` and wait until it answers."""
    home.mkdir(exist_ok=True)
    log = home / "log"
    words = [sys.executable, "-c", "from proofbook.cli import main; main()", "lab", "--"]
    words += ["--no-browser", "--ServerApp.port=0", *arguments]
    if os.geteuid() == 0:
        words.append("--allow-root")
    with log.open("wb") as file:
        process = subprocess.Popen(words, cwd=root, env={**environment(home), **more}, stdout=file, stderr=file)
    state = home / "runtime" / f"jpserver-{process.pid}.json"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if state.is_file() and state.stat().st_size:
            told = json.loads(state.read_text())
            server = Server(root, url=told["url"], token=told["token"], log=log)
            try:
                if server.ask("GET", "status").ok:
                    return process, server
            except requests.ConnectionError:
                pass
        time.sleep(0.1)
    process.kill()
    raise AssertionError(f"the server did not start:\n{log.read_text()}")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(30)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("lab")
    process, running = start(make_project(folder / "project"), home=folder / "home")
    yield running
    stop(process)


@pytest.fixture
def server(running: Server) -> Server:
    """The server, with the project's files as they were at first."""
    make_project(running.root)
    return running
