"""What the gate said, as files for the machine that asked: a CI system's tests and its summary."""

from pathlib import Path

from proofbook.disk import atomic
from proofbook.model.verdict import GateResult

__all__ = ["announce"]


def announce(result: GateResult, *, junit: Path | None, markdown: Path | None, strict: bool) -> None:
    """
    Write what the gate said for the machine that asked.

    Args:
        result: What it said.
        junit: Where the JUnit XML goes, if anywhere.
        markdown: Where the summary goes.
        strict: `review` is a failure.

    Raises:
        MachineError: A file cannot be written.
    """
    if junit is not None:
        from proofbook.report.junit import junit as document

        atomic.write(junit, document(result, strict=strict), durable=False)
    if markdown is not None:
        from proofbook.report.summary import markdown as summary

        atomic.write(markdown, summary(result).encode("utf-8", "backslashreplace") + b"\n", durable=False)
