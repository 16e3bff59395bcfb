"""
JupyterLab with our contents manager and without Ploomber's server extension.

`python -P -m proofbook.lab.app [jupyter arguments]`; with `-P` no file of the project can take the place of a module
that the server imports.
"""

import importlib.util
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proofbook.exceptions import MachineError

if TYPE_CHECKING:
    from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]

__all__ = ["OFF", "command", "main"]

OFF = ("ploomber", "ploomber_extension")
"""Server extensions that stay off: the first makes every listing fail, the second brings telemetry along."""
_ROOT = re.compile(r"--?(\w+\.)?(root_dir|notebook[_-]dir)(=|$)")
"""The ways in which the root folder can be given."""
_MANAGER = "--ServerApp.contents_manager_class"
_OFF_IN_BROWSER = ("ploomber-extension",)
"""Speaks to the second of them, and fails in today's notebook toolbar."""


def command(arguments: tuple[str, ...] = (), *, root: Path) -> list[str]:
    """
    The command that starts JupyterLab on a project.

    Args:
        arguments: Passed on to JupyterLab; they have the last word.
        root: The project's folder, absolute.

    Raises:
        MachineError: JupyterLab is not installed.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise MachineError('JupyterLab is not installed: pip install "proofbook[lab]"')
    # given twice, JupyterLab takes neither
    ours = [] if any(map(_ROOT.match, arguments)) else [f"--ServerApp.root_dir={root}"]
    return [sys.executable, "-P", "-m", "proofbook.lab.app", *ours, *arguments]


def main(argv: list[str]) -> None:
    """Start JupyterLab in this process."""
    # on the command line, because a setting there beats the one in a user's configuration file
    ours = [f"{_MANAGER}=proofbook.lab.contents.ProofbookContentsManager"]
    if any(argument.startswith(_MANAGER) for argument in argv):
        ours = []
    _lab_app().launch_instance([*ours, *argv])


def _lab_app() -> "type[LabApp]":
    from jupyterlab.labapp import LabApp

    class Lab(LabApp):
        """JupyterLab, started with some server extensions off."""

        @classmethod
        def get_extension_package(cls) -> str:
            return "jupyterlab"

        @classmethod
        def make_serverapp(cls, **kwargs: Any) -> Any:
            # what the constructor is given wins over every configuration file, entry by entry
            kwargs["jpserver_extensions"] = {**kwargs["jpserver_extensions"], **dict.fromkeys(OFF, False)}
            kwargs["tornado_settings"] = {"page_config_hook": _page_config}
            return super().make_serverapp(**kwargs)

    return Lab


def _page_config(handler: Any, page_config: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    disabled = page_config.get("disabledExtensions", [])
    return {**page_config, "disabledExtensions": [*disabled, *_OFF_IN_BROWSER]}


if __name__ == "__main__":
    main(sys.argv[1:])
