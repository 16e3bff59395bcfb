"""What is taken from nbformat and nbclient, imported lean; no other module of this room imports them."""

from proofbook.lean import lean

with lean():
    from nbclient.client import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError
    from nbclient.util import run_hook
    from nbformat.notebooknode import NotebookNode, from_dict
    from nbformat.v4 import to_notebook

__all__ = [
    "CellExecutionError",
    "DeadKernelError",
    "NotebookClient",
    "NotebookNode",
    "from_dict",
    "run_hook",
    "to_notebook",
]
