"""A post-mortem in pdb's words, of what was recorded: it looks, and can run nothing, for the kernel is long gone."""

import cmd
import sys
from typing import IO, Final

import click

from proofbook.flow.debug import Frame, Postmortem
from proofbook.terminal.say import printable
from proofbook.terminal.tables import one_line

__all__ = ["Viewer"]

_AROUND: Final = 5
_WIDTH: Final = 100
"""Characters of a value in the list of all."""

_HELP: Final = (
    ("w|where|bt", "all frames, the innermost last; `>` marks the one that is looked at"),
    ("u|up", "to the frame that called this one; `u 3` three times"),
    ("d|down", "to the frame that this one called"),
    ("l|list", "the lines around, then those that follow; `l 40` the lines around line 40"),
    ("ll|longlist", "all lines that are recorded of this frame"),
    ("a|args|locals", "all variables of this frame, each in one line"),
    ("p|pp", "`p NAME`: the whole value of a variable, as `repr` wrote it"),
    ("q|quit|exit", "the end"),
)


class Viewer(cmd.Cmd):
    """
    Shows a post-mortem; `run` reads commands until the end.

    Args:
        found: What is shown.
        stdin: Commands, one a line; standard input, where nothing is said.
    """

    def __init__(self, found: Postmortem, *, stdin: IO[str] | None = None) -> None:
        super().__init__(stdin=stdin or sys.stdin)
        self._found = found
        self._at = len(found.frames) - 1
        self._listed: int | None = None
        live = self.stdin.isatty()
        self.use_rawinput = live and stdin is None
        self.prompt = f"({found.task}) " if live else ""

    def run(self) -> None:
        """Say what happened, then do as told until `q` or the end of the input."""
        found = self._found
        self._say(f"run {found.run}, task {found.task}: {found.error}")
        self._show_frame()
        if self.prompt:
            self._say("recorded, not running: w, u, d, l, ll, a, p NAME, q; `help` explains them")
        while True:
            try:
                self.cmdloop()
                return
            except KeyboardInterrupt:
                self._say()

    @property
    def _frame(self) -> Frame:
        return self._found.frames[self._at]

    def do_where(self, _: str) -> None:
        """All frames."""
        for number, frame in enumerate(self._found.frames):
            self._say(f"{'>' if number == self._at else ' '} {_place(frame)}")
            if text := _text_of(frame):
                self._say(f"-> {text}")

    def do_up(self, count: str) -> None:
        """To the frame that called this one."""
        self._move(count, -1, "this is the outermost frame")

    def do_down(self, count: str) -> None:
        """To the frame that this one called."""
        self._move(count, 1, "this is the innermost frame")

    def do_list(self, line: str) -> None:
        """The lines around, then those that follow."""
        source = self._frame.source
        if line.strip().isdecimal():
            first = int(line) - _AROUND
        else:
            first = self._frame.line - _AROUND if self._listed is None else self._listed + 1
        lines = [(number, text) for number, text in source if first <= number <= first + 2 * _AROUND]
        if not lines:
            self._say("no more lines are recorded" if source else "its source was not to be had")
            return
        self._listed = lines[-1][0]
        self._print_lines(lines)

    def do_longlist(self, _: str) -> None:
        """All lines that are recorded of this frame."""
        if not self._frame.source:
            self._say("its source was not to be had")
        self._print_lines(self._frame.source)

    def do_locals(self, _: str) -> None:
        """All variables of this frame."""
        if not self._frame.locals:
            self._say("no variables are recorded of this frame")
        for name, value in self._frame.locals.items():
            shown = one_line(value)
            self._say(f"{name} = {shown if len(shown) <= _WIDTH else f'{shown[: _WIDTH - 1]}…'}")

    def do_p(self, name: str) -> None:
        """The whole value of a variable."""
        name = name.strip()
        if name in self._frame.locals:
            self._say(self._frame.locals[name])
        elif not name:
            self._say("p needs the name of a variable; `a` lists them")
        elif name.isidentifier():
            holders = [frame for frame in self._found.frames if name in frame.locals]
            hint = f"; {_place(holders[-1])} has it (u, d)" if holders else ""
            self._say(f"no variable {name} is recorded of this frame{hint}")
        else:
            self._say(
                "only names can be shown, for the kernel is gone: "
                f"`proofbook build --debug {self._found.task}` gives you a living one"
            )

    def do_quit(self, _: str) -> bool:
        """The end."""
        return True

    def do_EOF(self, _: str) -> bool:  # noqa: N802  cmd's name for it
        """The end of the input."""
        if self.prompt:
            self._say()
        return True

    do_w = do_bt = do_where
    do_u, do_d, do_l, do_ll = do_up, do_down, do_list, do_longlist
    do_a = do_args = do_locals
    do_pp = do_p
    do_q = do_exit = do_quit

    def do_help(self, arg: str) -> None:
        """What can be asked."""
        for names, what in _HELP:
            if not arg or arg in names.split("|"):
                self._say(f"{names:<16}  {what}")

    do_h = do_help

    def emptyline(self) -> bool:
        """A person repeats the last command, as in pdb; a script does nothing."""
        return super().emptyline() if self.prompt else False

    def default(self, line: str) -> None:
        """What pdb would run as Python."""
        if line.strip() in self._frame.locals:
            self.do_p(line)
        else:
            self._say(f"there is no command {line.split(maxsplit=1)[0]!r} here; `help` lists them")

    def completenames(self, text: str, *_: object) -> list[str]:
        """Commands that begin so."""
        return [name for name in ("where", "up", "down", "list", "ll", "args", "locals", "p", "quit", "help")
                if name.startswith(text)]  # fmt: skip

    def complete_p(self, text: str, *_: object) -> list[str]:
        """Variables that begin so."""
        return [name for name in self._frame.locals if name.startswith(text)]

    def _move(self, count: str, direction: int, at_the_end: str) -> None:
        steps = int(count) if count.strip().isdecimal() else 1
        wanted = min(max(self._at + direction * steps, 0), len(self._found.frames) - 1)
        if wanted == self._at:
            self._say(at_the_end)
            return
        self._at, self._listed = wanted, None
        self._show_frame()

    def _show_frame(self) -> None:
        self._say(f"> {_place(self._frame)}")
        if text := _text_of(self._frame):
            self._say(f"-> {text}")

    def _print_lines(self, lines: "tuple[tuple[int, str], ...] | list[tuple[int, str]]") -> None:
        for number, text in lines:
            self._say(f"{number:4}{' ->' if number == self._frame.line else '   '} {text}")

    def _say(self, text: str = "") -> None:
        click.echo(printable(text))


def _place(frame: Frame) -> str:
    return one_line(f"{frame.place}({frame.line}){frame.function}{'' if frame.function.startswith('<') else '()'}")


def _text_of(frame: Frame) -> str:
    return next((text.strip() for number, text in frame.source if number == frame.line), "")
