"""`[tool.proofbook]` in pyproject.toml, or the same keys in proofbook.toml. Everything has a default that serves."""

import math
import re
from fnmatch import fnmatchcase
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

__all__ = [
    "Configuration",
    "GateConfiguration",
    "LintConfiguration",
    "Retry",
    "RuleConfiguration",
    "TaskConfiguration",
    "size_in_bytes",
]

_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*([A-Za-z]*)\s*")
_UNITS = {"B": 1} | {
    f"{letter}{kind}": base ** (power + 1)
    for power, letter in enumerate("KMGT")
    for kind, base in (("iB", 1024), ("B", 1000))
}
_FOLDED = {unit.lower(): factor for unit, factor in _UNITS.items()}


def size_in_bytes(text: str) -> int:
    """
    Bytes that a size like `2 GiB` or `500 MB` means.

    Raises:
        ValueError: It is not a positive number with a unit.
    """
    found = _SIZE.fullmatch(text)
    factor = _FOLDED.get(found[2].lower()) if found else None
    if found is None or factor is None:
        hint = f", or did you mean {found[1]} GiB?" if found and found[2].lower() in {"", "g", "gi"} else ""
        raise ValueError(f"{text!r} is not a size: write a number and one of {', '.join(_UNITS)}, as in '2 GiB'{hint}")
    size = int(float(found[1]) * factor)
    if size <= 0:
        raise ValueError(f"{text!r} is no room at all: write a size above 0, as in '2 GiB'")
    return size


def _refuse_negative(values: Struct, *names: str) -> None:
    for name in names:
        value = getattr(values, name)
        if value is not None and not 0 <= value < float("inf"):
            raise ValueError(f"{name} = {value:g} makes no sense: write a number that is not negative")


class LintConfiguration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[tool.proofbook.lint]`."""

    select: list[str] = []
    """Codes or prefixes to run, ruff's among them; empty means every rule that is on by default."""
    ignore: list[str] = []
    python: list[str] | None = None
    """Codes or prefixes that ruff is asked for; empty: ruff is not run. Left out: its own configuration, or a few."""
    baseline: str = ".proofbook-baseline.json"
    """File with the findings that are known, relative to the project; read where it exists."""
    commit_outputs: bool = False
    """Set where outputs are meant to be committed: the rules that speak of them (PB101 to PB105) are then stricter."""
    cell_lines: int = 60
    """Lines of code above which PB802 calls a cell long."""
    notebook_cells: int = 60
    """Code cells above which PB802 calls a notebook long."""
    output_size: str = "1 MB"
    """What one cell may show before PB806 calls it too large."""

    def __post_init__(self) -> None:
        size_in_bytes(self.output_size)
        for name in ("cell_lines", "notebook_cells"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} = {getattr(self, name)} makes no sense: write a number above 0")

    @property
    def output_bytes(self) -> int:
        """`output_size` in bytes."""
        return size_in_bytes(self.output_size)


class RuleConfiguration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[tool.proofbook.gate.rules.NAME]`: takes the place of what a notebook declared, option by option."""

    better: Literal["higher", "lower"] | None = None
    margin: float | None = None
    floor: float | None = None
    ceiling: float | None = None
    tolerance: float | None = None
    noise: float | None = None
    exact: bool | None = None
    superiority: bool | None = None
    informs: bool | None = None

    def __post_init__(self) -> None:
        _refuse_negative(self, "margin", "tolerance", "noise")
        for name in ("floor", "ceiling"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise ValueError(f"{name} = {value:g} is no bound: write a finite number, or leave it out")
        if self.floor is not None and self.ceiling is not None and self.floor > self.ceiling:
            raise ValueError(f"floor = {self.floor:g} is above ceiling = {self.ceiling:g}")
        against = [name for name in ("better", "margin", "tolerance", "superiority") if getattr(self, name)]
        if self.exact and against:
            raise ValueError(f"exact = true allows no difference, so {against[0]} contradicts it: drop one")


class GateConfiguration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[tool.proofbook.gate]`."""

    channel: str = "production"
    strict: bool = False
    """`review` ends in exit code 4 as well."""
    rules: dict[str, RuleConfiguration] = {}
    """Record, glob, or `task/record`, to what holds whatever the notebook declares. A name wins over any glob."""
    false_alarms: str = "1 per quarter"
    """How often the gate may say no to a run in which nothing has become worse: a number per day, week ... year."""
    schedule: str = ""
    """How often the pipeline runs: `1 per day`; empty: as the recorded runs tell, else once a day."""
    cause: Literal["regression", "always", "never"] = "regression"
    """When production is replayed to find out why records changed."""
    cause_budget: float = 600.0
    """Seconds that these replays may take."""
    data_parameters: list[str] = []
    """Parameters that say which data are read (`as_of` ...): a change of theirs is a change of the data."""
    seed_parameters: list[str] = []
    """Parameters that seed random numbers, beside those whose name says so (`seed`, `random_state`, `model_seed`)."""
    policy: str = ""
    """File with the rules of release, relative to the pipeline; empty: `policy.toml`, if there is one."""
    contracts: str = "contracts"
    """Folder with the contracts of data files, relative to the pipeline."""

    def __post_init__(self) -> None:
        _refuse_negative(self, "cause_budget")


class Retry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[tool.proofbook.retry]`, or `retry` of one task: what is tried again. All else that fails stays failed."""

    attempts: int = 2
    """How often in all. A kernel that was lost (killed by the system, crashed) is always worth another attempt."""
    wait: float = 1.0
    """Seconds before the second attempt; each later wait is twice the one before."""
    errors: list[str] = []
    """
    Exceptions that pass by themselves, by class name: `ConnectionError`, `TimeoutError` ...

    A dotted name matches exactly where the full name is known, else by its last part.
    """

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError(f"attempts = {self.attempts} makes no sense: 1 means that nothing is tried again")
        _refuse_negative(self, "wait")


class TaskConfiguration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[tool.proofbook.tasks.NAME]`, where NAME may be a glob (`"train_*"`). What is not said here is said for all."""

    cell_timeout: float | None = None
    """Seconds that one cell may take; 0: as long as it likes."""
    task_timeout: float | None = None
    """Seconds that the task may take; 0: as long as it likes."""
    memory: str | None = None
    """`2 GiB`: set aside for the task, and the limit at which it is ended."""
    cpu: float | None = None
    """How many of the workers it counts for; 1 where nothing is said. One that asks for more than there are has all."""
    gpu: int | None = None
    """How many GPUs it has for itself, by `CUDA_VISIBLE_DEVICES`."""
    retry: Retry | None = None

    def __post_init__(self) -> None:
        _refuse_negative(self, "cell_timeout", "task_timeout", "cpu", "gpu")
        if self.memory is not None:
            size_in_bytes(self.memory)

    @property
    def memory_bytes(self) -> int | None:
        """The memory limit in bytes; None: no limit."""
        return None if self.memory is None else size_in_bytes(self.memory)


class Configuration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of it."""

    workers: int = 0
    """Tasks that run at once; 0 means one for each core."""
    cell_timeout: float | None = None
    """Seconds that one cell may take."""
    task_timeout: float | None = None
    """Seconds that one task may take."""
    run_timeout: float | None = None
    """Seconds that a whole build may take: what runs then is stopped, what has not started is skipped."""
    on_failure: Literal["finish", "stop"] = "finish"
    """`finish`: what does not depend on the failed task still runs. `stop`: what runs may end, nothing new starts."""
    kernels: Literal["warm", "cold"] = "warm"
    """`warm`: forked from a process that has imported what the notebooks import. `cold`: each starts from nothing."""
    preload_memory: str = "1 GiB"
    """How much memory the modules may take that are imported ahead."""
    gpus: int | None = None
    """How many GPUs there are to share out; by default those that the machine shows."""
    lock_wait: float = 600.0
    """Seconds that a second build waits for the first."""
    report: str = "output/report"
    """Folder in which the newest report is written, relative to the pipeline."""
    data: dict[str, list[str]] = {}
    """Task to the files it reads that no task writes: paths or globs, relative to the pipeline."""
    retry: Retry = field(default_factory=Retry)
    tasks: dict[str, TaskConfiguration] = {}
    """Name of a task, or glob, to what is particular to it. Later globs win over earlier ones, a name over any glob."""
    lint: LintConfiguration = field(default_factory=LintConfiguration)
    gate: GateConfiguration = field(default_factory=GateConfiguration)

    def __post_init__(self) -> None:
        size_in_bytes(self.preload_memory)
        _refuse_negative(self, "workers", "cell_timeout", "task_timeout", "run_timeout", "gpus")
        for task, globs in self.data.items():
            for glob in globs:
                stars = any("**" in part and part != "**" for part in glob.split("/"))
                if not glob.strip("./") or glob.startswith("/") or stars:
                    raise ValueError(f"data.{task}: {glob!r} is no path or glob relative to the pipeline")

    @property
    def preload_bytes(self) -> int:
        """The budget of `preload_memory`, in bytes."""
        return size_in_bytes(self.preload_memory)

    def task(self, name: str) -> TaskConfiguration:
        """What holds for one task: nothing is left open but limits that do not exist."""
        said: dict[str, Any] = {
            "cell_timeout": self.cell_timeout,
            "task_timeout": self.task_timeout,
            "cpu": 1.0,
            "gpu": 0,
            "retry": self.retry,
        }
        matching = [own for pattern, own in self.tasks.items() if pattern != name and fnmatchcase(name, pattern)]
        matching += [self.tasks[name]] if name in self.tasks else []
        for own in matching:
            said |= {key: value for key, value in msgspec.structs.asdict(own).items() if value is not None}
        # 0 is how a task takes back a limit that holds for all
        said |= {key: said[key] or None for key in ("cell_timeout", "task_timeout")}
        return TaskConfiguration(**said)
