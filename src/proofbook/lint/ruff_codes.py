"""Which of ruff's rules are asked for, which are said by rules of ours, and how its codes look."""

import re
from collections.abc import Iterable

__all__ = ["DEFAULT", "is_code", "looks_around", "said_by_ours"]

DEFAULT = (
    "F50", "F52",  # formats that do not fit their values
    "F60", "F62", "F63", "F70", "F82", "F90",  # a key said twice, `is` with a literal, an assert that always holds ...
    "PLE",  # what pylint calls errors
    "B002", "B015", "B016", "B025", "B029", "B032", "B035",  # statements that do not do what they say
)  # fmt: skip
"""
What is asked for where nobody says: mistakes, not style, and of these the ones that are hardly ever meant so.
"""

_OURS = {
    "E402": "PB216",
    "E722": "PB409",
    "E902": "PB807",
    "E999": "PB215",
    "F401": "PB214",
    "F403": "PB213",
    "F405": "PB213",
    "F70": "PB215",
    "F811": "PB211",
    "F821": "PB201",
    "PLE0115": "PB215",
    "PLE0116": "PB215",
    "PLE0117": "PB215",
    "PLE0118": "PB215",
    "PLE1132": "PB215",
    "PLE1142": "PB215",
    "PLE1700": "PB215",
    "A001": "PB212",
    "A004": "PB212",
    "BLE001": "PB409",
    "NPY002": "PB502",
    "PLR1722": "PB408",
    "S105": "PB401",
    "S106": "PB401",
    "S107": "PB401",
    "S110": "PB409",
    "T100": "PB406",
}
"""Beginnings of ruff's codes to the rule of ours that says the same, and knows notebooks."""
_LOOK_AROUND = ("A005", "EXE", "I0", "INP", "RUF2", "TC", "TCH", "TID", "N999")
"""Rules whose word hangs on more than the file: what is beside it, how it may be used, what is a module here."""
_CODE = re.compile(
    r"ALL|(?:A|AIR|ANN|ARG|ASYNC|B|BLE|C|C4|COM|CPY|D|DJ|DOC|DTZ|E|EM|ERA|EXE|F|FA|FAST|FBT|FIX|FLY|FURB|G|I|ICN|INP|INT|ISC|LOG|N|NPY|PD|"
    r"PERF|PGH|PIE|PL|PLC|PLE|PLR|PLW|PT|PTH|PYI|Q|RET|RSE|RUF|S|SIM|SLF|SLOT|T|TC|TCH|TD|TID|TRY|UP|W|YTT)[0-9]{0,4}"
)


def is_code(written: str) -> bool:
    """Whether it looks like a code of ruff's, or like the beginning of some: `F632`, `PLE`, `ALL`."""
    return _CODE.fullmatch(written) is not None


def said_by_ours(code: str) -> str | None:
    """The rule of ours that says what ruff says by `code`, if there is one."""
    return next((_OURS[code[:length]] for length in range(len(code), 1, -1) if code[:length] in _OURS), None)


def looks_around(codes: Iterable[str]) -> bool:
    """Whether a rule that is asked for may look at more than the file that it speaks of."""
    return any(code == "ALL" or code.startswith(_LOOK_AROUND) or _prefixes(code) for code in codes)


def _prefixes(code: str) -> bool:
    return any(other.startswith(code) for other in _LOOK_AROUND)
