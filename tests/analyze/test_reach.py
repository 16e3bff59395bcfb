"""Which products of an upstream task a notebook can read."""

import pytest

from proofbook.analyze import reach
from proofbook.model.notebook import Cell, Notebook


def _may_read(source: str, *, tags: tuple[str, ...] = ()) -> bool:
    cell = Cell(number=1, id="a", kind="code", source=source, tags=tags)
    return reach.may_read(Notebook(path="n.ipynb", cells=(cell,)), task="clean", key="nb", file="clean.ipynb")


@pytest.mark.parametrize(
    "source",
    [
        'read(upstream["clean"]["data"])',
        'read(upstream["other"]["nb"])',
        "print(1)",
        'read(upstream["clean"]["data"], upstream["other"])',
    ],
)
def test_clear_uses_of_other_products_do_not_reach_it(source: str) -> None:
    assert not _may_read(source)


@pytest.mark.parametrize(
    "source",
    [
        'read(upstream["clean"]["nb"])',
        'products = upstream["clean"]',
        "read(upstream)",
        "for name in upstream: print(name)",
        'read(upstream["clean"][key])',
        "read(upstream[name]['data'])",
        "open('output/clean.ipynb')",
        "upstream = this is no Python",
    ],
)
def test_whatever_is_unclear_may_reach_it(source: str) -> None:
    assert _may_read(source)


def test_the_parameters_cell_reads_nothing() -> None:
    assert not _may_read("upstream = None", tags=("parameters",))
