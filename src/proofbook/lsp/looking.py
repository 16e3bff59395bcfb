"""What lint says of a notebook that is open. A rule that fails is passed over, and named: the others go on."""

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from proofbook.analyze.cells import CellFlow
from proofbook.lint import baseline, engine, registry
from proofbook.lint.baseline import Baseline
from proofbook.lint.fix import Fix
from proofbook.lint.result import LintResult
from proofbook.lint.rule import Project
from proofbook.lsp.opened import Opened
from proofbook.model.configuration import LintConfiguration
from proofbook.model.finding import Finding

__all__ = ["Found", "Seen", "look"]

_OF_METADATA = ("PB1", "PB3", "PB8")
"""Groups of rules that speak of tags, outputs, counts and ids."""

Found = tuple[Finding, Fix | None]


class Seen(Struct, frozen=True, kw_only=True):
    """One look at a notebook."""

    opened: Opened
    found: tuple[Found, ...] = ()
    """Without the suppressed ones, and those that the baseline knows."""
    failures: tuple[str, ...] = ()
    """Of our own: which rule failed, and how."""


def look(
    opened: Opened,
    *,
    configuration: LintConfiguration,
    project: Project | None,
    folder: Path | None,
    known: Baseline | None = None,
) -> Seen:
    """All that is to be said of `opened` now. Never raises for what is in the notebook, nor for what a rule does."""
    failures: list[str] = []
    if opened.unreadable is not None:
        told = engine.unreadable(opened.notebook.path, opened.unreadable, configuration=configuration)
        return Seen(opened=opened, found=tuple((finding, None) for finding in told))
    try:
        flow = engine.analyze(opened.notebook)
    except Exception as error:  # noqa: BLE001 - the editor's server must outlive what is wrong with ours
        failures.append(f"the analysis of {opened.notebook.path} failed: {_told(error)}")
        return Seen(opened=opened, failures=tuple(failures))
    try:
        found = engine.examine(opened.notebook, configuration=configuration, project=project, flow=flow, folder=folder)
    except Exception:  # noqa: BLE001 - as above
        alone = _one_by_one(
            opened, configuration=configuration, project=project, folder=folder, flow=flow, failures=failures
        )
        found = tuple(alone)
    if known is not None:
        marked = baseline.compared(LintResult(findings=tuple(f for f, _ in found)), known, judged=lambda _: False)
        found = tuple((finding, fix) for finding, (_, fix) in zip(marked.findings, found, strict=True))
    return Seen(
        opened=opened,
        found=tuple((finding, fix) for finding, fix in found if finding.counts and _is_sure(opened, finding)),
        failures=tuple(failures),
    )


def _one_by_one(
    opened: Opened,
    *,
    configuration: LintConfiguration,
    project: Project | None,
    folder: Path | None,
    flow: tuple[CellFlow, ...] | str,
    failures: list[str],
) -> Iterator[Found]:
    """Every rule by itself, so that the one that fails takes none along."""
    for rule in registry.selected(configuration):
        alone = replace(configuration, select=[rule.code], ignore=[])
        try:
            found = engine.examine(opened.notebook, configuration=alone, project=project, flow=flow, folder=folder)
        except Exception as error:  # noqa: BLE001 - as above
            failures.append(f"rule {rule.code} {rule.name} failed on {opened.notebook.path}: {_told(error)}")
            continue
        yield from (pair for pair in found if pair[0].rule == rule.code)


def _is_sure(opened: Opened, finding: Finding) -> bool:
    """Whether the finding speaks of what is known; where only the cells' text is, there are no tags to be missed."""
    return opened.saved or not finding.rule.startswith(_OF_METADATA) or finding.rule == "PB807"


def _told(error: Exception) -> str:
    said = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
