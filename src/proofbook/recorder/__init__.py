"""
What a notebook imports: `from proofbook import record`.

`record("auc", auc, better="higher", margin=0.005)` declares that a value counts, shows it, and stores it in the
notebook's output in scrapbook's format. Nothing heavy is imported here: a kernel that only records pays for nothing
else.
"""

from collections.abc import Sequence
from typing import Any, Literal

from proofbook.recorder.declaration import declare
from proofbook.recorder.display import publish
from proofbook.recorder.encoding import encode
from proofbook.recorder.profiles import Profile, profile

__all__ = ["Profile", "profile", "record"]


def record(
    name: str,
    value: Any,
    *,
    better: Literal["higher", "lower"] | None = None,
    margin: float | None = None,
    floor: float | None = None,
    ceiling: float | None = None,
    exact: bool = False,
    tolerance: float | None = None,
    key: str | Sequence[str] | None = None,
    informs: bool = False,
    **unknown: Any,
) -> None:
    """
    Record `value` under `name`, and say how it is to be judged against production.

    Outside a Jupyter kernel the arguments are checked and nothing else happens.

    Args:
        name: One name, one value: unique within the pipeline's task.
        value: A number, text, None, date, anything JSON can say, a NumPy array, a pandas or Polars table or series,
            a matplotlib, Plotly or Altair figure, `profile(df)`, or a `pathlib.Path` of a file (a model, say), which is
            kept by reference: path, size, SHA-256.
        better: Which direction is good.
        margin: How much worse than production is still good enough, in the value's own unit; needs `better`.
        floor: Never below this, whatever production was.
        ceiling: Never above this, whatever production was.
        exact: Any difference is a regression.
        tolerance: Largest relative difference of numbers that counts as equal.
        key: Column, or columns, that identify a row of a table.
        informs: Show it and compare it, but never stop a release because of it.
        unknown: Anything else is refused, with the option that was probably meant.

    Raises:
        TypeError: The value cannot be recorded, or an option does not fit it; the message says what to do.
        ValueError: An option has a value that cannot be meant.
    """
    options = {
        "better": better,
        "margin": margin,
        "floor": floor,
        "ceiling": ceiling,
        "exact": exact,
        "tolerance": tolerance,
        "key": key,
        "informs": informs,
    }
    rule = declare(name, options, unknown)
    encoded = encode(name, value)
    rule.fit(encoded)
    publish(name, encoded, rule.declared)
