"""JSON values that can stand in a manifest: of bounded size and depth, without NaN, without integers beyond 64 bits."""

import math
from typing import Any, Literal

__all__ = ["MANY", "bounded", "special"]

MANY = 5_000_000
"""Values in a figure's plotted data, at most."""
_FEW = 200_000
_DEPTH = 100
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


def special(number: float) -> Literal["nan", "inf", "-inf"] | None:
    """The word for a float that JSON cannot say."""
    if math.isnan(number):
        return "nan"
    if math.isinf(number):
        return "inf" if number > 0 else "-inf"
    return None


def bounded(value: Any, *, nodes: int = _FEW) -> Any:
    """
    A copy of a JSON value that canonical JSON can say: NaN, infinity and very large integers in it become text.

    Args:
        value: As `json.loads` returns it.
        nodes: How many values it may hold in all.

    Raises:
        ValueError: It is too deep, too large, or not JSON.
    """
    left = nodes

    def copy(item: Any, depth: int) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise ValueError(f"it holds more than {nodes} values")
        if depth > _DEPTH:
            raise ValueError("it is nested too deeply")
        if item is None or isinstance(item, bool):
            return item
        if isinstance(item, str):
            return _text(item)
        if isinstance(item, int):
            return item if _SMALLEST <= item <= _LARGEST else str(item)
        if isinstance(item, float):
            return special(item) or item
        if isinstance(item, list):
            return [copy(part, depth + 1) for part in item]
        if isinstance(item, dict):
            return {_text(str(name)): copy(part, depth + 1) for name, part in item.items()}
        raise ValueError(f"it holds a {type(item).__name__}, which JSON has not")

    return copy(value, 0)


def _text(text: str) -> str:
    """Halves of surrogate pairs, which JSON may escape and UTF-8 cannot say, become question marks."""
    return text.encode(errors="replace").decode()
