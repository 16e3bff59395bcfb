"""PB401: a secret in the notebook."""

import ast
from collections.abc import Iterator
from typing import Any

from proofbook.analyze import spans
from proofbook.analyze.cells import CellFlow
from proofbook.lint.credentials import by_name, masked, secrets
from proofbook.lint.rule import Subject, Violation, rule
from proofbook.model.notebook import Cell

__all__ = ["secret"]

_ADVICE = "revoke it, then read it where it is kept: `os.environ[...]`; it stays in the history of the repository"
_NAMED = ("passw", "passphrase", "pwd", "secret", "token", "key", "auth")
_STARS = "****"
_TEXTS = ("text/plain", "text/html", "text/markdown", "application/json")
_LONGEST = 2_000_000
"""Characters of one output that are searched."""


@rule("PB401", "secret", level="error", python=False)
def secret(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds credentials in the source of any cell and in its outputs: tokens that can be told by their form (GitHub,
    GitLab, AWS, Google, Slack, Stripe, PyPI, npm, Hugging Face, OpenAI, Anthropic, SendGrid, DigitalOcean, Databricks,
    Azure storage, JSON Web Tokens, private keys), passwords in addresses, and texts given to a name like `password` or
    `api_key` that look like one. No finding of any rule shows the secret.

    Placeholders (`"your-token"`, `AKIAIOSFODNN7EXAMPLE`), words, and what is read from the environment are left alone.

    ## Why is this bad?
    Whoever can read the repository, a log, a report or the executed notebook can use it, for as long as it is valid.
    Taking it out of the file does not take it out of the history.

    ## Example
    ```python
    connection = connect(user="flights", password="hunter2!")
    ```

    Use instead:
    ```python
    connection = connect(user="flights", password=os.environ["FLIGHTS_PASSWORD"])
    ```

    ## Fix safety
    There is no fix: a secret that was written down has to be revoked, and somebody has to decide where it is kept.
    """
    for cell in subject.notebook.cells:
        for found in secrets(cell.source):
            line = cell.source.count("\n", 0, found.start) + 1
            start = cell.source.rfind("\n", 0, found.start) + 1
            yield _told(cell, found.kind, line=line, column=found.start - start + 1)
        kinds = {found.kind for text in _texts(cell) for found in secrets(text[:_LONGEST])}
        yield from (_told(cell, f"{kind} in the output") for kind in sorted(kinds))
    for flow in subject.flow:
        plain = flow.cell.source.lower()
        if any(word in plain for word in _NAMED):
            yield from _by_name(flow)


def _told(cell: Cell, kind: str, *, line: int = 0, column: int = 0) -> Violation:
    return Violation(
        message=f"{kind}: whoever reads this notebook can use it",
        advice=_ADVICE,
        cell=cell,
        line=line,
        column=column,
        once=f"{kind} {line}",
        text=_shown(cell, line),
    )


def _shown(cell: Cell, line: int) -> str | None:
    """The line without its secret; nothing of it, where that is hard to find."""
    text = spans.split(cell.source)[line - 1] if line else ""
    hidden = masked(text)
    return hidden if hidden != text else _STARS if line else None


def _texts(cell: Cell) -> Iterator[str]:
    """What the outputs of a cell show as text."""
    for output in cell.outputs:
        data = output.get("data")
        shown: list[Any] = [output.get("text"), output.get("evalue"), output.get("traceback")]
        shown += [data.get(kind) for kind in _TEXTS] if isinstance(data, dict) else []
        for text in shown:
            if isinstance(text, list):
                yield "".join(part for part in text if isinstance(part, str))
            elif isinstance(text, str):
                yield text


def _by_name(flow: CellFlow) -> Iterator[Violation]:
    for name, value in _given(flow):
        kind = by_name(name, value.value) if isinstance(value, ast.Constant) and isinstance(value.value, str) else None
        if kind is not None:
            span = flow.place(value)
            yield _told(flow.cell, f"a {kind} in `{name}`", line=span.line, column=span.column)
    for magic in flow.magics:
        if magic.name in {"env", "set_env"}:
            name, _, text = magic.arguments.replace("=", " ", 1).partition(" ")
            kind = by_name(name, text.strip())
            if kind is not None:
                yield _told(flow.cell, f"a {kind} in `{name}`", line=magic.line, column=magic.column)


def _given(flow: CellFlow) -> Iterator[tuple[str, ast.expr]]:
    """Name to what is given to it: by assignment, as argument, as default, under a key."""
    for assignment in flow.nodes(ast.Assign):
        yield from ((_name(target), assignment.value) for target in assignment.targets)
    for annotated in flow.nodes(ast.AnnAssign):
        if annotated.value is not None:
            yield _name(annotated.target), annotated.value
    for keyword in flow.nodes(ast.keyword):
        yield keyword.arg or "", keyword.value
    for table in flow.nodes(ast.Dict):
        yield from ((_name(key), value) for key, value in zip(table.keys, table.values, strict=True))
    for function in flow.nodes(ast.arguments):
        with_default = function.args[len(function.args) - len(function.defaults) :]
        yield from ((one.arg, value) for one, value in zip(with_default, function.defaults, strict=False))
        yield from (
            (one.arg, value)
            for one, value in zip(function.kwonlyargs, function.kw_defaults, strict=True)
            if value is not None
        )


def _name(target: ast.expr | None) -> str:
    """`password` of `password`, `self.password`, `config["password"]` and `"password":`."""
    if isinstance(target, ast.Name):
        return target.id
    if isinstance(target, ast.Attribute):
        return target.attr
    key = target.slice if isinstance(target, ast.Subscript) else target
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""
