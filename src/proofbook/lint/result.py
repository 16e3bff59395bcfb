"""What one run of lint found, over all its notebooks."""

from msgspec import Struct

from proofbook.model.finding import Finding, KnownFinding

__all__ = ["LintResult", "NotAnalysed"]


class NotAnalysed(Struct, frozen=True, kw_only=True):
    """Notebooks in a language that the rules on code do not know."""

    language: str
    """As people write it: `R`, `Julia`."""
    notebooks: int
    rules_applied: int
    """Those that ran and speak of notebooks in any language."""
    rules_not_analysed: int
    """Those that ran on the others and need Python."""


class LintResult(Struct, frozen=True, kw_only=True):
    """Findings in the order of files and cells. Suppressed and known ones are among them, and count for nothing."""

    findings: tuple[Finding, ...] = ()
    notebooks: int = 0
    """How many were looked at, the unreadable included."""
    cells: int = 0
    """Code cells in them."""
    fixed: int = 0
    """Findings that were mended before, and are not among these."""
    failure: str = ""
    """Why what ruff says is not among them, where it was asked."""
    gone: tuple[KnownFinding, ...] = ()
    """What stands in the baseline, and was not found any more."""
    not_analysed: tuple[NotAnalysed, ...] = ()
    """What was looked at only in part, a language each."""

    @property
    def errors(self) -> int:
        """Findings that stop a build."""
        return sum(finding.level == "error" and finding.counts for finding in self.findings)

    @property
    def warnings(self) -> int:
        """Findings that a build goes ahead with."""
        return sum(finding.level == "warning" and finding.counts for finding in self.findings)

    @property
    def suppressed(self) -> int:
        """Findings that the author waved through, with a reason."""
        return sum(finding.suppressed is not None for finding in self.findings)

    @property
    def known(self) -> int:
        """Findings that stand in the baseline."""
        return sum(finding.known for finding in self.findings)
