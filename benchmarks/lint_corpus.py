"""
Brings the notebooks that lint's prediction is measured on: source distributions at the versions and digests that stand
in lint_corpus.toml, from whichever index pip is configured to use, each unpacked into a folder of its own.

    python benchmarks/lint_corpus.py FOLDER [--part tuning|held-out]

`pip download` would build every one of them to learn what it needs. Nothing of them is run here: pip finds the archive,
its digest is compared, and its plain files are written.
"""

import argparse
import hashlib
import io
import sys
import tarfile
import tomllib
from pathlib import Path
from typing import Any

__all__ = ["distributions", "unpack"]

PINNED = Path(__file__).with_name("lint_corpus.toml")
_MOST = 500 * 1024 * 1024
"""Bytes that one distribution may unpack to."""


def distributions(part: str | None = None) -> list[dict[str, str]]:
    """Name, version, sha256 and part of each distribution; of one part, or of both."""
    pinned: list[dict[str, str]] = tomllib.loads(PINNED.read_text(encoding="utf-8"))["distribution"]
    return [one for one in pinned if part in {None, one["part"]}]


def unpack(archive: bytes, *, sha256: str, place: Path) -> int:
    """
    Write the plain files of an sdist below `place`, without the archive's own top folder; gives how many are notebooks.

    Links, devices and paths that lead elsewhere are not written.

    Raises:
        ValueError: The digest is another one, or the files are larger than any known distribution's.
    """
    if (found := hashlib.sha256(archive).hexdigest()) != sha256:
        raise ValueError(f"its sha256 is {found}, not {sha256}: it is not the archive that was measured")
    notebooks = 0
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        members = [member for member in opened.getmembers() if member.isfile()]
        if sum(member.size for member in members) > _MOST:
            raise ValueError(f"it unpacks to more than {_MOST // 1024 // 1024} MB")
        for member in members:
            inner = member.name.partition("/")[2]
            if not inner:
                continue
            opened.extract(member.replace(name=inner, deep=False), place, filter="data")
            notebooks += inner.endswith(".ipynb")
    return notebooks


class _Index:
    """Archives from the index that pip is configured for. pip has no public way to fetch one without building it."""

    def __init__(self) -> None:
        from pip._internal.commands import create_command
        from pip._vendor.packaging.specifiers import SpecifierSet

        self._exactly = SpecifierSet
        self._command: Any = create_command("download")
        options, _ = self._command.parse_args(["--no-deps", "--no-binary", ":all:", "anything"])
        self._context = self._command.main_context()
        self._context.__enter__()
        self._session = self._command.get_default_session(options)
        self._finder = self._command._build_package_finder(options=options, session=self._session)  # noqa: SLF001

    def archive(self, name: str, version: str) -> bytes:
        """
        The sdist of exactly this version.

        Raises:
            ValueError: The index does not have it.
        """
        found = self._finder.find_best_candidate(name, self._exactly(f"=={version}")).best_candidate
        if found is None:
            raise ValueError("the index has no source distribution of this version")
        answer = self._session.get(found.link.url_without_fragment, headers={"Accept-Encoding": "identity"})
        answer.raise_for_status()
        content: bytes = answer.content
        return content


def main() -> None:
    """Fetch what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", choices=("tuning", "held-out"), help="one half only")
    options = parser.parse_args()
    index = _Index()
    for one in distributions(options.part):
        place = options.folder / one["part"] / one["name"]
        if place.exists():
            continue
        partial = place.with_name(f".{one['name']}.partial")
        partial.mkdir(parents=True, exist_ok=True)
        try:
            notebooks = unpack(index.archive(one["name"], one["version"]), sha256=one["sha256"], place=partial)
        except (ValueError, OSError, tarfile.TarError) as error:
            sys.exit(f"{one['name']} {one['version']}: {error}")
        partial.rename(place)
        print(f"{one['name']} {one['version']}: {notebooks} notebooks")


if __name__ == "__main__":
    main()
