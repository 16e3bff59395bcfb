"""
Findings as GitHub's workflow commands, which its pages show at the line:
https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
"""

from proofbook.lint.result import LintResult
from proofbook.model.finding import Finding

__all__ = ["github"]


def github(result: LintResult, *, colour: bool = False) -> str:  # noqa: ARG001 - formats are called alike
    """One command a line; cell and line within it are in the message, as GitHub knows lines of files only."""
    return "\n".join(_command(finding) for finding in result.findings if finding.counts)


def _command(finding: Finding) -> str:
    # the column is the cell's, and so says nothing of the file's line
    properties = {
        "file": finding.path,
        "line": str(max(finding.file_line, 1)),
        "title": f"{finding.rule} {finding.name}",
    }
    said = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    advice = f"\n{finding.advice}" if finding.advice else ""
    return f"::{finding.level} {said}::{_text(f'{finding.place}: {finding.message}{advice}')}"


def _text(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
