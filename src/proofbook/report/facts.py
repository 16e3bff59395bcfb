"""What a run was made from, production's beside it where that was something else."""

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace

from proofbook.model.run import Run
from proofbook.report import words
from proofbook.report.sources import Sources

__all__ = ["Fact", "Patch", "code", "data", "environment", "packages", "parameters", "patch", "products"]


class Fact(Struct, frozen=True, kw_only=True):
    """A name, its value, and production's value where it is another one."""

    name: str
    value: str
    production: str | None = None
    state: str = ""
    """`changed`, `new`, `gone`, or empty."""
    digest: bool = False
    extra: str = ""


class Patch(Struct, frozen=True, kw_only=True):
    """What was not committed: its text, or why that cannot be had."""

    digest: str
    content: Markup | None
    remark: str = ""


def parameters(run: Run, production: Run | None) -> tuple[Fact, ...]:
    """The pipeline's parameters."""
    return _beside(run.parameters, production.parameters if production else None, show=words.parameter)


def data(run: Run, production: Run | None) -> tuple[Fact, ...]:
    """Declared data files by content."""
    return _beside(run.data, production.data if production else None, show=str, digest=True)


def packages(run: Run, production: Run | None) -> tuple[Fact, ...]:
    """Installed distributions."""
    return _beside(run.environment.packages, production.environment.packages if production else None, show=words.value)


def environment(run: Run, production: Run | None) -> tuple[Fact, ...]:
    """Python, system, processors, lock file."""
    found = _beside(_environment(run), _environment(production) if production else None, show=str)
    return tuple(_shortened(fact, "Lock file", known=run.environment.lock is not None) for fact in found)


def code(run: Run, production: Run | None) -> tuple[Fact, ...]:
    """The state of version control."""
    found = _beside(_code(run), _code(production) if production else None, show=str)
    return tuple(_shortened(fact, "Commit", known=run.code.commit is not None) for fact in found)


def patch(run: Run, *, sources: Sources) -> Patch | None:
    """The uncommitted difference, where there was one."""
    if run.code.patch is None:
        return None
    content = sources.source(run.code.patch, "diff")
    if isinstance(content, Markup):
        return Patch(digest=run.code.patch, content=content)
    return Patch(digest=run.code.patch, content=None, remark=content)


def products(run: Run) -> tuple[Fact, ...]:
    """Every file that a task wrote."""
    return tuple(
        Fact(name=product.path, value=product.digest, digest=True, extra=f"{task.name} · {words.size(product.size)}")
        for task in run.tasks
        for product in task.products.values()
    )


def _environment(run: Run) -> dict[str, str]:
    known = run.environment
    return {
        "Python": known.python or "unknown",
        "System": known.system or "unknown",
        "Processors": str(known.cpus) if known.cpus else "unknown",
        "Lock file": known.lock or "not there",
    }


def _code(run: Run) -> dict[str, str]:
    known = run.code
    if known.commit is None:
        return {"Commit": "not under version control"}
    return {
        "Commit": known.commit,
        "Branch": known.branch or "none",
        "Working tree": "with uncommitted changes" if known.dirty else "clean",
    }


def _beside(
    here: Mapping[str, Any], there: Mapping[str, Any] | None, *, show: Callable[[Any], str], digest: bool = False
) -> tuple[Fact, ...]:
    """One fact a name; names that only production knows come last."""
    found = []
    for name, item in here.items():
        fact = Fact(name=name, value=show(item), digest=digest)
        if there is not None and name not in there:
            fact = replace(fact, state="new")
        elif there is not None and there[name] != item:
            fact = replace(fact, state="changed", production=show(there[name]))
        found.append(fact)
    gone = {name: item for name, item in (there or {}).items() if name not in here}
    found += [
        Fact(name=name, value="", production=show(item), state="gone", digest=digest) for name, item in gone.items()
    ]
    return tuple(found)


def _shortened(fact: Fact, name: str, *, known: bool) -> Fact:
    """The fact called `name` is a digest, of which the beginning is enough."""
    return replace(fact, digest=True) if known and fact.name == name else fact
