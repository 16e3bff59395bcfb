"""How files are called in which a project declares the packages that it needs, or fixes their versions."""

import re

__all__ = ["ENVIRONMENT", "LOCKS", "READ_BY_NAME", "REQUIREMENTS", "is_one"]

READ_BY_NAME = frozenset({"pyproject.toml", "setup.cfg", "setup.py", "Pipfile"})
LOCKS = frozenset(
    "requirements.lock uv.lock poetry.lock pdm.lock Pipfile.lock pixi.lock conda-lock.yml pylock.toml".split()  # noqa: SIM905
)
REQUIREMENTS = re.compile(r"(?:.*[-_.])?requirements(?:[-_.].*)?\.(?:txt|in)")
ENVIRONMENT = re.compile(r"(?:.*[-_.])?environment(?:[-_.](?!template).*)?\.ya?ml")


def is_one(name: str) -> bool:
    """Whether a file of this name may declare packages."""
    known = name in READ_BY_NAME or name in LOCKS
    return known or REQUIREMENTS.fullmatch(name) is not None or ENVIRONMENT.fullmatch(name) is not None
