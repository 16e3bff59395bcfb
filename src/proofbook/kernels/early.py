"""Variables that libraries read when they are imported, set by a notebook: too late for what is preloaded."""

import json
import re
from typing import Any

__all__ = ["variable"]

_SETS = re.compile(r"\benviron\b|\bputenv\b|%env\b|%set_env\b")
_READ = re.compile(
    r"\b(?:(?:OMP|KMP|GOMP|OPENBLAS|GOTO|MKL|BLIS|VECLIB|NUMEXPR|NUMBA|NPY|NUMPY|MPL|MATPLOTLIB|PYARROW|ARROW|SKLEARN|SCIPY"
    r"|PANDAS|LOKY|JOBLIB|PLOTLY|TQDM)_[A-Z0-9_]+|MPLBACKEND|MPLCONFIGDIR|MATPLOTLIBRC|TQDM_[A-Z]+)\b"
)


def variable(notebook: bytes) -> str:
    """
    The first such variable that a notebook seems to set, or an empty text.

    A notebook that only reads one counts as well: a cold kernel is right in any case, a warm one is not.

    Args:
        notebook: An `.ipynb`.
    """
    if b"env" not in notebook:
        return ""
    try:
        cells: Any = json.loads(notebook)["cells"]
        for cell in cells:
            source = cell["source"] if cell["cell_type"] == "code" else ""
            code = source if isinstance(source, str) else "".join(source)
            found = _READ.search(code) if _SETS.search(code) else None
            if found:
                return found[0]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return ""
