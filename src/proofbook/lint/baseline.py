"""
Findings that are known: an old project adopts lint today, and may only get better.

The file lies in the project and is committed. A finding is known again by its notebook, rule, cell and the text of
the line, so it may move; what is new counts. Writing the file a second time only takes out what is gone.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from proofbook.exceptions import ConfigurationError
from proofbook.lint.result import LintResult
from proofbook.model.finding import Finding, KnownFinding

__all__ = ["Baseline", "compared", "encoded", "made", "read", "shrunk"]

_VERSION = 1
_LARGEST = 64 * 1024 * 1024
_NEVER = {"PB807"}
"""What cannot be read is never good enough."""
_ABOUT = "Findings that are known and may only become fewer. Made by `proofbook lint --write-baseline`."


class Baseline(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file."""

    about: str = _ABOUT
    version: int = _VERSION
    findings: tuple[KnownFinding, ...] = ()


def read(path: Path) -> Baseline | None:
    """
    The baseline at `path`; None where there is none.

    Raises:
        ConfigurationError: It cannot be read.
    """
    try:
        if not path.is_file():
            return None
        if path.stat().st_size > _LARGEST:
            raise ConfigurationError(f"{path.name} is no baseline: it is too large")
        found = msgspec.json.decode(path.read_bytes(), type=Baseline)
    except (msgspec.MsgspecError, RecursionError) as error:
        cure = "mend it, or remove it and write it anew by `proofbook lint --write-baseline`"
        raise ConfigurationError(f"{path.name} is no baseline: {error}; {cure}") from None
    except OSError as error:
        raise ConfigurationError(f"{path.name} cannot be read: {error.strerror}") from None
    if found.version != _VERSION:
        raise ConfigurationError(f"{path.name} is of version {found.version}, and only {_VERSION} is known: update")
    return found


def made(findings: Iterable[Finding]) -> Baseline:
    """A baseline of all that is open now."""
    counts = Counter(_key(finding) for finding in findings if _may_be_known(finding))
    return Baseline(findings=tuple(sorted(replace(entry, count=count) for entry, count in counts.items())))


def compared(result: LintResult, known: Baseline, *, judged: Callable[[KnownFinding], bool]) -> LintResult:
    """
    `result`, with the known findings marked, and what of the baseline is gone.

    Args:
        result: What lint found.
        known: The baseline.
        judged: Whether this run would have found what an entry stands for: it looked there, by that rule.
    """
    left = Counter({replace(entry, count=1): entry.count for entry in known.findings})
    findings = []
    for finding in result.findings:
        key = _key(finding) if _may_be_known(finding) else None
        if key is not None and left[key] > 0:
            left[key] -= 1
            findings.append(replace(finding, known=True))
        else:
            findings.append(finding)
    gone = tuple(replace(entry, count=count) for entry, count in sorted(left.items()) if count > 0 and judged(entry))
    return replace(result, findings=tuple(findings), gone=gone)


def shrunk(known: Baseline, gone: Iterable[KnownFinding]) -> Baseline:
    """The baseline without what is gone."""
    left = Counter({replace(entry, count=1): entry.count for entry in known.findings})
    for entry in gone:
        left[replace(entry, count=1)] -= entry.count
    entries = (replace(entry, count=count) for entry, count in left.items() if count > 0)
    return Baseline(findings=tuple(sorted(entries)))


def encoded(known: Baseline) -> bytes:
    """The file's bytes: an entry a line, so that a review shows which went."""
    head = msgspec.json.encode({"about": known.about, "version": known.version})[:-1]
    lines = b",\n".join(b"  " + msgspec.json.encode(entry) for entry in known.findings)
    return head + b',"findings":[\n' + lines + (b"\n" if lines else b"") + b"]}\n"


def _may_be_known(finding: Finding) -> bool:
    return finding.suppressed is None and finding.rule not in _NEVER


def _key(finding: Finding) -> KnownFinding:
    own = finding.cell_id if finding.cell_id != f"cell-{finding.cell}" else ""
    text = " ".join(finding.text.split())
    # of a cell without an id, and without a line that the finding points at, only the number is left
    text = text or (f"cell {finding.cell}" if finding.cell and not own else "")
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16] if text else ""
    return KnownFinding(path=finding.path, rule=finding.rule, cell=own, line=digest)
