"""Python and the installed distributions."""

from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from proofbook.flow.doctor.finding import Place, Said

__all__ = ["lock", "papermill_plugins", "ploomber_plot", "python", "requirements", "scrapbook_tables"]

_PYTHONS = ((3, 11), (3, 13))
_EXPECTED_PLUGINS = {"papermill", "proofbook", "ploomber-engine"}
"""Ploomber cannot do without its engine."""
_SHOWN = 4
_LOCKS = ("requirements.lock", "requirements.txt")
"""Lock files that are lists of `name==version`."""


def python(place: Place) -> Said:
    """A Python that the pinned packages were tested with."""
    version = ".".join(map(str, place.python))
    first, last = (".".join(map(str, bound)) for bound in _PYTHONS)
    if not _PYTHONS[0] <= place.python <= _PYTHONS[1]:
        return "problem", f"Python {version}; Proofbook is tested with {first} to {last}", f"use Python {last}"
    return "ok", f"Python {version}", ""


def requirements(place: Place) -> Said:  # noqa: ARG001
    """What Proofbook needs, in the versions that it needs: some parts are pinned because we touch their insides."""
    try:
        needed = [Requirement(text) for text in metadata.requires("proofbook") or ()]
    except metadata.PackageNotFoundError:
        return "problem", "Proofbook runs from a folder and is not installed", "pip install -e ."
    wrong = []
    for requirement in needed:
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        found = _version(requirement.name)
        if found is None or not requirement.specifier.contains(found, prereleases=True):
            wrong.append(f"{requirement.name}{requirement.specifier} (found {found or 'none'})")
    if wrong:
        cure = "pip install " + " ".join(f"'{entry.split(' ')[0]}'" for entry in wrong)
        return "problem", f"not as Proofbook needs them: {_some(wrong)}", cure
    return "ok", f"{len(needed)} requirements are met", ""


def ploomber_plot(place: Place) -> Said:  # noqa: ARG001
    """`ploomber plot` and `ploomber report` on networkx 3.6 and later: `KeyError: 'links'`."""
    found = _version("networkx")
    if found and found >= Version("3.6"):
        cure = "look at Proofbook's report, which draws the pipeline; or pip install 'networkx<3.6'"
        return "warning", f"networkx {found}: `ploomber plot` and `ploomber report` fail with KeyError: 'links'", cure
    return "ok", f"networkx {found or 'is not installed'}", ""


def scrapbook_tables(place: Place) -> Said:  # noqa: ARG001
    """Tables of scrapbook on pandas 3."""
    found = _version("pandas")
    if found and found >= Version("3") and _version("scrapbook"):
        what = f"pandas {found}: scrapbook's papermill_dataframe, and its reglue of a table, fail"
        return "warning", what, "read records with `proofbook show`, which does not use them; or pip install 'pandas<3'"
    return "ok", f"pandas {found or 'is not installed'}", ""


def papermill_plugins(place: Place) -> Said:  # noqa: ARG001
    """Packages that papermill imports whenever it starts, whether a build uses them or not."""
    entries = [entry for group in ("papermill.engine", "papermill.io") for entry in metadata.entry_points(group=group)]
    names = sorted({entry.dist.name.lower() for entry in entries if entry.dist} - _EXPECTED_PLUGINS)
    if names:
        cure = f"if you do not need them: pip uninstall {' '.join(names)}"
        return "warning", f"papermill imports these at every start: {', '.join(names)}", cure
    return "ok", "papermill imports no plugins but the expected ones", ""


def lock(place: Place) -> Said:
    """The lock file against what is installed."""
    file = next((place.root / name for name in _LOCKS if (place.root / name).is_file()), None)
    if file is None:
        return "ok", "no requirements.lock", ""
    pinned = _pins(file.read_text(encoding="utf-8", errors="replace"))
    wrong = []
    for name, version in pinned.items():
        found = _version(name)
        if found is not None and found != version:
            wrong.append(f"{name} {found}, locked {version}")
        elif found is None:
            wrong.append(f"{name} missing, locked {version}")
    if wrong:
        cure = f"pip install -r {file.name} (or change the lock): records are only comparable where the packages are"
        return "warning", f"{len(wrong)} of {len(pinned)} packages are not as {file.name} says: {_some(wrong)}", cure
    return "ok", f"{len(pinned)} packages are as {file.name} says", ""


def _pins(text: str) -> dict[str, Version]:
    pins = {}
    for line in text.splitlines():
        words = line.split("#")[0].strip().rstrip("\\").strip()
        if not words or words.startswith("-"):
            continue
        try:
            requirement = Requirement(words.split(" --hash")[0])
            exact = [one.version for one in requirement.specifier if one.operator == "=="]
            if exact and (requirement.marker is None or requirement.marker.evaluate()):
                pins[requirement.name] = Version(exact[0])
        except (InvalidRequirement, InvalidVersion):
            continue
    return pins


def _version(name: str) -> Version | None:
    try:
        return Version(metadata.version(name))
    except (metadata.PackageNotFoundError, InvalidVersion):
        return None


def _some(entries: list[str]) -> str:
    rest = len(entries) - _SHOWN
    return "; ".join(entries[:_SHOWN]) + (f"; and {rest} more" if rest > 0 else "")
