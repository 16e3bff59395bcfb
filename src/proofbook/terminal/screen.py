"""The part of a terminal that is redrawn in place: the running tasks, and one line of the whole."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from proofbook.terminal.board import Running
from proofbook.terminal.tables import one_line

__all__ = ["Screen"]

_ROWS: Final = 12
"""Running tasks that are shown, at most."""
_NAME: Final = 24
"""Columns of a task's name, at most."""

Row = tuple[str, str, str, str]


class Screen:
    """
    Draws only where something changed.

    Args:
        console: A terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._shown: tuple[tuple[Row, ...], str, int] | None = None

    def draw(
        self,
        lines: Sequence[Iterable[tuple[str, str]]],
        running: Mapping[str, Running],
        footer: str,
        *,
        now: float,
    ) -> None:
        """
        Bring the terminal up to date.

        Args:
            lines: What is new and stays, above the part that is redrawn.
            running: The tasks that run.
            footer: The line of the whole; empty where nothing is to be shown below the lines.
            now: By the clock of `running`.
        """
        rows = tuple(_row(task, state, now) for task, state in running.items())
        wanted = (rows, footer, self._console.width)
        if not lines and wanted == self._shown:
            return
        self._shown = wanted
        if not footer and not rows:
            self.close(lines)
            return
        if self._live is None:
            # what others print to standard output meanwhile appears above it
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        # one write for both, so that nothing flickers
        with self._console:
            if lines:
                self._console.print(_text(lines), soft_wrap=True)
            self._live.update(self._below(rows, footer), refresh=True)

    def close(self, lines: Sequence[Iterable[tuple[str, str]]]) -> None:
        """Take away the part that is redrawn, and leave `lines`."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        self._shown = None
        if lines:
            self._console.print(_text(lines), soft_wrap=True)

    def _below(self, rows: Sequence[Row], footer: str) -> Group:
        # the last line of a terminal that is full stays free, and the footer has to be seen
        most = max(1, min(_ROWS, self._console.height - 4))
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        table.add_column(no_wrap=True, max_width=_NAME + 4)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        table.add_column(no_wrap=True, justify="right")
        for task, where, title, took in rows[:most]:
            table.add_row(
                Text.assemble(("  ▸ ", "cyan"), task), Text(where, style="dim"), Text(title), Text(took, style="dim")
            )
        hidden = len(rows) - most
        more = [Text(f"    and {hidden} more", style="dim")] if hidden > 0 else []
        return Group(table, *more, Text(f"  {footer}", style="dim", no_wrap=True, overflow="ellipsis"))


def _row(task: str, state: Running, now: float) -> Row:
    seconds = int(now - state.since)
    took = f"{seconds} s" if seconds < 60 else f"{seconds // 60} min {seconds % 60:02d} s"
    name = one_line(task)
    if len(name) > _NAME:
        name = f"{name[: _NAME - 1]}…"
    return name, state.where(now=now), one_line(state.title), took


def _text(lines: Sequence[Iterable[tuple[str, str]]]) -> Text:
    return Text("\n").join(Text.assemble(*line) for line in lines)
