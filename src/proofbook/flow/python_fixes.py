"""What ruff would mend: asked of all notebooks at once as they are, and of one at a time as it becomes."""

from collections.abc import Mapping
from pathlib import Path

from proofbook.exceptions import MachineError
from proofbook.lint import registry, ruff, ruff_findings
from proofbook.lint.fix import Fix
from proofbook.model.configuration import LintConfiguration
from proofbook.model.finding import Finding
from proofbook.model.notebook import Notebook

__all__ = ["PythonFixes"]


class PythonFixes:
    """Ruff's findings, each with its fix. Where ruff cannot be run there are none: lint says so, and why."""

    def __init__(self, files: Mapping[Path, bytes], *, root: Path, configuration: LintConfiguration) -> None:
        """
        Ask.

        Args:
            files: Path, resolved, to content, of notebooks in Python.
            root: Folder of the pipeline.
            configuration: What ruff is asked for.

        Raises:
            ConfigurationError: Ruff does not know a code, or cannot read its configuration.
        """
        ours = [rule.code for rule in registry.selected(configuration)]
        self._chosen: ruff.Selection | None = ruff.selection(configuration, root=root, ours=ours)
        self._files = files
        self._said: dict[Path, tuple[ruff.Said, ...]] = {}
        try:
            self._said = ruff.Reading(list(files), chosen=self._chosen).said() if files else {}
        except MachineError:
            self._chosen = None

    def of(self, path: Path, notebook: Notebook, content: bytes) -> tuple[tuple[Finding, Fix | None], ...]:
        """The findings on `notebook`, which is `content`, and is to stand at `path`."""
        if self._chosen is None or path not in self._files:
            return ()
        if content == self._files[path]:
            return ruff_findings.findings(notebook, self._said.get(path, ()))
        try:
            return ruff_findings.findings(notebook, ruff.said_of(content, path, chosen=self._chosen))
        except MachineError:
            return ()
