"""
Imports Ploomber, papermill, nbclient and nbformat without what they import at once and a build seldom uses.

In the block of `lean()` an import named in `_DEFERRED` gives a stand-in, and the module behind it is imported when
the stand-in is first used: called, asked for an attribute, subclassed. A pipeline that does use it (an SQL client, a
pandas product, a page made by nbconvert) finds everything as ever, and pays only then. Nothing is put into
`sys.modules`, so everybody else's imports are not touched.
"""

import builtins
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec, resolve_name
from typing import Any

__all__ = ["lean"]

_DEFERRED: Mapping[str, frozenset[str]] = {
    # the grammar of international addresses: 1.1 s, for a format that no notebook has
    "jsonschema._format": frozenset({"rfc3987_syntax"}),
    "jupytext": frozenset({"jupytext.sync_contentsmanager", "jupytext.async_contentsmanager"}),
    "papermill.iorw": frozenset({"pyarrow", "requests"}),
    "ploomber._requests": frozenset({"requests"}),
    "ploomber.clients.db": frozenset({"sqlalchemy"}),
    "ploomber.dag.dag": frozenset({"IPython", "tqdm"}),
    "ploomber.dag.plot": frozenset({"IPython"}),
    "ploomber.executors.parallel": frozenset({"tqdm"}),
    "ploomber.executors.serial": frozenset({"tqdm"}),
    "ploomber.io.file": frozenset({"pyarrow"}),
    "ploomber.io.serialize": frozenset({"cloudpickle", "joblib"}),
    "ploomber.io.unserialize": frozenset({"cloudpickle", "joblib", "pandas"}),
    "ploomber.tasks.notebook": frozenset({"nbconvert", "ploomber_engine"}),
    "ploomber.tasks.tasks": frozenset({"IPython"}),
}
"""Importing module to what it imports: a module with all that is below it."""

_GROUPS = {"papermill.engine", "papermill.io"}
_active = 0


@contextmanager
def lean() -> Iterator[None]:
    """
    Defer the imports that are named above, for modules that are imported for the first time in this block.

    Papermill's plugins are not loaded either, one of which brings matplotlib along; they are when an engine or a
    scheme is asked for that papermill itself does not have.
    """
    global _active  # noqa: PLW0603 - the state is that of the interpreter's one import function
    if _active:
        yield
        return
    import entrypoints  # type: ignore[import-untyped]

    search, imported, before = entrypoints.get_group_all, builtins.__import__, set(sys.modules)
    entrypoints.get_group_all = lambda group, *given, **named: (
        [] if group in _GROUPS else search(group, *given, **named)
    )
    builtins.__import__ = _importing(imported)
    _active += 1
    try:
        yield
    finally:
        _active -= 1
        builtins.__import__ = imported
        entrypoints.get_group_all = search
        _plug_later(before)


def _importing(original: Any) -> Any:
    def importing(
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - that is what the argument is called
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        deferred = _DEFERRED.get(globals.get("__name__", "")) if globals else None
        if deferred and globals:
            full = resolve_name("." * level + name, globals["__package__"]) if level else name
            if _stands_in(full, deferred):
                return _Deferred(globals, full if fromlist else full.partition(".")[0], ())
        return original(name, globals, locals, fromlist, level)

    return importing


def _stands_in(name: str, deferred: frozenset[str]) -> bool:
    """Whether an import of `name` is put off: not where that costs nothing, nor where it would fail."""
    found = next((one for one in deferred if name == one or name.startswith(f"{one}.")), None)
    return found is not None and name not in sys.modules and find_spec(found) is not None


class _Deferred:
    """Stands in for a module, or for what is in it, in the namespace of the one who imported it."""

    __slots__ = ("__importer", "__module", "__names")

    def __init__(self, importer: Any, module: str, names: tuple[str, ...]) -> None:
        self.__importer = importer
        self.__module = module
        self.__names = names

    def __resolve(self) -> Any:
        found: Any = import_module(self.__module)
        path = self.__module
        for name in self.__names:
            path = f"{path}.{name}"
            found = getattr(found, name) if hasattr(found, name) else import_module(path)
        return found

    def __take(self) -> Any:
        """The real thing; from now on the importer has the real ones in place of all its stand-ins for that package."""
        package = self.__package()
        for name, value in list(self.__importer.items()):
            if isinstance(value, _Deferred) and value.__package() == package:  # noqa: SLF001 - one of the same class
                self.__importer[name] = value.__resolve()  # noqa: SLF001
        return self.__resolve()

    def __package(self) -> str:
        return self.__module.partition(".")[0]

    def __getattr__(self, name: str) -> Any:
        # while modules are being imported, `from` asks for names: that uses nothing yet
        if _active and not name.startswith("__"):
            return _Deferred(self.__importer, self.__module, (*self.__names, name))
        if _active:
            raise AttributeError(name)
        return getattr(self.__take(), name)

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self.__take()(*given, **named)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[Any, ...]:
        return (self.__take(),)

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self.__take())

    def __subclasscheck__(self, subclass: type) -> bool:
        return issubclass(subclass, self.__take())

    def __repr__(self) -> str:
        return f"<{'.'.join([self.__module, *self.__names])}, imported when it is used>"


def _plug_later(before: set[str]) -> None:
    """Let papermill's registries load plugins when something is asked for that they do not have."""
    for module, registry, ask, known in (
        ("papermill.engines", "papermill_engines", "get_engine", lambda found, name: name in vars(found)["_engines"]),
        ("papermill.iorw", "papermill_io", "get_handler", lambda _, path: "://" not in str(path)),
    ):
        if module in sys.modules and module not in before:
            found = getattr(sys.modules[module], registry)
            setattr(found, ask, _asking(found, ask, known))


def _asking(registry: Any, ask: str, known: Callable[[Any, Any], bool]) -> Any:
    answer = getattr(registry, ask)

    def asking(name: Any = None, *given: Any, **named: Any) -> Any:
        if not known(registry, name) and vars(registry).pop(ask, None) is not None:
            registry.register_entry_points()
        return answer(name, *given, **named)

    return asking
