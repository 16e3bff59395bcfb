"""
Checks files in a process of its own: what a broken file does to a reader, it does to this process.

`python -m proofbook.contracts ORDER`: the order is a JSON file, see `Order`; the answer is written beside it.
"""

import sys
from pathlib import Path

import msgspec
from msgspec import Struct

from proofbook.contracts import kept
from proofbook.contracts.check import check
from proofbook.contracts.contract import parse
from proofbook.disk import atomic
from proofbook.exceptions import ProofbookError

__all__ = ["Order", "main"]


class Order(Struct, frozen=True, kw_only=True):
    """What is to be checked."""

    root: str
    folder: str
    """Where findings are kept."""
    contracts: tuple[tuple[str, str], ...]
    """Path and text."""
    files: tuple[tuple[str, str, int], ...]
    """Path below the root, the key under which the finding is kept, the number of its contract."""


def main(path: Path) -> None:
    """Check all files of the order at `path`; what went wrong stands in `path` with the ending `.error`."""
    order = msgspec.json.decode(path.read_bytes(), type=Order)
    try:
        contracts = [parse(text, path=name) for name, text in order.contracts]
        for shown, key, number in order.files:
            atomic.write(path.with_suffix(".at"), shown.encode(), durable=False)
            found, parts = check(Path(order.root) / shown, shown=shown, contract=contracts[number])
            kept.keep(Path(order.folder), key, found, parts)
    except ProofbookError as error:
        atomic.write(path.with_suffix(".error"), str(error).encode(), durable=False)


if __name__ == "__main__":
    # dataframely imports these where they are installed, for what nobody asks of it here: half of the time it takes
    sys.modules |= dict.fromkeys(("sqlalchemy", "pydantic", "pydantic_core"))  # type: ignore[arg-type]  # None: not there
    main(Path(sys.argv[1]))
