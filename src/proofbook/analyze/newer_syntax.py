"""
Syntax that newer versions of Python know, put into words that the running one understands, character for character.

f-strings of Python 3.12 (quotes, backslashes, comments and lines of their own inside the braces), t-strings, `type`
statements, type parameters, `except A, B:`. What comes out says the same of names: an f-string becomes a tuple of its
fields. It is not meant to be run, and every name in it stands where it stood.
"""

import re
import sys

from msgspec import Struct

from proofbook.analyze.syntax import Parsed, parse
from proofbook.analyze.syntax_messages import PYTHON_2_EXCEPT

__all__ = ["Newer", "newer"]

_STRING = re.compile(r"(?P<prefix>[rRbBuUfFtT]{0,2})(?P<quote>'''|\"\"\"|'|\")")
_WORD = re.compile(r"\w+")
_TYPE = re.compile(
    r"^(?P<indent>[ \t]*)type[ ](?P<name>[ \t]*[^\W\d]\w*[ \t]*)(?P<parameters>\[[^=\n]*\][ \t]*)?=(?!=)", re.MULTILINE
)
_GENERIC = re.compile(
    r"^[ \t]*(?:(?:async[ \t]+)?def|class)[ \t]+\w+[ \t]*(?P<parameters>\[[^\]\n]*(?:\[[^\]\n]*\][^\]\n]*)*\])",
    re.MULTILINE,
)
_EXCEPT = re.compile(r"^[ \t]*except\b(?P<types>[^(\n:]*,[^(\n:]*):", re.MULTILINE)
_PARAMETER = re.compile(r"(?:^\[|,)\s*\*{0,2}(\w+)")


class Newer(Struct, frozen=True, kw_only=True):
    """Code that a newer Python takes."""

    version: tuple[int, int]
    """The first Python that does."""
    what: str
    """For people: what it is that the running one does not know."""
    code: str
    """The same for the running one."""
    parsed: Parsed
    """Of this `code`."""
    parameters: frozenset[str] = frozenset()
    """Type parameters, which are known within their function or class only."""

    @property
    def told(self) -> str:
        """What is wrong with it here."""
        here = ".".join(map(str, sys.version_info[:2]))
        return f"{self.what} needs Python {'.'.join(map(str, self.version))}, and this is Python {here}"


def newer(code: str) -> Newer | None:
    """`code`, which the running Python refuses, as a newer one reads it; None where that would refuse it too."""
    found: list[tuple[tuple[int, int], str]] = []
    text = code
    if re.search(r"\b[rR]?[fFtT][rR]?['\"]", code):
        try:
            scanner = _Scanner(code)
            scanner.code(0)
        except (IndexError, RecursionError):
            return None
        text = "".join(scanner.characters)
        found.append(
            ((3, 14), "a t-string")
            if scanner.templates
            else ((3, 12), "an f-string with its own quotes, backslashes or comments inside")
        )
    names: set[str] = set()
    for change, version, what in (
        (_without_parameters, (3, 12), "a function or class with type parameters"),
        (_without_types, (3, 12), "a type statement"),
        (_without_bare_types, (3, 14), "an except without brackets"),
    ):
        changed = change(text, names)
        if changed != text:
            found.append((version, what))
            text = changed
    if not found or text == code:
        return None
    parsed = parse(text)
    version, what = max(found, key=lambda each: each[0])
    if parsed.error is not None:
        return None
    return Newer(version=version, what=what, code=text, parsed=parsed, parameters=frozenset(names))


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _without_parameters(code: str, names: set[str]) -> str:
    def change(found: re.Match[str]) -> str:
        names.update(_PARAMETER.findall(found["parameters"]))
        at = found.start("parameters") - found.start()
        return found[0][:at] + _blank(found["parameters"])

    return _GENERIC.sub(change, code)


def _without_types(code: str, _: set[str]) -> str:
    """`type X = ...` as `type; X = 0`: the right side is not evaluated there."""
    found = _TYPE.search(code)
    while found:
        end = _statement_end(code, found.end())
        right = code[found.end() : end]
        value = re.sub(r"\S", "0", right, count=1) if right.strip() else right
        first = value.find("0") + 1
        name = found["name"] + _blank(found["parameters"] or "")
        put = f"{found['indent']}type;{name}={value[:first]}{_blank(value[first:])}"
        code = code[: found.start()] + put + code[end:]
        found = _TYPE.search(code, found.start() + len(put))
    return code


def _without_bare_types(code: str, _: set[str]) -> str:
    def change(found: re.Match[str]) -> str:
        return found[0] if PYTHON_2_EXCEPT.search(found[0]) else found[0].replace(",", "|")

    return _EXCEPT.sub(change, code)


def _statement_end(code: str, at: int) -> int:
    depth = 0
    while at < len(code) and (depth > 0 or code[at] not in "\n;#"):
        depth += (code[at] in "([{") - (code[at] in ")]}")
        at += 1
    return at


class _Scanner:
    """Goes through code by the rules of Python 3.12, and blanks what is text in an f-string."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.characters = list(source)
        self.templates = False

    def blank(self, start: int, end: int) -> None:
        for index in range(start, end):
            if self.source[index] != "\n":
                self.characters[index] = " "

    def code(self, at: int, *, field: bool = False) -> int:
        """Scan code from `at` to its end; with `field`, to what ends the expression in a replacement field."""
        depth = 0
        # the string right before, where only blanks have followed: its start, its end, whether it is an f-string
        last: tuple[int, int, bool] | None = None
        while at < len(self.source):
            character = self.source[at]
            string = _STRING.match(self.source, at)
            if string:
                last, at = self._string(string, last), self.end
                continue
            if character == "#":
                at = self._line_end(at)
                continue
            if field and depth == 0 and (character in "}:" or self._ends_expression(at)):
                return at
            depth += (character in "([{") - (character in ")]}")
            if not character.isspace() or (character == "\n" and depth == 0 and not field):
                last = None
            word = _WORD.match(self.source, at)
            at = word.end() if word else at + 1
        if field:
            raise IndexError
        return at

    def _ends_expression(self, at: int) -> bool:
        """`!r`, or the `=` of `f"{x=}"`."""
        rest = self.source[at : at + 2]
        if rest[0] == "!":
            return rest != "!="
        debug = rest[0] == "=" and rest != "==" and self.source[at - 1] not in "=!<>:"
        return debug and re.match(r"=\s*[!:}]", self.source[at:]) is not None

    def _line_end(self, at: int) -> int:
        end = self.source.find("\n", at)
        return len(self.source) if end < 0 else end

    def _string(self, string: re.Match[str], last: tuple[int, int, bool] | None) -> tuple[int, int, bool]:
        formatted = bool(set(string["prefix"]) & set("fFtT"))
        self.templates |= bool(set(string["prefix"]) & set("tT"))
        start = string.start()
        self.end = end = self._formatted(string) if formatted else self._plain(string)
        if last is not None and (formatted or last[2]):
            # strings side by side are one: a tuple beside a text would be a call
            if not formatted:
                self.blank(start, end)
                return (last[0], last[1], True)
            self.characters[start] = " "
            if last[2]:
                self.characters[last[1]] = " "
            else:
                self.blank(last[0], last[1] + 1)
                self.characters[last[0]] = "("
            start = last[0]
        closing = end - len(string["quote"]) if formatted else end - 1
        return start, closing, formatted

    def _plain(self, string: re.Match[str]) -> int:
        at, quote = string.end(), string["quote"]
        while not self.source.startswith(quote, at):
            if self.source[at] == "\n" and len(quote) == 1:
                raise IndexError
            at += 2 if self.source[at] == "\\" else 1
        return at + len(quote)

    def _formatted(self, string: re.Match[str]) -> int:
        quote, raw = string["quote"], bool(set(string["prefix"]) & set("rR"))
        self.blank(string.start(), string.end())
        self.characters[string.start()] = "("
        at = string.end()
        while not self.source.startswith(quote, at):
            pair = self.source[at : at + 2]
            if self.source[at] == "\n" and len(quote) == 1:
                raise IndexError
            if pair in {"{{", "}}"} or (pair[0] == "\\" and not raw):
                self.blank(at, at + 2)
                at += 2
            elif pair[0] == "{":
                at = self._field(at)
            else:
                self.blank(at, at + 1)
                at += 1
        self.blank(at, at + len(quote))
        self.characters[at] = ")"
        return at + len(quote)

    def _field(self, at: int) -> int:
        """A replacement field, from its `{`; where it ends."""
        self.blank(at, at + 1)
        at = self.code(at + 1, field=True)
        while self.source[at] not in "}:":
            self.blank(at, at + 1)
            at += 1
        self.characters[at] = ","
        if self.source[at] == "}":
            return at + 1
        at += 1
        while self.source[at] != "}":
            if self.source[at] == "{":
                at = self._field(at)
            else:
                self.blank(at, at + 1)
                at += 1
        self.blank(at, at + 1)
        return at + 1
