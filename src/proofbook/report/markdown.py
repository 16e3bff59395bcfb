"""Markdown of cells and outputs: CommonMark with tables, then the sanitiser, as if it were any HTML."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape

from proofbook.report.code import highlighted
from proofbook.report.limits import MARKDOWN_CHARACTERS
from proofbook.report.pictures import Album
from proofbook.report.sanitiser import Headings, clean

__all__ = ["rendered"]


def rendered(source: str, *, album: Album, headings: Headings, attachments: Mapping[str, Any] | None = None) -> Markup:
    """
    Markdown as safe markup, cut to the limit with a remark.

    Args:
        source: The markdown.
        album: Takes the pictures.
        headings: Says which level each heading gets.
        attachments: Of the cell: file name to MIME bundle, for `![](attachment:name)`.
    """
    if (refusal := album.allowance.refusal(source[:MARKDOWN_CHARACTERS])) is not None:
        return Markup('<p class="absent">[not shown: {}]</p>').format(refusal)
    content = _PARSER.render(source[:MARKDOWN_CHARACTERS], {"attachments": attachments or {}})
    page = clean(content, album=album, headings=headings)
    if len(source) > MARKDOWN_CHARACTERS:
        missing = len(source) - MARKDOWN_CHARACTERS
        page += Markup('<p class="cut">⋯ {:,} characters not shown ⋯</p>').format(missing)
    return page


def _code(source: str, language: str, _attributes: str) -> str:
    return str(highlighted(source, language)) if language else str(escape(source))


def _image(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """A picture whose address is an attachment gets the attachment itself as its address."""
    token = tokens[index]
    alt = renderer.renderInlineAsText(token.children or [], options, env)
    source = _attached(str(token.attrGet("src") or ""), env.get("attachments"))
    return str(Markup('<img alt="{}" src="{}">').format(alt, source))


def _aligned(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """A field of a table says by attribute what markdown says by style, which the sanitiser would take away."""
    _, _, side = str(tokens[index].attrs.pop("style", "")).partition("text-align:")
    tokens[index].attrSet("align", side or "left")
    return renderer.renderToken(tokens, index, options, env)


def _attached(source: str, attachments: Any) -> str:
    if not source.startswith("attachment:") or not isinstance(attachments, Mapping):
        return source
    bundle = attachments.get(unquote(source.removeprefix("attachment:")))
    if not isinstance(bundle, Mapping):
        return ""
    for media in ("image/png", "image/jpeg"):
        if isinstance(content := bundle.get(media), str):
            return f"data:{media};base64,{''.join(content.split())}"
    return ""


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "highlight": _code}).enable(["table", "strikethrough"])
    parser.add_render_rule("image", _image)
    parser.add_render_rule("th_open", _aligned)
    parser.add_render_rule("td_open", _aligned)
    return parser


_PARSER = _parser()
