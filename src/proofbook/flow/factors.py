"""What differs between two runs, by factor; and each factor taken apart into what can be exchanged by itself."""

from collections.abc import Collection, Mapping
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from typing import Any, Literal

from msgspec import Struct

from proofbook.flow import environments, recast
from proofbook.flow.recipe import Recipe
from proofbook.model.run import Run, TaskRun
from proofbook.store import Store

__all__ = [
    "FACTORS",
    "Difference",
    "Name",
    "Part",
    "cells_of",
    "code_parts",
    "data_parts",
    "parameter_parts",
    "recipe_with",
    "spliced",
]

Name = Literal["code", "data", "parameters", "environment"]
FACTORS: tuple[Name, ...] = ("code", "data", "parameters", "environment")


class Part(Struct, frozen=True, kw_only=True):
    """Something of a factor that can be exchanged by itself."""

    label: str
    """As a person reads it: `features`, `load (data/june.csv)`, `train depth`."""
    kind: Literal["task", "modules", "file", "parameter", "cell"]
    task: str = ""
    tasks: tuple[str, ...] = ()
    """parameter: those that have it, wherever they stand."""
    name: str = ""
    """Of the file or the parameter."""
    start: int = 0
    """cell: the first of the old notebook's cells that it replaces; `stop`: the one after the last."""
    stop: int = 0
    put: tuple[int, int] = (0, 0)
    """cell: which of the new notebook's cells take their place."""

    @property
    def key(self) -> str:
        """The label, where two could have the same with what tells them apart."""
        return f"{self.label} [{self.start}:{self.stop}]" if self.kind == "cell" else self.label


class Difference:
    """
    What is not the same in two runs.

    Args:
        old: Production.
        new: The candidate.
        data_parameters: Parameters (names or globs) that count as data.
    """

    def __init__(self, old: Run, new: Run, *, data_parameters: Collection[str] = ()) -> None:
        self.old, self.new = old, new
        self.tasks = {task.name: (task, other) for task in old.tasks for other in new.tasks if task.name == other.name}
        params = [
            (name, key)
            for name, (one, two) in self.tasks.items()
            for key in one.params
            if key in two.params and one.params[key] != two.params[key]
        ]
        counted = {pair for pair in params if any(fnmatchcase(pair[1], pattern) for pattern in data_parameters)}
        self.parameters = [pair for pair in params if pair not in counted]
        """Task and name of the parameters that differ."""
        self.data_parameters = sorted(counted)
        self.files = sorted(path for path in {*old.data, *new.data} if old.data.get(path) != new.data.get(path))
        changed = [name for name, (one, two) in self.tasks.items() if _code(one) != _code(two)]
        self.notebooks = [name for name in changed if all(task.notebook for task in self.tasks[name])]
        """Tasks whose notebooks differ."""
        self.files_of_code = _changed_files(self.tasks) | {name for name in changed if name not in self.notebooks}
        """Modules that differ, and tasks that are no notebooks: these can only be exchanged together."""
        self.same_shape = [(task.name, task.upstream) for task in old.tasks] == [
            (task.name, task.upstream) for task in new.tasks
        ]

    @property
    def factors(self) -> tuple[Name, ...]:
        """Those in which the two differ."""
        differs = {
            "code": bool(self.notebooks or self.files_of_code) or not self.same_shape,
            "data": bool(self.files or self.data_parameters),
            "parameters": bool(self.parameters),
            "environment": not environments.same(self.old.environment, self.new.environment),
        }
        return tuple(name for name in FACTORS if differs[name])

    def recipe(self, factors: Collection[str]) -> Recipe:
        """Production with some factors of the candidate."""
        return Recipe.of(self.old, **dict.fromkeys(factors, self.new))


def _code(task: TaskRun) -> tuple[Any, Any]:
    return task.inputs.get("code"), task.inputs.get("kernel")


def _modules(task: TaskRun) -> dict[str, str]:
    return {**task.inputs.get("modules", {}), **task.modules}


def _changed_files(tasks: Mapping[str, tuple[TaskRun, TaskRun]]) -> set[str]:
    return {
        path
        for one, two in tasks.values()
        for path in {*_modules(one), *_modules(two)}
        if _modules(one).get(path) != _modules(two).get(path)
    }


def code_parts(difference: Difference, *, needed: Collection[str]) -> tuple[Part, ...]:
    """The tasks, of those in `needed`, whose notebooks differ, in pipeline order; and the modules, as one."""
    found = [Part(label=name, kind="task", task=name) for name in difference.notebooks if name in needed]
    files = ", ".join(sorted(difference.files_of_code))
    # first: what they do is then seen with the notebooks that go with them
    return (*([Part(label=files, kind="modules")] if files else []), *found)


def data_parts(difference: Difference, *, needed: Collection[str]) -> tuple[Part, ...]:
    """The data files that differ and are read by a task in `needed`, and the parameters that count as data."""
    found = []
    for path in difference.files:
        readers = [
            name
            for name, pair in difference.tasks.items()
            if name in needed and any(path in task.inputs.get("data", {}) for task in pair)
        ]
        if readers:
            found.append(Part(label=f"{', '.join(readers)} ({path})", kind="file", name=path))
    return (*_parameters(difference.data_parameters, needed), *found)


def parameter_parts(difference: Difference, *, needed: Collection[str]) -> tuple[Part, ...]:
    """The parameters that differ, of tasks in `needed`."""
    return _parameters(difference.parameters, needed)


def _parameters(pairs: Collection[tuple[str, str]], needed: Collection[str]) -> tuple[Part, ...]:
    """One part for each name: tasks that share a parameter, from `env.yaml` for one, were given it together."""
    named: dict[str, list[str]] = {}
    for task, name in pairs:
        if task in needed:
            named.setdefault(name, []).append(task)
    return tuple(
        Part(
            label=f"{tasks[0]} {name}" if len(tasks) == 1 else f"{name} of {', '.join(tasks)}",
            kind="parameter",
            name=name,
            tasks=tuple(task for task, other in pairs if other == name),
        )
        for name, tasks in named.items()
    )


def cells_of(
    old: Mapping[str, Any], new: Mapping[str, Any], *, task: str, numbers: Mapping[str, int]
) -> tuple[Part, ...]:
    """
    Where the code cells of two notebooks differ: runs of cells that were replaced, added or removed.

    Args:
        old: The one notebook, without outputs.
        new: The other.
        task: Whose they are.
        numbers: Id of a cell of `new` to the number that people know it by.
    """
    sources = [[_source(cell) for cell in notebook["cells"]] for notebook in (old, new)]
    found: list[Part] = []
    for kind, start, stop, first, last in SequenceMatcher(a=sources[0], b=sources[1], autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        same_length = stop - start == last - first
        # cells that were edited in place can be exchanged one by one
        steps = [(start + at, start + at + 1, first + at, first + at + 1) for at in range(stop - start)]
        for low, high, begin, end in steps if same_length else [(start, stop, first, last)]:
            touched = [*old["cells"][low:high], *new["cells"][begin:end]]
            if any(cell.get("cell_type") == "code" for cell in touched):
                cells = new["cells"][begin:end]
                label = _label(task, [numbers.get(cell.get("id"), begin + at + 1) for at, cell in enumerate(cells)])
                found.append(Part(label=label, kind="cell", task=task, start=low, stop=high, put=(begin, end)))
    return tuple(found)


def _label(task: str, numbers: list[int]) -> str:
    if not numbers:
        return f"{task}, a cell that was removed"
    return f"{task} cell {numbers[0]}" if len(numbers) == 1 else f"{task} cells {numbers[0]} to {numbers[-1]}"


def spliced(old: Mapping[str, Any], new: Mapping[str, Any], parts: Collection[Part]) -> dict[str, Any]:
    """The old notebook with some of its differing cells as in the new one."""
    cells: list[Any] = []
    at = 0
    for part in sorted(parts, key=lambda one: (one.start, one.stop)):
        cells += [*old["cells"][at : part.start], *new["cells"][part.put[0] : part.put[1]]]
        at = part.stop
    cells += old["cells"][at:]
    taken: set[str] = set()
    named = []
    for number, cell in enumerate(cells):
        name = str(cell.get("id", ""))
        named.append({**cell, "id": f"{name}-{number}"} if name in taken else cell)
        taken.add(name)
    return {**old, "cells": named}


def _source(cell: Mapping[str, Any]) -> tuple[str, str]:
    return str(cell.get("cell_type")), "".join(cell.get("source", "")).strip()


def recipe_with(difference: Difference, parts: Collection[Part], *, store: Store) -> Recipe:
    """Production with only some parts of what differs."""
    old, new = difference.old, difference.new
    kinds = {kind: [part for part in parts if part.kind == kind] for kind in ("task", "file", "parameter", "cell")}
    code = new if any(part.kind == "modules" for part in parts) else old
    chosen = {part.task for part in kinds["task"]}
    notebooks = {}
    for name, (one, two) in difference.tasks.items():
        wanted = two if name in chosen else one
        if name in difference.notebooks and wanted is not (two if code is new else one):
            notebooks[name] = recast.notebook_of(wanted, store=store)
    for name in {part.task for part in kinds["cell"]}:
        was, is_now = (recast.notebook_of(task, store=store) for task in difference.tasks[name])
        notebooks[name] = spliced(was, is_now, [part for part in kinds["cell"] if part.task == name])
    params: dict[str, dict[str, Any]] = {}
    for task, name in [(task, part.name) for part in kinds["parameter"] for task in part.tasks]:
        params.setdefault(task, {})[name] = difference.tasks[task][1].params[name]
    files = {part.name: _present(new.data.get(part.name)) for part in kinds["file"]}
    return Recipe.of(old, code=code, notebooks=notebooks, params=params, files=files)


def _present(digest: str | None) -> str:
    return "" if digest in {None, "missing"} else str(digest)
