"""
Which notebooks there are: those of `pipeline.yaml`, or those below a folder.

`pipeline.yaml` is only read, as plain YAML: nothing that it names is imported or run.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from msgspec import Struct

from proofbook.analyze import scripts
from proofbook.exceptions import PipelineError
from proofbook.lint.declared import ONLY, Declared, Products
from proofbook.lint.rule import IMPLICIT

__all__ = ["Sources", "notebooks", "pipeline_sources"]

_SUFFIXES = {".ipynb", *scripts.SUFFIXES}
_FILES = {*_SUFFIXES, ".sql", ".sh"}
_SKIPPED = {"__pycache__", "node_modules", "site-packages", "venv"}
_PLACEHOLDER = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
_LARGEST = 4 * 1024 * 1024
"""Bytes of a pipeline.yaml, and of a script that is searched for what makes it a notebook."""


class Sources(Struct, frozen=True, kw_only=True):
    """The notebooks of a pipeline, and what it writes. Paths are relative to its root, with `/`."""

    injected: dict[str, frozenset[str]] = {}
    """Notebook to the names that the pipeline defines in it."""
    products: frozenset[str] = frozenset()
    declared: dict[str, Declared] = {}
    """Notebook to what the pipeline declares of its task, where that is plain."""


def pipeline_sources(root: Path) -> Sources | None:
    """
    The notebooks of the `pipeline.yaml` in `root`; None where there is none.

    Raises:
        PipelineError: It is not YAML, or not a pipeline.
    """
    path = root / "pipeline.yaml"
    if not path.is_file():
        return None
    document = _load(path)
    tasks = document.get("tasks") if isinstance(document, dict) else None
    if not isinstance(tasks, list):
        raise PipelineError("pipeline.yaml has no list `tasks`; is it Ploomber's?")
    tasks += _imported(document, root=root)
    known = _environment(root)
    injected: dict[str, frozenset[str]] = {}
    products: set[str] = set()
    for task in tasks:
        if not isinstance(task, dict):
            continue
        params = task.get("params")
        names = IMPLICIT | {key for key in params if isinstance(key, str)} if isinstance(params, dict) else IMPLICIT
        for source in _sources(task, root=root, known=known):
            injected[source] = injected.get(source, frozenset()) | names
        products.update(_products(task, known=known))
    declared = _declared(document, root=root, known=known)
    return Sources(injected=injected, products=frozenset(products), declared=declared)


def notebooks(paths: Sequence[Path], *, root: Path, sources: Sources | None = None) -> tuple[Path, ...]:
    """
    The notebooks that `paths` mean, each once: a file is itself, a folder is what lies below it.

    Without `paths`: the notebooks of the pipeline; without a pipeline all `.ipynb` below `root`.
    In a folder a script counts where it has jupytext's header or a parameters cell. A Markdown file counts only with
    that header, also where it is named. Hidden folders, environments and the folders that the pipeline writes to are
    passed over.
    """
    if not paths:
        if sources is not None:
            return tuple(root / source for source in sources.injected)
        return tuple(path for path in _below(root, root=root, sources=None) if path.suffix == ".ipynb")
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found |= dict.fromkeys(_below(path, root=root, sources=sources))
        elif path.suffix not in scripts.MARKDOWN or _is_notebook(path):
            found.setdefault(path)
    return tuple(found)


def passed_over(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Of files that are named, those that are no notebooks: Markdown without jupytext's header."""
    return tuple(
        path for path in paths if path.suffix in scripts.MARKDOWN and not path.is_dir() and not _is_notebook(path)
    )


def _below(folder: Path, *, root: Path, sources: Sources | None) -> Iterator[Path]:
    files, folders = _written(root, sources)
    for current, names, entries in os.walk(folder):
        here = Path(current)
        names[:] = sorted(
            name
            for name in names
            if not name.startswith(".")
            and name not in _SKIPPED
            and not (here / name / "pyvenv.cfg").exists()
            and not (folders and _real(here / name) in folders)
        )
        for entry in sorted(entries):
            path = here / entry
            if path.suffix not in _SUFFIXES or entry.startswith(".") or (files and _real(path) in files):
                continue
            if path.suffix == ".ipynb" or _is_notebook(path):
                yield path


def _written(root: Path, sources: Sources | None) -> tuple[frozenset[Path], frozenset[Path]]:
    """Files that the pipeline writes, and folders that hold nothing but what it writes."""
    if sources is None:
        return frozenset(), frozenset()
    files = {_real(root / product) for product in sources.products}
    holding = [_real(root / source) for source in sources.injected] + [_real(root)]
    folders = {file.parent for file in files} | files
    return frozenset(files), frozenset(
        folder for folder in folders if not any(held.is_relative_to(folder) for held in holding)
    )


def _real(path: Path) -> Path:
    """Where links lead; unlike `resolve` also where they lead in a circle."""
    return Path(os.path.realpath(path))


def _is_notebook(path: Path) -> bool:
    """Whether a script or Markdown file is one."""
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return False
        return scripts.is_notebook(path.read_bytes().decode("utf-8", "replace"), suffix=path.suffix)
    except OSError:
        return False


def _imported(document: dict[str, Any], *, root: Path) -> list[Any]:
    """The tasks of the file that `import_tasks_from` names."""
    meta = document.get("meta")
    named = meta.get("import_tasks_from") if isinstance(meta, dict) else None
    path = root / named if isinstance(named, str) else None
    imported = _load(path) if path is not None and path.is_file() else None
    return imported if isinstance(imported, list) else []


def _load(path: Path) -> Any:
    from ruamel.yaml import YAML  # a tenth of a second, and only a pipeline needs it
    from ruamel.yaml.error import YAMLError

    try:
        if path.stat().st_size > _LARGEST:
            raise PipelineError(f"{path.name} is larger than {_LARGEST // 1024 // 1024} MB; is it a pipeline?")
        return YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (YAMLError, ValueError, RecursionError) as error:
        # ruamel speaks over many lines; the first says what, `line n` says where
        told = str(error).strip().splitlines() or ["not YAML"]
        where = re.search(r"line (\d+)", str(error))
        raise PipelineError(f"{path.name} cannot be read: {told[0]}{f' (line {where[1]})' if where else ''}") from None
    except OSError as error:
        raise PipelineError(f"{path.name} cannot be read: {error.strerror}") from None


def _environment(root: Path) -> dict[str, str]:
    """What `{{name}}` stands for, as far as that is plain text."""
    path = root / "env.yaml"
    values = _load(path) if path.is_file() else {}
    known = {"root": ".", "here": ".", "cwd": "."}
    if isinstance(values, dict):
        known |= {key: str(value) for key, value in values.items() if isinstance(value, str | int | float)}
    return known


def _expand(text: str, known: dict[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: known.get(match[1], match[0]), text)


def _sources(task: dict[str, Any], *, root: Path, known: dict[str, str]) -> Iterator[str]:
    source = task.get("source")
    if not isinstance(source, str):
        return
    source = _expand(source, known)
    path = PurePosixPath(source)
    if path.suffix not in _SUFFIXES or "{{" in source:
        return
    if "*" in source and not path.is_absolute():
        yield from sorted(found.relative_to(root).as_posix() for found in root.glob(source))
    elif path.suffix == ".ipynb" or isinstance(task.get("product"), dict) or _is_notebook(root / path):
        yield path.as_posix()


def _products(task: dict[str, Any], *, known: dict[str, str]) -> Iterator[str]:
    product = task.get("product")
    for value in product.values() if isinstance(product, dict) else [product]:
        if not isinstance(value, str):
            continue
        expanded = _expand(value, known)
        # a part that is not known here ends the path: what lies before it is still written to
        known_part = expanded.split("{{", 1)[0]
        path = PurePosixPath(known_part if known_part == expanded else known_part.rpartition("/")[0])
        if path.parts:
            yield path.as_posix()


def _declared(document: dict[str, Any], *, root: Path, known: dict[str, str]) -> dict[str, Declared]:
    """Notebook to what is declared of its task; not where one stands for several tasks."""
    given = document.get("meta")
    meta = given if isinstance(given, dict) else {}
    extracted = bool(meta.get("extract_upstream", True))
    tasks: dict[str, Products | None] = {}
    found: dict[str, list[Declared]] = {}
    for task in document["tasks"]:
        if not isinstance(task, dict) or not isinstance(task.get("source"), str):
            continue
        name = str(task.get("name") or _stem(task["source"]))
        sources = list(_sources(task, root=root, known=known))
        from_notebook = bool(sources) and bool(meta.get("extract_product", False))
        tasks[name] = None if from_notebook or name in tasks else _declared_products(task.get("product"), known=known)
        upstream = task.get("upstream")
        declared = Declared(
            name=name,
            upstream=tuple(map(str, upstream)) if isinstance(upstream, list) else (str(upstream),) if upstream else (),
            extracted=extracted,
            notebook=str(task.get("nb_product_key") or "nb"),
            kernel=str(task.get("kernelspec_name") or ""),
            tasks=tasks,
        )
        for source in sources:
            # a grid or a pattern makes several tasks of one
            plain = len(sources) == 1 and not task.get("grid")
            found.setdefault(source, []).extend([declared] if plain else [declared, declared])
    return {source: said[0] for source, said in found.items() if len(said) == 1}


def _stem(source: str) -> str:
    """As Ploomber names a task that does not name itself: after its file or function."""
    path = PurePosixPath(source)
    return path.stem if "/" in source or path.suffix in _FILES else source.rpartition(".")[2]


def _declared_products(product: Any, *, known: dict[str, str]) -> Products | None:
    if isinstance(product, str):
        product = {ONLY: product}
    if not isinstance(product, dict) or not all(isinstance(value, str) for value in product.values()):
        return None
    return {str(key): _path(_expand(value, known)) for key, value in product.items()}


def _path(text: str) -> str | None:
    """A path in its shortest form; None where a placeholder of the pipeline or of a grid leaves it open."""
    return None if "{{" in text or "[[" in text else os.path.normpath(text).replace("\\", "/")
