"""How JupyterLab's LSP extension finds the server: the entry point `jupyter_lsp_spec_v1`."""

import sys
from typing import Any

__all__ = ["specification"]


def specification(manager: Any) -> dict[str, dict[str, Any]]:  # noqa: ARG001 - jupyter-lsp calls it so
    """The server's name to its specification, of version 2 of jupyter-lsp's schema."""
    return {
        "proofbook": {
            "version": 2,
            "display_name": "Proofbook",
            # with -P no file of the project can take the place of a module of ours
            "argv": [sys.executable, "-P", "-m", "proofbook.lsp.server"],
            "languages": ["python"],
            "mime_types": ["text/x-python", "text/x-ipython"],
            # it reads what it is sent: no copies of open notebooks are written into the project
            "requires_documents_on_disk": False,
        }
    }
