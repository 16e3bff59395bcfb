"""
Expressions of a policy, as text: which names they use, and which parts of them explain what they came to.

The language's own compiler checks names and types. It does not know what the items of a list have, so that is looked
at here; and it tells no values of parts, so the parts are found here, and evaluated like any other expression.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from proofbook.gate.facts import ITEMS

__all__ = ["LONGEST", "misnamed", "nearest", "parts"]

LONGEST = 2000
"""Characters of an expression."""

_MOST_PARTS = 12
_MOST_NAMES = 12
_DEEPEST = 8
"""Levels of brackets whose operands are told."""
_MACROS = {"all", "exists", "exists_one", "filter", "map"}
_CONSTANTS = {"true", "false", "null", "in"}
_TOKEN = re.compile(
    r"""
      (?P<text>[rRbB]{0,2}(?:\"\"\".*?\"\"\"|'''.*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    | (?P<space>\s+|//[^\n]*)
    | (?P<name>[A-Za-z_]\w*)
    | (?P<number>\d[\w.]*)
    | (?P<sign>&&|\|\||[<>=!]=|.)
    """,
    re.VERBOSE | re.DOTALL,
)


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


class _Chain(NamedTuple):
    """`run.code.dirty`, as far as it is names; or a macro over such a list."""

    kind: Literal["value", "macro", "item"]
    text: str
    """value, macro: the chain. item: `c.verdict`, where `c` is an item of `list`."""
    list: str = ""
    """macro, item: `gate.comparisons`, without what it was filtered by."""
    macro: str = ""
    variable: str = ""
    body: str = ""
    scoped: bool = False
    """It hangs on the variable of a macro, and has no value by itself."""


def nearest(name: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    """` did you mean 'x'?`, or which names there are."""
    below = [other for other in known if other.startswith(f"{name}.")]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if near and not below:
        return f"did you mean {near[0]!r}?"
    shown = below or list(known)
    if len(shown) > _MOST_NAMES:
        shown = list(dict.fromkeys(re.sub(r"\..*", ".*", other) for other in shown))
    return f"known names: {', '.join(shown)}"


def misnamed(expression: str) -> str:
    """What is wrong with a name of an item (`c.verdic`), with the nearest known one; empty where nothing is."""
    for chain in _chains(expression):
        fields = ITEMS.get(chain.list.removeprefix("run.").removeprefix("production."))
        if chain.kind == "item" and fields is not None:
            variable, _, rest = chain.text.partition(".")
            name = rest.partition(".")[0]
            if name and name not in fields:
                return f"unknown name {variable}.{name} (an item of {chain.list}): {nearest(name, fields)}"
    return ""


def parts(expression: str) -> tuple[str, ...]:
    """
    Expressions whose values say why this one came to what it did, most telling first.

    The facts that it names; of `list.all(c, ...)` the items that are not so; the operands of `&&`, `||` and `?:`.
    """
    found: list[str] = []
    for chain in _chains(expression):
        if chain.scoped or chain.kind == "item":
            continue
        if chain.kind == "value":
            found.append(chain.text)
        else:
            found += _of_macro(chain)
    # of `!x` the value of `x` says enough
    found += [operand for operand in _operands(expression) if operand.removeprefix("!") not in found]
    return tuple(part for part in dict.fromkeys(found) if part != expression.strip())[:_MOST_PARTS]


def _of_macro(chain: _Chain) -> Iterator[str]:
    fields = ITEMS.get(chain.list.removeprefix("run.").removeprefix("production."))
    named = f".map({chain.variable}, {chain.variable}.{fields[0]})" if fields else ""
    if chain.macro == "all":
        yield f"{chain.text}.filter({chain.variable}, !({chain.body})){named}"
    elif chain.macro in {"exists", "exists_one", "filter"}:
        yield f"{chain.text}.filter({chain.variable}, {chain.body}){named}"
    else:
        yield f"size({chain.text})"


def _tokens(expression: str) -> list[_Token]:
    return [
        _Token(found.lastgroup or "", found.group(), found.start(), found.end())
        for found in _TOKEN.finditer(expression)
        if found.lastgroup != "space"
    ]


def _partners(tokens: list[_Token]) -> dict[int, int]:
    """Index of each opening bracket to that of its closing one."""
    partners, open_ones = {}, []
    for index, token in enumerate(tokens):
        if token.kind == "sign" and token.text in "([{":
            open_ones.append(index)
        elif token.kind == "sign" and token.text in ")]}" and open_ones:
            partners[open_ones.pop()] = index
    return partners


def _chains(expression: str) -> Iterator[_Chain]:
    tokens = _tokens(expression)
    partners = _partners(tokens)
    scopes: list[tuple[str, str, int]] = []  # variable, the list that it goes through, index of the closing bracket
    carried: dict[int, tuple[int, str]] = {}  # closing bracket of a filter: where its chain began, and the list
    index = 0
    while index < len(tokens):
        scopes = [scope for scope in scopes if scope[2] > index]
        token = tokens[index]
        follows_dot = index > 0 and tokens[index - 1].text == "."
        start, listed, last = index, "", index
        if token.text == "." and index - 1 in carried:
            start, listed = carried[index - 1]
            last = index - 1
        elif token.kind == "name" and not follows_dot and token.text not in _CONSTANTS:
            if _text(tokens, index + 1) == "(":
                index += 1
                continue
            last = _end(tokens, index)
            listed = expression[token.start : tokens[last].end]
        else:
            index += 1
            continue
        scope = next((scope for scope in reversed(scopes) if scope[0] == tokens[start].text), None)
        text = expression[tokens[start].start : tokens[last].end]
        scoped = any(scope[2] > index for scope in scopes) and (
            scope is not None or any(name in _names(tokens[start : last + 1]) for name, _, _ in scopes)
        )
        call = last + 3
        macro = _text(tokens, last + 2) if _text(tokens, last + 1) == "." and _text(tokens, call) == "(" else ""
        if scope is not None and listed == text:
            yield _Chain("item", text, list=scope[1], scoped=True)
        if macro in _MACROS and call in partners and _text(tokens, call + 2) == ",":
            closing, variable = partners[call], _text(tokens, call + 1)
            body = expression[tokens[call + 2].end : tokens[closing].start].strip()
            scoped = scoped or any(name in _names(tokens[call + 3 : closing]) for name, _, _ in scopes)
            chain = _Chain("macro", text, list=listed, macro=macro, variable=variable, body=body, scoped=scoped)
            filtered_on = macro == "filter" and _text(tokens, closing + 1) == "."
            if not filtered_on:
                yield chain
            scopes.append((variable, listed, closing))
            if macro == "filter":
                carried[closing] = (start, listed)
            index = call + 3
            continue
        if scope is None and listed == text:
            yield _Chain("value", text, scoped=scoped)
        index = last + 1 if last > index else index + 1


def _text(tokens: list[_Token], index: int) -> str:
    return tokens[index].text if index < len(tokens) else ""


def _names(tokens: list[_Token]) -> set[str]:
    return {token.text for token in tokens if token.kind == "name"}


def _end(tokens: list[_Token], index: int) -> int:
    """Index of the last token of `a.b["c"].d`; a name that is called does not belong to it."""
    while True:
        if (
            _text(tokens, index + 1) == "."
            and index + 2 < len(tokens)
            and tokens[index + 2].kind == "name"
            and _text(tokens, index + 3) != "("
        ):
            index += 2
        elif (
            _text(tokens, index + 1) == "["
            and index + 2 < len(tokens)
            and tokens[index + 2].kind in {"text", "number"}
            and _text(tokens, index + 3) == "]"
        ):
            index += 3
        else:
            return index


def _operands(expression: str, *, depth: int = 0) -> list[str]:
    """The operands of the logical operators, outermost first; none where it has none."""
    if depth > _DEEPEST:
        return []
    tokens = _tokens(expression)
    partners = _partners(tokens)
    if tokens and tokens[0].text == "(" and partners.get(0) == len(tokens) - 1:
        return _operands(expression[tokens[0].end : tokens[-1].start], depth=depth + 1)
    if len(tokens) > 1 and tokens[0].text == "!" and partners.get(1) == len(tokens) - 1:
        return _operands(expression[tokens[0].end :], depth=depth + 1)
    cuts, index = [], 0
    while index < len(tokens):
        if tokens[index].text in {"&&", "||", "?", ":"}:
            cuts.append(tokens[index])
        index = partners.get(index, index) + 1
    if not cuts:
        return []
    edges = [0, *(edge for cut in cuts for edge in (cut.start, cut.end)), len(expression)]
    operands = [expression[edges[at] : edges[at + 1]].strip() for at in range(0, len(edges), 2)]
    operands = [operand for operand in operands if operand and operand not in _CONSTANTS]
    return [
        *operands,
        *(part for operand in operands if operand != expression for part in _operands(operand, depth=depth + 1)),
    ]
