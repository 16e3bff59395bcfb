"""Form."""

from tests.lint.factory import Case, content

CASES = {
    "PB807": [
        Case(
            "truncated",
            [],
            ["0:0:0 error the file cannot be read: it ends in the middle of its JSON"],
            raw=content("x = 1")[:-60],
        ),
        Case("empty", [], ["0:0:0 error the file cannot be read: it is empty"], raw=b""),
        Case("not UTF-8", [], ["0:0:0 error the file cannot be read: it is not UTF-8 (byte 2)"], raw=b'{"\xff": 1}'),
        Case(
            "not JSON",
            [],
            ["0:0:0 error the file cannot be read: it is not JSON (Expecting value, line 1, column 1)"],
            raw=b"x = 1",
        ),
        Case(
            "nbformat 3",
            [],
            ["0:0:0 error the file cannot be read: it has nbformat 3, and only nbformat 4 is read"],
            raw=b'{"nbformat": 3, "worksheets": []}',
        ),
        Case(
            "nested too deeply",
            [],
            ["0:0:0 error the file cannot be read: its JSON is nested too deeply"],
            raw=b"[" * 1_000_000,
        ),
        Case(
            "a cell that is none",
            [],
            ["0:0:0 error the file cannot be read: cell 1: is no object"],
            raw=b'{"nbformat": 4, "metadata": {}, "cells": [7]}',
        ),
        Case("an ordinary notebook", ["x = 1"]),
        Case("an empty notebook", []),
        Case("code that is nested too deeply is a matter of its cell", ["-" * 100_000 + "1"]),
    ],
}
