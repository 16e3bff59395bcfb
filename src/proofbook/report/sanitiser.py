"""
HTML that a notebook brought, made harmless: two walls, one behind the other.

`nh3` (html5ever's parser, as browsers parse) keeps an allow-list of tags and attributes. What it leaves is then
written anew, tag by tag, by a writer of our own that knows the same list and escapes every value itself; it gives
pictures a description, puts headings on the level that the page has room for, and tables in a box that scrolls.
No class, id or style of a notebook survives, so an output cannot dress itself up as a verdict of the page.
"""

from html.parser import HTMLParser
from typing import Any, Final

import nh3
from markupsafe import Markup, escape

from proofbook.report.blocks import Block
from proofbook.report.code import CLASSES
from proofbook.report.limits import DEPTH
from proofbook.report.pictures import Album
from proofbook.report.text import scrub

__all__ = ["ALLOWED", "Headings", "clean"]

_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
# fmt: off
_TAGS: Final = _HEADINGS | {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del", "details", "div", "dl",
    "dt", "em", "figcaption", "figure", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s",
    "samp", "small", "span", "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "tt", "u", "ul", "var",
}
_VOID: Final = frozenset({"br", "col", "hr", "img"})
# with all that is in them; the others that are not allowed lose their tags and keep their text
_GONE: Final = frozenset({
    "script", "style", "template", "title", "textarea", "noscript", "iframe", "object", "embed", "applet", "svg",
    "math", "select", "xmp", "noembed", "noframes", "plaintext",
})
# fmt: on
_ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "col": {"span"},
    "colgroup": {"span"},
    "details": {"open"},
    "img": {"alt", "src"},
    "ol": {"start"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
}
# what the first wall lets through
ALLOWED: Final[dict[str, Any]] = {
    "tags": set(_TAGS),
    "clean_content_tags": set(_GONE),
    "attributes": _ATTRIBUTES,
    "allowed_classes": {"span": set(CLASSES)},
    "url_schemes": {"http", "https", "mailto", "data"},
    "link_rel": None,
}
_NUMBERS: Final = frozenset({"colspan", "rowspan", "span", "start"})
_SIDES: Final = frozenset({"left", "center", "right"})
_SCHEMES: Final = ("http://", "https://", "mailto:")
_PICTURES: Final = ("image/png", "image/jpeg", "image/svg+xml")


_PLAIN: Final = {tag: (Markup("<{}>").format(tag), Markup("</{}>").format(tag)) for tag in _TAGS}


class Headings:
    """Levels of headings below `base`, such that none is left out: a notebook may start with its third level."""

    def __init__(self, *, base: int) -> None:
        self._base = base
        self._last = base

    def level(self, wanted: int) -> int:
        """The level on the page for level `wanted` (1 to 6) of the notebook."""
        self._last = min(self._base + wanted, self._last + 1, 6)
        return self._last


def clean(fragment: str, *, album: Album, headings: Headings) -> Markup:
    """
    `fragment` without anything that runs, loads or disguises itself.

    Args:
        fragment: HTML of a notebook, or what markdown became.
        album: Takes the pictures that stand in it as data; those from elsewhere become a remark.
        headings: Says which level each heading gets.
    """
    if (refusal := album.allowance.refusal(fragment)) is not None:
        return Markup('<p class="absent">[not shown: {}]</p>').format(refusal)
    allowed = nh3.clean(scrub(fragment), **ALLOWED)  # a lone surrogate cannot be given to it
    writer = _Writer(album=album, headings=headings)
    writer.feed(allowed)
    writer.close()
    return writer.finish()


class _Writer(HTMLParser):
    """Writes what nh3 left; whatever is not on the list is not written, whether nh3 let it through or not."""

    def __init__(self, *, album: Album, headings: Headings) -> None:
        super().__init__(convert_charrefs=True)
        self._album = album
        self._headings = headings
        self._pieces: list[Markup] = []
        self._open: list[tuple[str, Markup]] = []
        """Tags that are open, each with what closes it; tags beyond the depth limit close with nothing."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            return
        values = {name: value or "" for name, value in attrs}
        if tag == "img":
            self._pieces.append(self._picture(values))
        elif tag in _VOID:
            self._pieces.append(Markup("<{}{}>").format(tag, _attributes(tag, values)))
        elif len(self._open) >= DEPTH:
            self._open.append((tag, Markup()))
        else:
            start, end = self._written(tag, values)
            self._pieces.append(start)
            self._open.append((tag, end))

    def handle_endtag(self, tag: str) -> None:
        if not any(tag == name for name, _ in self._open[-DEPTH:]):
            return
        while self._open:
            name, end = self._open.pop()
            self._pieces.append(end)
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        self._pieces.append(escape(data))

    def finish(self) -> Markup:
        """All of it, every open tag closed."""
        self._pieces.extend(end for _, end in reversed(self._open))
        return Markup("").join(self._pieces)

    def _written(self, tag: str, values: dict[str, str]) -> tuple[Markup, Markup]:
        if tag in _HEADINGS:
            level = self._headings.level(int(tag[1]))
            return Markup('<h{} class="md-{}">').format(level, tag), Markup("</h{}>").format(level)
        if tag == "table":
            return Markup('<div class="wide"><table class="data">'), Markup("</table></div>")
        start = Markup("<{}{}>").format(tag, _attributes(tag, values)) if values or tag == "a" else _PLAIN[tag][0]
        return start, _PLAIN[tag][1]

    def _picture(self, values: dict[str, str]) -> Markup:
        alt = values.get("alt", "").strip()
        media, _, content = values.get("src", "").removeprefix("data:").partition(";base64,")
        if not values.get("src", "").startswith("data:") or media not in _PICTURES:
            return _absent(alt, why="it is not part of the notebook")
        if media == "image/svg+xml":
            return _absent(alt, why="an SVG within HTML")
        block = self._album.add_text(content, media, alt=alt or "Picture of the notebook")
        return (
            _shown(block)
            if block.kind == "picture"
            else _absent(alt, why=block.label.removeprefix("Picture not shown: ").rstrip("."))
        )


def _attributes(tag: str, values: dict[str, str]) -> Markup:
    """The allowed ones, sorted, each escaped."""
    kept = [
        Markup(' {}="{}"').format(name, values[name]) for name in sorted(values) if _permitted(tag, name, values[name])
    ]
    if tag == "a":
        kept.append(Markup(' rel="noopener noreferrer nofollow"'))
    return Markup("").join(kept)


def _permitted(tag: str, name: str, value: str) -> bool:
    if name == "class":
        return tag == "span" and all(word in CLASSES for word in value.split())
    if name not in _ATTRIBUTES.get(tag, ()):
        return False
    if name == "align":
        return value in _SIDES
    if name == "href":
        return value.strip().lower().startswith(_SCHEMES)
    return name not in _NUMBERS or (value.isascii() and value.isdigit() and len(value) <= 3)


def _shown(block: Block) -> Markup:
    return Markup('<img class="within" src="{}" alt="{}" width="{}" height="{}">').format(
        block.uri, block.label, block.width, block.height
    )


def _absent(alt: str, *, why: str) -> Markup:
    return Markup('<span class="absent">[picture not shown{}: {}]</span>').format(f" ({alt[:80]})" if alt else "", why)
