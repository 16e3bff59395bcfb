"""A post-mortem in pdb's words."""

import io

import pytest

from proofbook.flow.debug import Frame, Postmortem
from proofbook.terminal.debugger import Viewer

FOUND = Postmortem(
    run=12,
    task="train",
    error="ZeroDivisionError: division by zero",
    frames=(
        Frame(
            file="/tmp/ipykernel_1/2.py",
            line=3,
            function="<module>",
            source=((1, "x = 1"), (2, ""), (3, "y = split(x)")),
            locals={"x": "1", "table": "   a\n0  1"},
            cell=7,
        ),
        Frame(
            file="model.py",
            line=40,
            function="split",
            source=tuple((number, f"line {number}") for number in range(30, 50)),
            locals={"a": "1", "evil": "\x1b[2J", "long": "x" * 500},
        ),
        Frame(file="lib.so", line=1, function="inner"),
    ),
)


def _said(*commands: str) -> list[str]:
    """What is printed for the commands, after the two lines of the beginning."""
    return _all(*commands)[2:]


def _all(*commands: str) -> list[str]:
    captured = pytest.MonkeyPatch()
    out = io.StringIO()
    with captured.context() as patch:
        patch.setattr("sys.stdout", out)
        Viewer(FOUND, stdin=io.StringIO("".join(f"{command}\n" for command in commands))).run()
    return out.getvalue().splitlines()


def test_it_begins_with_the_error_and_the_innermost_frame() -> None:
    assert _all() == ["run 12, task train: ZeroDivisionError: division by zero", "> lib.so(1)inner()"]


def test_where_lists_all_frames_and_marks_the_current() -> None:
    expected = [
        "  cell 7(3)<module>",
        "-> y = split(x)",
        "  model.py(40)split()",
        "-> line 40",
        "> lib.so(1)inner()",
    ]
    for word in ("w", "where", "bt"):
        assert _said(word) == expected


def test_up_and_down_move_and_stop_at_the_ends() -> None:
    assert _said("u", "up", "u", "d", "down", "d") == [
        "> model.py(40)split()",
        "-> line 40",
        "> cell 7(3)<module>",
        "-> y = split(x)",
        "this is the outermost frame",
        "> model.py(40)split()",
        "-> line 40",
        "> lib.so(1)inner()",
        "this is the innermost frame",
    ]
    assert _said("u 2")[0] == "> cell 7(3)<module>"


def test_list_shows_the_lines_around_and_goes_on() -> None:
    lines = _said("u", "l", "l", "l")[2:]
    assert lines[0] == "  35    line 35"
    assert lines[5] == "  40 -> line 40"
    assert lines[-2] == "  49    line 49"
    assert lines[-1] == "no more lines are recorded"
    assert _said("u", "l 30")[2:4] == ["  30    line 30", "  31    line 31"]
    assert len(_said("u", "ll")[2:]) == 20
    assert _said("l") == ["its source was not to be had"]


def test_args_lists_variables_in_one_line_each() -> None:
    for word in ("a", "args", "locals"):
        lines = _said("u", word)[2:]
        assert lines[0] == "a = 1"
        assert len(lines[2]) < 110
    assert _said("u 2", "a")[-1] == "table =    a\\n0  1"
    assert _said("a") == ["no variables are recorded of this frame"]


def test_p_shows_a_value_whole() -> None:
    assert _said("u 2", "p table")[2:] == ["   a", "0  1"]
    assert _said("u", "p long")[2:] == ["x" * 500]
    assert _said("u", "long")[2:] == ["x" * 500]


def test_p_of_what_is_not_there_says_where_it_is() -> None:
    assert _said("p x") == ["no variable x is recorded of this frame; cell 7(3)<module> has it (u, d)"]
    assert _said("p nowhere") == ["no variable nowhere is recorded of this frame"]
    assert _said("p") == ["p needs the name of a variable; `a` lists them"]


def test_nothing_is_evaluated() -> None:
    assert "the kernel is gone" in _said("p len(x)")[0]
    assert _said("!print(1)")[0].startswith("there is no command")


def test_a_value_cannot_steer_the_terminal() -> None:
    assert _said("u", "p evil")[2:] == ["\\x1b[2J"]


def test_q_ends_it_and_an_empty_line_does_nothing() -> None:
    assert _said("", "u", "", "q", "w") == ["> model.py(40)split()", "-> line 40"]


def test_help_explains_every_command() -> None:
    lines = _said("help")
    for word in ("where", "up", "down", "list", "longlist", "args", "p", "quit"):
        assert any(word in line.split()[0].split("|") for line in lines)
    assert len(_said("help ll")) == 1
