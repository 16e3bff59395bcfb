"""What a replay is made of: from which run its code, data, parameters and environment come."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from msgspec.structs import replace

from proofbook.flow import recast
from proofbook.model.pipeline import Pipeline, Task
from proofbook.model.run import Run, TaskRun
from proofbook.store import Store

__all__ = ["Recipe", "is_seed", "pipeline_of", "reseeded"]

_SEEDS = ("seed", "random_state", "random_seed")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Where the parts of one replay come from."""

    code: Run
    """Its notebooks, modules, shape of the pipeline, and all other files of the project."""
    data: Run
    """Its declared data files, and its values of the parameters that count as data."""
    parameters: Run
    """Its values of all other parameters."""
    environment: Run
    """Its interpreter and packages."""
    seed: int | None = None
    """Other seeds than its own, drawn from this number; None: its own."""
    notebooks: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """Task to the notebook that takes the place of its own."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Data file to the digest that takes the place of its own; empty: there is none."""
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Task to parameters whose values take the place of all others."""
    afresh: frozenset[str] = frozenset()
    """Tasks that run even where a result of them is known."""

    @classmethod
    def of(cls, run: Run, **changes: Any) -> "Recipe":
        """The run itself, with `changes`."""
        return cls(**{"code": run, "data": run, "parameters": run, "environment": run, **changes})

    def data_files(self) -> dict[str, str]:
        """Data file to its digest, `missing` for one that shall not be there."""
        found = {path: seen for path, seen in self.code.data.items() if path not in self._known_to_data()}
        return found | self.data.data | {path: digest or "missing" for path, digest in self.files.items()}

    def _known_to_data(self) -> set[str]:
        """What the code's run declared in tasks that the data's run has too: there the latter says what there is."""
        names = {task.name for task in self.data.tasks}
        return {path for task in self.code.tasks if task.name in names for path in task.inputs.get("data", {})}


def is_seed(name: str, declared: Collection[str] = ()) -> bool:
    """Whether a parameter is the seed of a random generator, by its name or by declaration (names or globs)."""
    plain = name.lower()
    by_name = plain in _SEEDS or plain.endswith(("_seed", "_random_state"))
    return by_name or any(fnmatchcase(name, pattern) for pattern in declared)


def reseeded(value: Any, seed: int) -> Any:
    """Another seed, which depends on the old one and on `seed` alone; what is no integer stays as it is."""
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    return int.from_bytes(hashlib.sha256(f"{seed} {value}".encode()).digest()[:4], "big") >> 1


def pipeline_of(
    recipe: Recipe, *, store: Store, seeds: Collection[str] = (), data_parameters: Collection[str] = ()
) -> Pipeline:
    """
    The pipeline that a recipe says.

    Args:
        recipe: What comes from where.
        store: Holds the runs.
        seeds: Parameters that are seeds beside those that have such a name.
        data_parameters: Parameters (names or globs) that say which data are read.

    Raises:
        ReplayError: A run is not wholly known.
    """
    base = recast.pipeline_of(recipe.code, store=store)
    data, parameters = _by_name(recipe.data), _by_name(recipe.parameters)
    tasks = []
    for task in base.tasks:
        params = {}
        for name, own in task.params.items():
            is_data = any(fnmatchcase(name, pattern) for pattern in data_parameters)
            giver = (data if is_data else parameters).get(task.name)
            value = own if giver is None else giver.params.get(name, own)
            if recipe.seed is not None and is_seed(name, seeds):
                value = reseeded(value, recipe.seed)
            params[name] = recipe.params.get(task.name, {}).get(name, value)
        tasks.append(replace(task, params=params, data=_data_of(task, data.get(task.name), recipe)))
    return Pipeline(path=base.path, tasks=tuple(tasks))


def _data_of(task: Task, giver: TaskRun | None, recipe: Recipe) -> dict[str, str]:
    paths = set(task.data if giver is None else giver.inputs.get("data", {}))
    for path, digest in recipe.files.items():
        owners = {*task.data, *(giver.inputs.get("data", {}) if giver is not None else ())}
        if path in owners:
            paths = paths | {path} if digest else paths - {path}
    return {path: path for path in sorted(paths)}


def _by_name(run: Run) -> dict[str, TaskRun]:
    return {task.name: task for task in run.tasks}
