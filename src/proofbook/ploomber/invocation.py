"""
How the build was asked for.

Ploomber passes neither `--force` nor the target of `--partially` to the executor or the hooks ("FIXME: not passing
force flag" in its own source), nor the spec to the executor's constructor. They stand in the frames above us, and
Ploomber 0.23.3 is the last of its kind, so we read them there. `tests/ploomber/test_contract.py` holds the names.
"""

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from msgspec import Struct

__all__ = ["Invocation", "is_ploomber_build", "of_dag", "spec_being_loaded"]

_DAG, _SPEC, _BUILD = "ploomber.dag.dag", "ploomber.spec.dagspec", "ploomber.cli.build"


class Invocation(Struct, frozen=True, kw_only=True):
    """What the caller asked Ploomber for."""

    building: bool = False
    """False for `ploomber status`, `plot` and the like, which render and run nothing."""
    force: bool = False
    targets: frozenset[str] | None = None
    """Tasks named by `--partially`; None for a full build."""
    skip_upstream: bool = False


def of_dag(dag: Any) -> Invocation:
    """How the build of `dag`, which is under way above us, was asked for."""
    found: dict[str, Any] = {}
    for frame in _frames(_DAG):
        local = frame.f_locals
        name = frame.f_code.co_name
        if name == "_build" and local["self"] is dag:
            found |= {"building": True, "force": bool(local["force"])}
        elif name == "_build_partially" and local.get("dag_another") is dag:
            found |= {"targets": frozenset(local["targets"]), "skip_upstream": bool(local["skip_upstream"])}
    return Invocation(**found)


def spec_being_loaded() -> Any | None:
    """The `DAGSpec` that is being turned into a DAG above us; None where the executor was made by hand."""
    for frame in _frames(_SPEC):
        if frame.f_code.co_name == "_to_dag":
            return frame.f_locals["self"]
    return None


def is_ploomber_build() -> bool:
    """Whether all this happens in the command `ploomber build`, which will run something."""
    return any(frame.f_code.co_name == "main" for frame in _frames(_BUILD))


def _frames(module: str) -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__") == module:
            yield frame
        frame = frame.f_back
