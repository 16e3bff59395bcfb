"""Which kernels are installed: looked up as jupyter_client does, without loading it."""

import os
from importlib.util import find_spec
from pathlib import Path

from jupyter_core.paths import jupyter_path

__all__ = ["NATIVE", "installed"]

NATIVE = "python3"
"""The kernel that jupyter_client makes up where no file describes it and ipykernel is installed."""


def installed() -> dict[str, Path | None]:
    """The installed kernels by name, in small letters as Jupyter compares them; None for one without a folder."""
    found: dict[str, Path | None] = {}
    old = Path(os.environ.get("IPYTHONDIR") or Path.home() / ".ipython") / "kernels"
    # the first folder on the path wins
    for folder in (*map(Path, jupyter_path("kernels")), old):
        for file in sorted(folder.glob("*/kernel.json")):
            found.setdefault(file.parent.name.lower(), file.parent)
    if find_spec("ipykernel") is not None:
        found.setdefault(NATIVE, None)
    return found
