"""
The door that `pipeline.yaml` names, and the only room that knows Ploomber::

    executor: {dotted_path: proofbook.ploomber.Executor}
    on_render: proofbook.ploomber.on_render
    on_finish: proofbook.ploomber.on_finish
    on_failure: proofbook.ploomber.on_failure

Names are loaded on first use: a build that has a recorded reading of its pipeline needs no Ploomber.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from proofbook.ploomber.executor import Executor
    from proofbook.ploomber.hooks import on_failure, on_finish, on_render

__all__ = ["Executor", "on_failure", "on_finish", "on_render"]

_PLACES = {"Executor": "executor", "on_failure": "hooks", "on_finish": "hooks", "on_render": "hooks"}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'proofbook.ploomber' has no attribute {name!r}")
    return getattr(import_module(f"proofbook.ploomber.{_PLACES[name]}"), name)
