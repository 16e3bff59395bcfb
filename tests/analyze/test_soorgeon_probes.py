"""
The 32 probes that were put to soorgeon, which turns notebooks into tasks: it got 15 of them wrong.

Each probe is a cell below a few that define what it needs. What crosses the line between the two is what a tool that
cuts there must know: what the cell takes from above, what it leaves for below, and which of the objects that it takes it
changes. The families that failed: in-place mutation, aliasing, `x += 1`, `while x`, default arguments, class
attributes, walrus, loop variables after their loop.
"""

import hashlib
from pathlib import Path

import pytest
from msgspec import Struct

from proofbook.analyze import cells, source
from tests.analyze.notebooks import document, flow

ABOVE = "import pandas as pd\nx = n = base = f = y = z = xs = d = df = K = c = None"


class Probe(Struct, frozen=True):
    """One cell, and what a cut above and below it must carry."""

    source: str
    takes: str = ""
    leaves: str = ""
    changes: str = ""
    aliases: str = ""


PROBES = {
    # in-place mutation
    "append": Probe("xs.append(1)", "xs", "", "xs"),
    "item": Probe("d['a'] = 1", "d", "", "d"),
    "column": Probe("df['a'] = df['b'] * 2", "df", "", "df"),
    "attribute": Probe("df.columns = ['a']", "df", "", "df"),
    "inplace": Probe("df.dropna(inplace=True)", "df", "", "df"),
    "deleted item": Probe("del d['a']", "d", "", "d"),
    "update": Probe("d.update(a=1)", "d", "", "d"),
    "through a function": Probe("def add(to): to.append(1)\nadd(xs)", "xs", "add", "xs"),
    # aliasing
    "alias": Probe("w = xs\nw.append(1)", "xs", "w", "w", "w=xs"),
    "alias of a part": Probe("w = d['a']\nw.append(1)", "d", "w", "w", "w=d"),
    "alias in a tuple": Probe("v, w = xs, 1", "xs", "v w", "", "v=xs"),
    "copy is none": Probe("w = xs.copy()", "xs", "w"),
    # augmented assignment
    "augmented": Probe("x += 1", "x", "x"),
    "augmented item": Probe("d['a'] += n", "d n", "", "d"),
    "augmented after binding": Probe("k = 0\nk += n", "n", "k"),
    # while
    "while": Probe("while n:\n    n = f(n)", "n f", "n"),
    "while compares": Probe("while x < n:\n    x = x + 1", "x n", "x"),
    # default arguments
    "default": Probe("def g(a=base): return a", "base", "g"),
    "keyword default": Probe("def g(*, a=base): return a", "base", "g"),
    "lambda default": Probe("g = lambda a=base: a", "base", "g"),
    # class attributes
    "class attribute": Probe("class A:\n    rate = base\n    twice = rate * 2", "base", "A"),
    "class attribute is no name": Probe("class A:\n    x = 1\nprint(x)", "x", "A"),
    "base class": Probe("class A(K): pass", "K", "A"),
    # walrus
    "walrus": Probe("if (m := f(x)): print(m)", "f x", "m"),
    "walrus in a comprehension": Probe("r = [last := i for i in xs]", "xs", "r last"),
    # loop variables after the loop
    "loop variable": Probe("for i in xs: pass\nprint(i)", "xs", "i"),
    "loop over pairs": Probe("for i, (a, b) in xs: pass", "xs", "i a b"),
    "comprehension variable is none": Probe("r = [i for i in xs]", "xs", "r"),
    "with": Probe("with f(x) as handle: pass", "f x", "handle"),
    # what it got right
    "plain": Probe("r = x + y", "x y", "r"),
    "f-string": Probe("r = f'{x:{n}}'", "x n", "r"),
    "function": Probe("def g(a): return a * base\nr = g(x)", "base x", "g r"),
}


@pytest.mark.parametrize("name", PROBES)
def test_what_crosses_a_cell_s_borders_is_known(name: str) -> None:
    probe = PROBES[name]
    cell = flow(ABOVE, probe.source)
    # `i` after `for i in xs` comes from above where there is nothing in `xs`: that is told, and is not what was asked
    taken = {use.name for use in cell.uses if not use.possible}
    assert (taken, set(cell.defines)) == (set(probe.takes.split()), set(probe.leaves.split()))
    assert {change.name for change in cell.mutates} == set(probe.changes.split())
    assert {f"{alias.name}={alias.of}" for alias in cell.aliases} == set(probe.aliases.split())


def test_there_are_as_many_as_were_asked() -> None:
    assert len(PROBES) == 32


def test_a_loop_variable_is_taken_by_a_later_cell_from_the_one_with_the_loop() -> None:
    assert {use.name for use in flow("for i in range(3): pass", "print(i)").uses} == {"i"}


def test_the_file_that_is_analysed_stays_as_it_is(tmp_path: Path) -> None:
    """Soorgeon runs black over the notebook that it is to read."""
    path = tmp_path / "book.ipynb"
    path.write_bytes(document("x=1", "y  =  x+1"))
    before = hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns
    assert [cell.problem for cell in cells.analyze(source.read(path))] == [None, None]
    assert (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns) == before
