"""Source code with Pygments' classes; the page's own style sheet gives them colours, for light and for dark."""

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Final

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.lexers.special import TextLexer
from pygments.token import STANDARD_TYPES
from pygments.util import ClassNotFound

from proofbook.report import words
from proofbook.report.limits import SOURCE_CHARACTERS

__all__ = ["CLASSES", "highlighted"]

_PREFIX: Final = "p-"
CLASSES: Final = frozenset(_PREFIX + name for name in STANDARD_TYPES.values() if name) | {"hll"}
"""Every class that a highlighted source can carry."""


def highlighted(source: str, language: str, *, marked: Iterable[int] = (), limit: int = SOURCE_CHARACTERS) -> Markup:
    """
    `source` as markup for a `pre`, cut to `limit` characters with a remark.

    Args:
        source: The code.
        language: A name that Pygments knows; any other is plain text.
        marked: Numbers of lines, from 1, to stand out.
        limit: Characters that are shown.
    """
    content = _markup(source[:limit], language, tuple(marked))
    if len(source) > limit:
        remark = f"{words.plural(len(source) - limit, 'character')} not shown"
        content += Markup('\n<span class="cut">⋯ {} ⋯</span>').format(remark)
    return content


# the notebooks of a pipeline have cells in common, and two runs of one notebook nearly all
@lru_cache(1000)
def _markup(shown: str, language: str, marked: tuple[int, ...]) -> Markup:
    return Markup(highlight(shown, _lexer(language), _formatter(marked)).rstrip("\n"))  # noqa: S704  all is escaped


@cache
def _formatter(marked: tuple[int, ...]) -> HtmlFormatter[str]:
    return HtmlFormatter(nowrap=True, classprefix=_PREFIX, hl_lines=list(marked))


@cache
def _lexer(language: str) -> Lexer:
    try:
        return get_lexer_by_name(language.strip().lower() or "text", stripnl=False)
    except ClassNotFound:
        return TextLexer(stripnl=False)
