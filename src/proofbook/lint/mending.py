"""Looks at a notebook and mends it, again and again, until nothing more is proposed."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from proofbook.analyze import source
from proofbook.lint import fixing
from proofbook.lint.fix import Fix, Rerun
from proofbook.model.finding import Finding
from proofbook.model.notebook import Notebook

__all__ = ["Left", "Mended", "mend"]

_ROUNDS = 100
"""As many as ruff has: what is not done then never will be."""

Examine = Callable[[Notebook, bytes], Sequence[tuple[Finding, Fix | None]]]


class Left(Struct, frozen=True, kw_only=True):
    """A finding whose fix could not be made."""

    finding: Finding
    reason: str


class Mended(Struct, frozen=True, kw_only=True):
    """What became of one file."""

    content: bytes
    made: tuple[Finding, ...] = ()
    """What was mended, in the order in which it was; places are those of its round."""
    left: tuple[Left, ...] = ()
    rerun: tuple[Finding, ...] = ()
    """What only a run of the notebook mends."""
    endless: tuple[str, ...] = ()
    """Rules whose fixes brought forth one another; the content is then the one that was given."""


def mend(raw: bytes, *, path: str, examine: Examine, unsafe: bool = False) -> Mended:
    """
    The file with all fixes that can be made without a kernel.

    Args:
        raw: The file.
        path: Its name, which says the format.
        examine: Findings on a notebook and its bytes, each with its fix, as `engine.examine` gives them.
        unsafe: Whether also those are made that may change what the notebook means.

    Raises:
        NotebookError: It cannot be read.
    """
    content, made, seen = raw, list[Finding](), {raw}
    for _ in range(_ROUNDS):
        notebook = source.parse(content, path=path)
        wanted = [
            (finding, fix)
            for finding, fix in examine(notebook, content)
            if fix is not None and finding.suppressed is None and (unsafe or fix.safety == "safe")
        ]
        plain = [(finding, fix) for finding, fix in wanted if not _reruns(fix)]
        done = fixing.apply(content, notebook, [fix for _, fix in plain])
        now = [finding for finding, fix in plain if any(fix is each for each in done.applied)]
        if done.content == content:
            return Mended(
                content=content,
                made=tuple(made),
                left=tuple(
                    Left(finding=finding, reason=refused.reason)
                    for refused in done.refused
                    for finding, fix in plain
                    if fix is refused.fix
                ),
                rerun=tuple(finding for finding, fix in wanted if _reruns(fix)),
            )
        if done.content in seen:
            break
        content = done.content
        seen.add(content)
        made += now
    return Mended(content=raw, endless=tuple(sorted({finding.rule for finding in now})))


def _reruns(fix: Fix) -> bool:
    return any(isinstance(change, Rerun) for change in fix.changes)
