"""The pool of kernels for one build, with the modules that pay when they are imported ahead."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from proofbook.flow import learned
from proofbook.kernels import imports
from proofbook.kernels.pool import Pool
from proofbook.kernels.preload import Choice, Cost, choose
from proofbook.model.configuration import Configuration
from proofbook.model.run import TaskRun

__all__ = ["keep", "pool", "shown"]

_NOTHING: Mapping[str, str] = MappingProxyType({})
_SPARE = 4
"""Kernels kept ready ahead of need, at most."""


def pool(
    *,
    root: Path,
    pipeline: str,
    configuration: Configuration,
    on_note: Callable[[str], None] = lambda _: None,
) -> Pool:
    """
    A pool for building the pipeline, started. Whoever builds with it closes it.

    Args:
        root: The pipeline's folder.
        pipeline: Name of the pipeline file, for a first build: what its notebooks import is then read from them.
        configuration: Says whether kernels are warm, how much memory may be spent, how many tasks run at once.
        on_note: Told why a kernel starts cold, once for each reason.
    """
    choice = _choice(root, pipeline, configuration) if configuration.kernels == "warm" else Choice((), {})
    made = Pool(
        root=root,
        mode=configuration.kernels,
        modules=choice.modules,
        refused=choice.refused,
        spare=min(configuration.workers or os.cpu_count() or 1, _SPARE),
        budget=configuration.preload_bytes,
        on_note=on_note,
    )
    made.start()
    return made


def _choice(root: Path, pipeline: str, configuration: Configuration) -> Choice:
    known = learned.read(root)
    choice = choose(
        known.imports,
        () if known.imports else imports.of_project(root, pipeline),
        budget_bytes=configuration.preload_bytes,
        costs={module: Cost(*cost) for module, cost in known.costs.items()},
    )
    refused = learned.refused(known)
    return Choice(
        tuple(module for module in choice.modules if module not in refused),
        {**{module: why for module, why in refused.items() if module in choice.modules}, **choice.refused},
    )


def shown(pool: Pool) -> dict[str, Any]:
    """What a person is told of preloading: the modules with their seconds, and those left out, each with the reason."""
    costs, refused = pool.costs(), pool.refused()
    return {
        "modules": sorted(costs),
        # what is said of a package need not be said of its parts
        "refused": {name: why for name, why in sorted(refused.items()) if not _within(name, refused)},
        "seconds": round(sum(cost.seconds for cost in costs.values()), 3),
    }


def _within(name: str, packages: Mapping[str, str]) -> bool:
    return any(name.startswith(f"{package}.") for package in packages)


def keep(
    root: Path, tasks: Mapping[str, TaskRun], costs: Mapping[str, Cost], *, refused: Mapping[str, str] = _NOTHING
) -> None:
    """Remember what a build showed: what its kernels imported, what that costs, and which modules spoilt a template."""
    learned.keep(
        root,
        imports={name: task.imports for name, task in tasks.items()},
        costs={name: (cost.seconds, cost.bytes) for name, cost in costs.items()},
        refused=refused,
    )
