"""
Proofbook takes Jupyter notebooks to production, and proves at every step that they may go there.

This is the front door: names only. A notebook needs one of them::

    from proofbook import record

    record("auc", auc, better="higher", margin=0.005)

Names are loaded on first use, so that a kernel that only records pays for nothing else.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from proofbook.recorder import profile, record
    from proofbook.recorder.contracted import contracted

__all__ = ["__version__", "contracted", "profile", "record"]

__version__ = "0.1.0.dev0"


def __getattr__(name: str) -> Any:
    if name in {"record", "profile"}:
        from proofbook import recorder

        return getattr(recorder, name)
    if name == "contracted":
        # of the same name as its module: what the package knows under it is the function
        from proofbook.recorder.contracted import contracted

        return contracted
    raise AttributeError(f"module 'proofbook' has no attribute {name!r}")
