"""What a library of tables says against a value, as one line that names the record."""

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["refusing"]


@contextmanager
def refusing(subject: str) -> Iterator[None]:
    """
    Let what is raised inside begin with `subject`, be one line, and be a TypeError or a ValueError.

    Args:
        subject: Such as `record('auc'): eval_set=`.
    """
    try:
        yield
    except (TypeError, NotImplementedError) as error:
        raise TypeError(f"{subject}: {_line(error)}") from None
    except ValueError as error:
        raise ValueError(f"{subject}: {_line(error)}") from None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:500]
