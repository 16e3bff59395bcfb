"""Writes docs/cli.md from the commands themselves; `tests/test_docs.py` fails where it is not current."""

from pathlib import Path

import click

from proofbook.cli import COMMANDS, cli

HEAD = """# The command line

This page is made from the commands by `make docs`.

## Exit codes

| Code | Means |
|---|---|
| 0 | good |
| 1 | a task failed |
| 2 | usage, configuration or pipeline |
| 3 | lint found something of level error; nothing ran |
| 4 | the gate says no (or `review`, where `strict` is set) |
| 5 | the store or the machine: disk full, no permission, a lock is held, a kernel is missing |
| 130 | interrupted |

Several at once: the first cause. An error is one line on standard error; `proofbook --debug ...` shows the traceback.
Every command but `lab` has `--json`: one document on standard output.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD, _block("proofbook", cli)]
    context = click.Context(cli, info_name="proofbook")
    for name in COMMANDS:
        command = cli.get_command(context, name)
        if command is not None:
            parts.append(_block(f"proofbook {name}", command))
            below = command.commands if isinstance(command, click.Group) else {}
            parts += [_block(f"proofbook {name} {inner}", one) for inner, one in below.items()]
    return "\n".join(parts)


def _block(name: str, command: click.Command) -> str:
    # click makes a command's help option once, for the context that asks first: here it is the shell's, whoever asked
    command._help_option = None  # noqa: SLF001
    context = click.Context(command, info_name=name, terminal_width=100, max_content_width=100, **cli.context_settings)
    return f"## `{name}`\n\n```text\n{command.get_help(context)}\n```\n"


if __name__ == "__main__":
    target = Path(__file__).parent.parent / "docs" / "cli.md"
    target.write_text(page(), encoding="utf-8")
