"""Lint as the command line asks for it: with ruff, a cache, several processes and the project's baseline."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from proofbook.disk import atomic
from proofbook.flow import lint as flow
from proofbook.flow.examining import processors
from proofbook.lint import baseline
from proofbook.lint.cache import Cache
from proofbook.lint.result import LintResult
from proofbook.model.configuration import LintConfiguration

__all__ = ["Asked", "Written"]


class Written(Struct, frozen=True, kw_only=True):
    """What became of the baseline."""

    name: str
    first: bool
    """Whether there was none before."""
    entries: int
    """Findings in it now."""
    gone: int = 0
    """Findings that were taken out."""


class Asked:
    """One project, asked in one way, as often as one likes: only what has changed is looked at again."""

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        root: Path,
        configuration: LintConfiguration,
        cache: bool = True,
        known: bool = True,
    ) -> None:
        """
        Prepare.

        Args:
            paths: As `flow.lint` takes them.
            root: The project's folder.
            configuration: Which rules run.
            cache: Whether to use what was said in earlier runs, and to keep what is said in this one.
            known: Whether the findings of the baseline are known.
        """
        self._paths = paths
        self._root = root
        self._configuration = configuration
        self._cache = Cache(root, configuration=configuration) if cache else None
        self._known = known

    def lint(self) -> LintResult:
        """
        What is found now.

        Raises:
            ConfigurationError: A code that does not exist; a baseline that cannot be read.
            PipelineError: `pipeline.yaml` cannot be read.
            MachineError: A process that lints was ended from outside.
        """
        return flow.lint(
            self._paths,
            root=self._root,
            configuration=self._configuration,
            python=True,
            cache=self._cache,
            workers=processors(),
            known=baseline.read(self._file) if self._known else None,
        )

    def write_baseline(self, result: LintResult) -> Written:
        """
        Write what is known: all that was found where there is no baseline yet, else only what is left of it.

        Raises:
            ConfigurationError: The baseline that is there cannot be read.
            MachineError: It cannot be written.
        """
        before = baseline.read(self._file)
        after = baseline.made(result.findings) if before is None else baseline.shrunk(before, result.gone)
        if before is None or after != before:
            atomic.write(self._file, baseline.encoded(after))
        gone = sum(entry.count for entry in result.gone) if before is not None else 0
        entries = sum(entry.count for entry in after.findings)
        return Written(name=self._configuration.baseline, first=before is None, entries=entries, gone=gone)

    @property
    def _file(self) -> Path:
        return self._root / self._configuration.baseline
