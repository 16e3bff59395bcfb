"""Reads a page as a parser does, and says everything in it that must not be there."""

import base64
import hashlib
import re
from html.parser import HTMLParser

__all__ = ["Dom", "problems"]

_ALLOWED = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "a",
    "nav",
    "p",
    "ul",
    "li",
    "ol",
    "span",
    "div",
    "main",
    "header",
    "section",
    "article",
    "aside",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "dl",
    "dt",
    "dd",
    "table",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "th",
    "td",
    "caption",
    "colgroup",
    "col",
    "details",
    "summary",
    "figure",
    "figcaption",
    "img",
    "pre",
    "code",
    "mark",
    "em",
    "strong",
    "b",
    "i",
    "u",
    "s",
    "q",
    "del",
    "ins",
    "small",
    "sub",
    "sup",
    "samp",
    "kbd",
    "var",
    "tt",
    "strike",
    "abbr",
    "blockquote",
    "br",
    "wbr",
    "hr",
    "svg",
    "g",
    "rect",
    "line",
    "circle",
    "path",
    "polygon",
    "text",
}
_VOID = {"meta", "img", "br", "wbr", "hr", "col"}
_URLS = {
    "href",
    "src",
    "srcset",
    "action",
    "formaction",
    "data",
    "poster",
    "background",
    "ping",
    "xlink:href",
    "cite",
    "longdesc",
}


class Dom(HTMLParser):
    """Every tag with its attributes, the headings, all text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.headings: list[int] = []
        self.styles = ""
        self.text = ""
        self.comments: list[str] = []
        self.unbalanced: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        self.unbalanced += self._open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        if not self._open or self._open[-1] != tag:
            self.unbalanced.append(f"/{tag}")
        else:
            self._open.pop()

    def handle_data(self, data):
        if self._open and self._open[-1] == "style":
            self.styles += data
        else:
            self.text += data

    def handle_comment(self, data):
        self.comments.append(data)

    def all(self, name: str) -> list[dict[str, str]]:
        """Attributes of every tag called `name`."""
        return [attributes for tag, attributes in self.tags if tag == name]


def problems(html: str) -> list[str]:
    """All that could run, load, navigate by itself or disguise itself."""
    dom = Dom(html)
    found = [f"comment {comment[:40]!r}" for comment in dom.comments]
    found += [f"unbalanced <{tag}>" for tag in dom.unbalanced]
    for tag, attributes in dom.tags:
        if tag not in _ALLOWED:
            found.append(f"<{tag}>")
        for name, value in attributes.items():
            if name.startswith("on") or name in ("style", "srcdoc", "autofocus", "target", "contenteditable"):
                found.append(f"<{tag} {name}>")
            if name in _URLS:
                found += _address(tag, name, value, attributes)
    found += _head(dom)
    ids = [attributes["id"] for _, attributes in dom.tags if "id" in attributes]
    found += [f"id {name!r} twice" for name in sorted({name for name in ids if ids.count(name) > 1})]
    return found


def _address(tag, name, value, attributes):
    if tag == "img" and name == "src" and re.fullmatch(r"data:image/(png|jpeg|svg\+xml);base64,[A-Za-z0-9+/=]*", value):
        return []
    if tag == "a" and name == "href":
        if re.fullmatch(r"#[a-z0-9-]+|run-\d+\.html", value):
            return []
        if re.match(r"(https?://|mailto:)", value, re.IGNORECASE) and "noopener" in attributes.get("rel", ""):
            return []  # a link goes nowhere by itself, and takes nothing of the page along
    return [f"<{tag} {name}={value[:60]!r}>"]


def _head(dom):
    """One policy, one style element, and the one's hash of the other."""
    policies = [meta["content"] for meta in dom.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    if len(policies) != 1 or len(dom.all("style")) != 1:
        return [f"{len(policies)} policies, {len(dom.all('style'))} style elements"]
    digest = base64.b64encode(hashlib.sha256(dom.styles.encode()).digest()).decode()
    expected = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    other = [meta["http-equiv"] for meta in dom.all("meta") if "http-equiv" in meta]
    found = [] if policies == [expected] else [f"policy {policies[0]}"]
    return found if other == ["Content-Security-Policy", "x-dns-prefetch-control"] else [*found, f"meta {other}"]
