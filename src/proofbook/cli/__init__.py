"""
The command line: one command a file, loaded when it is called.

A command parses, calls one flow, prints. Errors of `proofbook.exceptions` end in one line and their exit code.
"""

import sys
from importlib import import_module
from typing import Any

import click

from proofbook import __version__
from proofbook.exceptions import CancelledError, ProofbookError
from proofbook.terminal import say

__all__ = ["COMMANDS", "cli", "main"]

# command -> module of this package that holds a click command of the same name; in the order that `--help` shows
COMMANDS = {
    "init": "init",
    "doctor": "doctor",
    "lint": "lint",
    "lsp": "lsp",
    "contract": "contract",
    "build": "build",
    "status": "status",
    "check": "check",
    "noise": "noise",
    "promote": "promote",
    "rollback": "rollback",
    "policy": "policy",
    "history": "history",
    "runs": "runs",
    "show": "show",
    "logs": "logs",
    "debug": "debug",
    "diff": "diff",
    "report": "report",
    "convert": "convert",
    "lab": "lab",
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click calls it so
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"proofbook.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="proofbook")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Takes Jupyter notebooks to production, and proves at every step that they may go there."""


def main(argv: list[str] | None = None) -> None:
    """The console script. Never returns: ends the process with the exit code of the first cause."""
    argv = sys.argv[1:] if argv is None else argv
    say.forgive_encoding()
    try:
        result: Any = cli.main(argv, prog_name="proofbook", standalone_mode=False)
    except click.exceptions.Abort:
        _stop(CancelledError("interrupted"))
    except KeyboardInterrupt:
        _stop(CancelledError("interrupted"))
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        say.error(_usage(error))
        sys.exit(error.exit_code)
    except ProofbookError as error:
        if argv[:1] == ["--debug"]:
            raise
        _stop(error)
    # a command may return its exit code; everything else that it returns is not for the shell
    sys.exit(result if isinstance(result, int) else 0)


def _stop(error: ProofbookError) -> None:
    say.error(error)
    sys.exit(error.exit_code)


def _usage(error: click.ClickException) -> str:
    """What click has to say of a command that was typed wrongly, in one line, and where it is explained."""
    said = " ".join(error.format_message().split())
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{said.rstrip('.')} (see `{context.command_path} --help`)" if context is not None else said
