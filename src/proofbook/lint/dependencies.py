"""
Which packages a project declares that it needs: in pyproject.toml, requirements, environment.yml, setup.cfg, setup.py.

All are read together, as far as they can be read without running anything. Names are normalised as PEP 503 says.
"""

import ast
import configparser
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from proofbook.lint.declaration_files import ENVIRONMENT, LOCKS, REQUIREMENTS, is_one
from proofbook.lint.looked import look, remembered

__all__ = ["Declarations", "declarations", "normalised"]

_LARGEST = 1024 * 1024
_DEEPEST = 5
_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(?P<version>[^;#]*)"
)
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")


class Declarations(Struct, frozen=True, kw_only=True):
    """What is declared for the notebooks of one folder."""

    packages: Mapping[str, bool] = {}
    """Package to whether a version is asked for anywhere."""
    files: tuple[str, ...] = ()
    """Names of the files that declare them, the nearest first."""
    own: frozenset[str] = frozenset()
    """The project's own package."""
    locked: bool = False
    """There is a file that fixes every version."""
    whole: bool = True
    """False where packages are declared in a way that cannot be read without running it."""


def normalised(name: str) -> str:
    """A package's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declarations(notebook: Path, *, folder: Path) -> Declarations:
    """
    What the folders around `notebook` declare: up to that of the repository, and where there is none, of the project.

    Args:
        notebook: Absolute path of the notebook.
        folder: The project's folder. A notebook elsewhere belongs to the first folder that declares a package.
    """
    start, top = notebook.parent, folder.absolute()
    places = [start, *start.parents]
    repository = next((index for index, place in enumerate(places) if _is_repository(place)), None)
    if repository is None and start.is_relative_to(top):
        repository = places.index(top)
    if repository is not None:
        return _together(_of_folder(place) for place in places[: repository + 1])
    found = []
    for place in places:
        found.append(_of_folder(place))
        if found[-1].own:
            return _together(found)
    return Declarations()


def _is_repository(folder: Path) -> bool:
    look(folder / ".git")
    return (folder / ".git").exists()


@remembered
def _of_folder(folder: Path) -> Declarations:
    look(folder)
    try:
        # whoever watches what a build looks at counts these names only: see `flow.observed`
        names = sorted(entry.name for entry in os.scandir(folder) if is_one(entry.name) and entry.is_file())
    except OSError:
        return Declarations()
    found = [_of_file(folder / name, 0) for name in names]
    locked = bool(LOCKS & set(names))
    return _together([*(one for one in found if one is not None), Declarations(locked=locked)])


def _together(found: Iterable[Declarations]) -> Declarations:
    packages: dict[str, bool] = {}
    known = list(found)
    for one in known:
        for name, versioned in one.packages.items():
            packages[name] = packages.get(name, False) or versioned
    return Declarations(
        packages=packages,
        files=tuple(dict.fromkeys(file for one in known for file in one.files)),
        own=frozenset().union(*(one.own for one in known)),
        locked=any(one.locked for one in known),
        whole=all(one.whole for one in known),
    )


def _of_file(path: Path, depth: int) -> Declarations | None:
    name = path.name
    reader = {"pyproject.toml": _pyproject, "setup.cfg": _setup_cfg, "setup.py": _setup_py, "Pipfile": _pipfile}.get(
        name
    )
    requirements = REQUIREMENTS.fullmatch(name) is not None or (depth > 0 and path.suffix in {".txt", ".in"})
    if reader is None and not requirements and not ENVIRONMENT.fullmatch(name):
        return None
    look(path)
    try:
        text = path.read_text("utf-8") if path.stat().st_size < _LARGEST else ""
    except (OSError, ValueError):
        return Declarations(whole=False)
    try:
        if reader is not None:
            return reader(text, path)
        if requirements:
            return _requirements(text, path, depth)
        return _environment(text, path)
    except (ValueError, TypeError, AttributeError, configparser.Error, RecursionError):
        return Declarations(files=(name,), whole=False)


def _listed(entries: Iterable[str], *, file: str, own: str = "", whole: bool = True) -> Declarations:
    packages: dict[str, bool] = {}
    for entry in entries:
        found = _REQUIREMENT.match(entry.strip())
        if found is not None:
            name = normalised(found["name"])
            packages[name] = packages.get(name, False) or bool(found["version"].strip())
    names = frozenset({own.replace("-", "_").lower()} if own else ())
    return Declarations(packages=packages, files=(file,) if packages else (), own=names, whole=whole)


def _requirements(text: str, path: Path, depth: int) -> Declarations:
    entries: list[str] = []
    others: list[Declarations] = []
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        entry = line.split(" #")[0].strip()
        egg = _EGG.search(entry)
        if egg is not None:
            entries.append(f"{egg[1]} @ it")
        elif entry.startswith(("-r", "--requirement")) and depth < _DEEPEST:
            other = _of_file(
                path.parent / entry.removeprefix("--requirement").removeprefix("-r").lstrip("= "), depth + 1
            )
            others += [other] if other is not None else []
        elif entry and not entry.startswith(("#", "-", ".", "/")) and "://" not in entry.split("@")[0]:
            entries.append(entry.split(" --")[0])
    return _together([_listed(entries, file=path.name), *others])


def _pyproject(text: str, path: Path) -> Declarations:
    table = tomllib.loads(text)
    project, tools = table.get("project", {}), table.get("tool", {})
    entries: list[str] = [*project.get("dependencies", [])]
    for extra in project.get("optional-dependencies", {}).values():
        entries += extra
    for group in table.get("dependency-groups", {}).values():
        entries += [entry for entry in group if isinstance(entry, str)]
    entries += tools.get("uv", {}).get("dev-dependencies", [])
    for group in tools.get("pdm", {}).get("dev-dependencies", {}).values():
        entries += group
    for environment in tools.get("hatch", {}).get("envs", {}).values():
        entries += [*environment.get("dependencies", []), *environment.get("extra-dependencies", [])]
    for named in (*_poetry(tools.get("poetry", {})), *_pixi(tools.get("pixi", {}))):
        entries += _of_table(named)
    dynamic = "dependencies" in project.get("dynamic", [])
    read = tools.get("setuptools", {}).get("dynamic", {}).get("dependencies", {}).get("file")
    files = [read] if isinstance(read, str) else read or []
    others = [_of_file(path.parent / name, 1) for name in files]
    own = project.get("name") or tools.get("poetry", {}).get("name") or ""
    found = _listed(entries, file=path.name, own=own, whole=not dynamic or bool(files))
    return _together([found, *(one for one in others if one is not None)])


def _poetry(tool: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield tool.get("dependencies", {})
    yield tool.get("dev-dependencies", {})
    yield from (group.get("dependencies", {}) for group in tool.get("group", {}).values())


def _pixi(tool: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for part in (tool, *tool.get("feature", {}).values()):
        yield part.get("dependencies", {})
        yield part.get("pypi-dependencies", {})


def _of_table(table: Mapping[str, Any]) -> Iterator[str]:
    """`{"polars": "^1.0"}` as requirements; `*` asks for no version."""
    for name, wanted in table.items():
        version = wanted.get("version", "from elsewhere") if isinstance(wanted, dict) else str(wanted)
        yield name if version == "*" else f"{name} {version}"


def _pipfile(text: str, path: Path) -> Declarations:
    table = tomllib.loads(text)
    return _listed([*_of_table(table.get("packages", {})), *_of_table(table.get("dev-packages", {}))], file=path.name)


def _setup_cfg(text: str, path: Path) -> Declarations:
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    entries = parser.get("options", "install_requires", fallback="").splitlines()
    if parser.has_section("options.extras_require"):
        entries += [line for _, lines in parser.items("options.extras_require") for line in lines.splitlines()]
    own = parser.get("metadata", "name", fallback="")
    whole = not any(entry.strip().startswith(("file:", "attr:")) for entry in entries)
    return _listed(entries, file=path.name, own=own, whole=whole)


def _setup_py(text: str, path: Path) -> Declarations:
    entries: list[str] = []
    own, whole = "", True
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.keyword) or node.arg not in {"install_requires", "extras_require", "name"}:
            continue
        try:
            value = ast.literal_eval(node.value)
        except (ValueError, TypeError):
            whole = whole and node.arg == "name"
            continue
        if node.arg == "name":
            own = str(value)
        else:
            parts = [value] if node.arg == "install_requires" else list(value.values())
            entries += [entry for part in parts for entry in ([part] if isinstance(part, str) else part)]
    return _listed(entries, file=path.name, own=own, whole=whole)


def _environment(text: str, path: Path) -> Declarations:
    """An environment of conda. Its form is plain enough to be read by lines, and a YAML reader takes long to load."""
    entries: list[str] = []
    inside = False
    for line in text.splitlines():
        bare = line.split(" #")[0].strip()
        if bare and not line.startswith((" ", "-", "#", "\t")):
            inside = bare == "dependencies:"
        elif inside and bare.startswith("- ") and not bare.endswith(":"):
            entries.append(bare[2:].strip().strip("'\"").rpartition("::")[2])
    return _listed(entries, file=path.name)
