"""What a saved notebook tells of cells that are gone: the ground that PB201 and PB203 share."""

from collections.abc import Iterator

from proofbook.lint.names import Missing, Names
from proofbook.lint.rule import Subject
from proofbook.model.configuration import LintConfiguration
from proofbook.model.notebook import Cell

__all__ = ["once_defined", "undefined"]

_CODE = "PB203"
_OF_OTHERS = frozenset(
    {
        # builtins of Python 2, under which old notebooks ran
        *("basestring", "buffer", "cmp", "execfile", "file", "long", "raw_input", "reduce", "reload", "unichr"),
        *("unicode", "xrange"),
        # what Spark and Databricks put into the namespace
        *("dbutils", "sc", "spark", "sqlContext"),
    }
)
"""Names that the kernel of another day may have had without any cell."""


def undefined(subject: Subject, names: Names) -> Iterator[Missing]:
    """Every read of a name that nothing defines and that, as far as the file shows, never was: PB201's."""
    found = _undefined(names)
    shown = _shown(found) if _is_asked_for(subject.configuration) else set()
    return (missing for missing in found if _place(missing) not in shown)


def once_defined(names: Names) -> Iterator[Missing]:
    """Every read of a name that nothing defines, and that its cell cannot have run without: PB203's."""
    return (missing for missing in _undefined(names) if _is_shown(missing))


def _undefined(names: Names) -> list[Missing]:
    return [missing for missing in names.missing if missing.defined_in is None]


def _place(missing: Missing) -> tuple[int, str]:
    return missing.cell.number, missing.use.name


def _shown(found: list[Missing]) -> set[tuple[int, str]]:
    """Cell and name, where the cell cannot have run without the name, and ran."""
    return {_place(missing) for missing in found if _is_shown(missing)}


def _is_shown(missing: Missing) -> bool:
    use = missing.use
    return _ran(missing.cell) and not (use.deferred or use.unlikely or use.name in _OF_OTHERS)


def _ran(cell: Cell) -> bool:
    """Whether the file says that the cell was run to its end."""
    return cell.execution_count is not None and all(output.get("output_type") != "error" for output in cell.outputs)


def _is_asked_for(configuration: LintConfiguration) -> bool:
    """Whether PB203 speaks; where it does not, what it would say is PB201's."""
    if any(_CODE.startswith(code) for code in configuration.ignore):
        return False
    return not configuration.select or any(_CODE.startswith(code) for code in configuration.select)
