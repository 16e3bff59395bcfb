"""PB806: an output that makes the file large."""

from collections.abc import Iterator
from typing import Any

from proofbook.lint.fix import ClearOutputs, Fix
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["output_too_large"]

_MEGABYTE = 1_000_000


@rule("PB806", "output-too-large", level="warning", python=False, fix="safe")
def output_too_large(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a cell whose saved outputs take more than 1 MB. `output_size` in `[tool.proofbook.lint]` sets another limit.

    ## Why is this bad?
    Every version of the file is kept by git, whole; the notebook opens slowly, and no review shows what changed.
    Mostly it is a table printed without end, or a figure that carries its data.

    ## Example
    ```python
    print(flights.to_string())
    ```

    Use instead:
    ```python
    flights.head(10)
    ```
    What is needed as a whole is a product: write it to a file.

    ## Fix safety
    Clearing the outputs is safe where they are not meant to be committed: the build makes its own. Where they are
    (`commit_outputs = true`) it is unsafe, for readers of the notebook lose what it showed.
    """
    limit = subject.configuration.output_bytes
    for cell in subject.notebook.code_cells:
        size = _size(cell.outputs)
        if size > limit:
            yield Violation(
                message=f"the saved outputs take {_shown(size)}, more than {subject.configuration.output_size}",
                advice="show less of it, write the rest to a file, and clear the outputs",
                cell=cell,
                fix=Fix(
                    title="Clear the cell's outputs",
                    safety="unsafe" if subject.configuration.commit_outputs else "safe",
                    changes=(ClearOutputs(cell=cell),),
                ),
            )


def _size(outputs: tuple[dict[str, Any], ...]) -> int:
    """Bytes that the outputs take in a file, about: texts as they are, all else as short as JSON can say it."""
    size, waiting = 0, list[Any](outputs)
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str):
            size += 3 + (len(value) if value.isascii() else len(value.encode(errors="surrogatepass")))
        else:
            size += 1 + len(str(value))
    return size


def _shown(size: int) -> str:
    return f"{size / _MEGABYTE:.2f} MB" if size >= _MEGABYTE // 10 else f"{size / 1000:.1f} kB"
