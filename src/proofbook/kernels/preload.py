"""What a template imports: what it saves, what it costs, and what must never be forked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["NEVER", "Choice", "Cost", "choose", "never"]

NEVER = {
    "polars": "its thread pool does not survive a fork",
    "jax": "it is multithreaded and warns that a fork deadlocks",
    "jaxlib": "it is multithreaded, a fork deadlocks",
    "tensorflow": "its threads do not survive a fork",
    "keras": "it loads TensorFlow, JAX or PyTorch",
    "grpc": "its threads and file descriptors do not survive a fork",
    "torch": "its thread pools, and CUDA once initialised, do not survive a fork",
    "torchvision": "it loads PyTorch",
    "torchaudio": "it loads PyTorch",
    "lightning": "it loads PyTorch",
    "transformers": "it loads PyTorch or TensorFlow",
    "cupy": "CUDA does not survive a fork",
    "cudf": "CUDA does not survive a fork",
    "numba.cuda": "CUDA does not survive a fork",
    "pyspark": "its gateway belongs to one process",
    "ray": "it starts processes and threads",
    "dask.distributed": "it starts threads",
    "distributed": "it starts threads",
    "duckdb": "its threads do not survive a fork",
    "pymongo": "its clients do not survive a fork",
    "google.cloud": "it loads grpc",
    "vaex": "its thread pool does not survive a fork",
    "mxnet": "its engine's threads do not survive a fork",
    "onnxruntime": "its thread pools do not survive a fork",
}
"""Modules that are known to break in a forked process, each with the reason."""


@dataclass(frozen=True)
class Cost:
    """What importing a module took: seconds, and bytes of memory."""

    seconds: float
    bytes: int


@dataclass(frozen=True)
class Choice:
    """The modules to import, in that order, and those that are left out, each with the reason."""

    modules: tuple[str, ...]
    refused: dict[str, str]


_UNKNOWN_BYTES = 20 << 20
_UNKNOWN_SECONDS = 0.1
"""What a module counts for that nobody has measured yet."""
_WORTH_IT = 0.005
"""Seconds, over all tasks, below which it is not worth a line."""


def choose(
    history: Mapping[str, Mapping[str, float]],
    guess: Iterable[str] = (),
    *,
    budget_bytes: int,
    costs: Mapping[str, Cost] | None = None,
) -> Choice:
    """
    Choose what is worth importing ahead: most seconds saved for the memory first, as far as the budget goes.

    Args:
        history: Task to the modules that its last run imported, with the seconds each took; 0 where that is not known.
        guess: Modules that tasks without history seem to import; they count as one task more.
        budget_bytes: How much memory all of it may take.
        costs: What modules took when a template imported them, as far as known.
    """
    costs = costs or {}
    tasks: dict[str, int] = {}
    seconds: dict[str, float] = {}
    for imported in [*history.values(), dict.fromkeys(guess, 0.0)]:
        for module, took in imported.items():
            tasks[module] = tasks.get(module, 0) + 1
            seconds[module] = max(seconds.get(module, 0.0), took)
    refused = {module: why for module in sorted(tasks) if (why := never(module))}
    saved = {module: _seconds(module, seconds[module], costs) * tasks[module] for module in tasks}
    left, chosen = budget_bytes, []
    for module in sorted(set(tasks) - set(refused), key=lambda name: (-saved[name] / _bytes(name, costs), name)):
        if saved[module] < _WORTH_IT:
            continue
        if _bytes(module, costs) > left:
            refused[module] = f"it takes {_bytes(module, costs) >> 20} MiB, and the budget has {left >> 20} MiB left"
            continue
        left -= _bytes(module, costs)
        chosen.append(module)
    # a package before its parts, what most tasks need before the rest; and always alike, so that costs compare
    return Choice(
        tuple(sorted(chosen, key=lambda name: (-tasks.get(name.partition(".")[0], tasks[name]), name))), refused
    )


def never(module: str) -> str:
    """Why a module must not be preloaded; empty when nothing is known against it."""
    parts = module.split(".")
    return next((NEVER[name] for end in range(len(parts), 0, -1) if (name := ".".join(parts[:end])) in NEVER), "")


def _seconds(module: str, took: float, costs: Mapping[str, Cost]) -> float:
    # in a kernel that was forked from a template with the module, importing it takes nothing
    known = costs.get(module)
    return max(took, known.seconds if known else 0.0 if took else _UNKNOWN_SECONDS)


def _bytes(module: str, costs: Mapping[str, Cost]) -> int:
    known = costs.get(module)
    return max(1, known.bytes) if known else _UNKNOWN_BYTES
