"""Plain text: terminal colours become classes, overwritten text is gone, the rest of a terminal's codes go."""

import re

from markupsafe import Markup, escape

from proofbook.report import words
from proofbook.report.limits import TEXT_CHARACTERS, TEXT_LINES

__all__ = ["coloured", "cut", "plain", "scrub"]

# operating system commands (titles, links), then every other escape sequence, then a lone escape
_OSC = re.compile(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?")
_CSI = re.compile(r"\x1b\[([0-9;:?<=>]*)[ -/]*([@-~])")
_OTHER = re.compile(r"\x1b[PX^_][^\x1b]*(?:\x1b\\)?|\x1b[ -/]*[0-~]?")
# controls, lone surrogates, and marks that turn the direction of the text around them
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


def scrub(content: str) -> str:
    """Replace what must not stand in a page at all: control characters, lone surrogates, direction overrides."""
    return _CONTROL.sub("\ufffd", content)


def plain(content: str) -> str:
    """Without any terminal code."""
    return _OTHER.sub("", _CSI.sub("", _OSC.sub("", content)))


def cut(content: str, *, lines: int = TEXT_LINES, characters: int = TEXT_CHARACTERS) -> tuple[str, str, str]:
    """Beginning, a remark on what was cut (empty when nothing was), end."""
    rows = content.split("\n")
    if len(rows) <= lines and len(content) <= characters:
        return content, "", ""
    head, tail = content, ""
    if len(rows) > lines:
        kept = lines * 3 // 4
        head, tail = "\n".join(rows[:kept]), "\n".join(rows[kept - lines :])
    if len(head) + len(tail) > characters:
        joined = f"{head}\n{tail}" if tail else head
        kept = characters * 3 // 4
        head, tail = joined[:kept], joined[kept - characters :]
    missing = max(len(rows) - head.count("\n") - tail.count("\n") - 2, 0)
    what = words.plural(missing, "line") if missing else words.plural(len(content) - len(head) - len(tail), "character")
    whole = f"{words.plural(len(rows), 'line')}, {words.plural(len(content), 'character')}"
    return head, f"{what} not shown; all of it: {whole}", tail


def coloured(content: str) -> Markup:
    """Text with its terminal colours as `span` classes, cut to the limits with a remark where it was cut."""
    head, remark, tail = cut(_overwritten(_OSC.sub("", content)))
    if not remark:
        return _spans(head)
    return Markup('{}\n<span class="cut">⋯ {} ⋯</span>\n{}').format(_spans(head), remark, _spans(tail))


def _overwritten(content: str) -> str:
    """Carriage returns as a terminal shows them: a progress bar leaves its last state only."""
    content = content.replace("\r\n", "\n")
    if "\r" not in content:
        return content
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in content.split("\n"))


def _spans(content: str) -> Markup:
    pieces: list[Markup] = []
    style: dict[str, str] = {}
    position = 0
    for match in _CSI.finditer(content):
        _emit(pieces, content[position : match.start()], style)
        if match[2] == "m":
            _apply(style, match[1])
        position = match.end()
    _emit(pieces, content[position:], style)
    return Markup("").join(pieces)


def _emit(pieces: list[Markup], content: str, style: dict[str, str]) -> None:
    content = _OTHER.sub("", content)
    if not content:
        return
    if style:
        pieces.append(Markup('<span class="{}">{}</span>').format(" ".join(style.values()), content))
    else:
        pieces.append(escape(content))


def _apply(style: dict[str, str], codes: str) -> None:
    """One SGR sequence. Classes come from a fixed set: nothing of `codes` reaches the page."""
    numbers = [int(code) if code.isdigit() and len(code) < 4 else 0 for code in re.split("[;:]", codes)]
    while numbers:
        number = numbers.pop(0)
        if number == 0:
            style.clear()
        elif number in (1, 2, 3, 4):
            style[str(number)] = f"a-{('bold', 'dim', 'italic', 'underline')[number - 1]}"
        elif number == 22:
            style.pop("1", None)
            style.pop("2", None)
        elif number in (23, 24):
            style.pop(str(number - 20), None)
        elif 30 <= number <= 37 or 90 <= number <= 97:
            style["colour"] = f"a-{_NAMES[number % 10]}"
        elif number == 39:
            style.pop("colour", None)
        elif number in (38, 48):
            name = _extended(numbers)
            if number == 38 and name:
                style["colour"] = f"a-{name}"


def _extended(numbers: list[int]) -> str:
    """The nearest of the eight names to a colour of the 256, or to red, green, blue; takes its numbers off the list."""
    mode = numbers.pop(0) if numbers else 0
    if mode == 2 and len(numbers) >= 3:
        red, green, blue = numbers.pop(0), numbers.pop(0), numbers.pop(0)
    elif mode == 5 and numbers:
        index = numbers.pop(0)
        if index < 16:
            return _NAMES[index % 8]
        if index > 231:
            return "black"  # greys: ordinary text in either scheme
        red, green, blue = ((index - 16) // power % 6 * 51 for power in (36, 6, 1))
    else:
        return ""
    return _NAMES[(red > 127) + 2 * (green > 127) + 4 * (blue > 127)]
