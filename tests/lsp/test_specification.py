"""How JupyterLab finds the server."""

import json
import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from proofbook.lsp.specification import specification


def test_jupyter_lsp_finds_the_server_and_takes_its_specification() -> None:
    manager = pytest.importorskip("jupyter_lsp.manager", reason="JupyterLab is not installed")
    if not entry_points(group="jupyter_lsp_spec_v1", name="proofbook"):
        pytest.skip("Proofbook was installed before it had a language server")

    found = manager.LanguageServerManager()
    found.initialize()

    assert found.language_servers["proofbook"] == specification(found)["proofbook"]


def test_the_server_is_started_with_this_python_and_writes_no_documents_into_the_project() -> None:
    told = specification(None)["proofbook"]

    assert told["argv"] == [sys.executable, "-P", "-m", "proofbook.lsp.server"]
    assert told["requires_documents_on_disk"] is False


def test_the_command_says_how_it_is_started() -> None:
    words = [sys.executable, "-c", "from proofbook.cli import main; main()", "lsp", "--json"]

    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)

    assert json.loads(done.stdout) == specification(None)["proofbook"]


def test_the_command_serves_until_its_input_ends() -> None:
    words = [sys.executable, "-c", "from proofbook.cli import main; main()", "lsp"]

    done = subprocess.run(words, input=b"", capture_output=True, timeout=120, check=False)

    assert done.returncode == 0
    assert done.stdout == b""
