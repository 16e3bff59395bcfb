"""
Pictures as data URIs: PNG and JPEG after a look at their header, SVG only ever as the source of an `img`.

Within an `img` a browser neither runs script nor loads anything, so an SVG needs no cleaning; it needs only to be
small once expanded. Dimensions come from the header: a picture that unpacks to gigabytes is never unpacked here.
"""

import base64
import binascii
import struct
from xml.etree import ElementTree as ET

from proofbook.report import words
from proofbook.report.allowance import Allowance
from proofbook.report.blocks import Block, note
from proofbook.report.limits import PICTURE_BYTES, PICTURE_PIXELS, SVG_BYTES, SVG_ELEMENTS

__all__ = ["Album", "dimensions"]

_SVG = "image/svg+xml"
_USE = "{http://www.w3.org/2000/svg}use"
_REFERENCES = ("href", "{http://www.w3.org/1999/xlink}href")


class Album:
    """The pictures of one page, within what the page may hold of them."""

    def __init__(self, allowance: Allowance | None = None) -> None:
        self.allowance = allowance or Allowance()

    def add(self, content: bytes, media: str, *, alt: str) -> Block:
        """The picture, or a note that says why it is not shown."""
        problem = _problem(content, media)
        if problem is None and not self.allowance.take_picture(len(content)):
            problem = "this page has as many pictures as it may hold"
        if problem is not None:
            return note(f"Picture not shown: {problem}.")
        width, height = dimensions(content, media) if media != _SVG else (0, 0)
        uri = f"data:{media};base64,{base64.b64encode(content).decode('ascii')}"
        return Block(kind="picture", label=words.brief(alt) or "Picture", uri=uri, width=width, height=height)

    def add_text(self, content: str, media: str, *, alt: str) -> Block:
        """The same for what stands in a notebook: base64, or the text of an SVG."""
        if media == _SVG:
            return self.add(content.encode("utf-8", "replace"), media, alt=alt)
        if len(content) > PICTURE_BYTES * 2:
            return note(f"Picture not shown: it has more than {words.size(PICTURE_BYTES)}.")
        try:
            decoded = base64.b64decode("".join(content.split()), validate=True)
        except (binascii.Error, ValueError):
            return note("Picture not shown: it is not valid base64.")
        return self.add(decoded, media, alt=alt)


def _problem(content: bytes, media: str) -> str | None:
    """Why these bytes are not shown, or None."""
    if media == _SVG:
        return _svg_problem(content)
    if media not in ("image/png", "image/jpeg"):
        return f"pictures of type {words.brief(media, limit=60)} are not shown"
    if len(content) > PICTURE_BYTES:
        return f"it has {words.size(len(content))}, the limit is {words.size(PICTURE_BYTES)}"
    width, height = dimensions(content, media)
    if not width or not height:
        return f"it is not a readable {media.removeprefix('image/').upper()}"
    if width * height > PICTURE_PIXELS:
        return f"it has {width:,} by {height:,} pixels, the limit is {PICTURE_PIXELS:,}"
    return None


def dimensions(content: bytes, media: str) -> tuple[int, int]:
    """Width and height in pixels as the header of a PNG or JPEG says; (0, 0) when it is neither."""
    if media == "image/png":
        if content[:8] != b"\x89PNG\r\n\x1a\n" or content[12:16] != b"IHDR" or len(content) < 24:
            return 0, 0
        width, height = struct.unpack(">II", content[16:24])
        return int(width), int(height)
    return _jpeg_dimensions(content)


def _jpeg_dimensions(content: bytes) -> tuple[int, int]:
    """Walk the segments up to the first frame header."""
    position = 2
    if content[:2] != b"\xff\xd8":
        return 0, 0
    while position + 9 <= len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if marker == 0xFF:  # padding
            position += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[position + 5 : position + 9])
            return int(width), int(height)
        position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
    return 0, 0


def _svg_problem(content: bytes) -> str | None:
    """SVG can be small and yet draw a billion elements, by entities or by `use` of `use`; both are counted first."""
    if len(content) > SVG_BYTES:
        return f"it has {words.size(len(content))}, the limit of SVG is {words.size(SVG_BYTES)}"
    if b"<!ENTITY" in content.upper():
        return "it is an SVG that declares entities"
    try:
        root = ET.fromstring(content)  # noqa: S314  without entities there is nothing to expand or to load
    except (ET.ParseError, ValueError, LookupError):
        return "it is not a readable SVG"
    if root.tag != "{http://www.w3.org/2000/svg}svg":
        return "it is not an SVG"
    if _expanded(root) > SVG_ELEMENTS:
        return f"it is an SVG of more than {SVG_ELEMENTS:,} elements"
    return None


def _expanded(root: ET.Element) -> int:
    """Elements after each `use` is replaced by what it points to; stops counting beyond the limit."""
    named = {element.get("id"): element for element in root.iter() if element.get("id")}
    waiting, count = [(root, 0)], 0
    while waiting and count <= SVG_ELEMENTS:
        element, depth = waiting.pop()
        count += 1 if depth < 64 else SVG_ELEMENTS  # a circle of references counts as too many
        waiting.extend((child, depth) for child in element)
        if element.tag == _USE:
            target = next((element.get(key, "") for key in _REFERENCES if element.get(key)), "")
            if target.startswith("#") and (found := named.get(target[1:])) is not None:
                waiting.append((found, depth + 1))
    return count
