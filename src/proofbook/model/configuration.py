"""`[tool.proofbook]` in pyproject.toml, or the same keys in proofbook.toml. Everything has a default that serves."""

from msgspec import Struct, field

__all__ = ["Configuration", "GateConfiguration", "LintConfiguration"]


class LintConfiguration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[tool.proofbook.lint]`."""

    select: list[str] = []
    """Codes or prefixes to run; empty means every rule that is on by default."""
    ignore: list[str] = []
    commit_outputs: bool = False
    """Set where outputs are meant to be committed: the rules that speak of them (PB101, PB105) are then errors."""


class GateConfiguration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[tool.proofbook.gate]`."""

    channel: str = "production"
    strict: bool = False
    """`review` ends in exit code 4 as well."""


class Configuration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of it."""

    workers: int = 0
    """Tasks that run at once; 0 means one for each core."""
    cell_timeout: float | None = None
    """Seconds that one cell may take."""
    task_timeout: float | None = None
    """Seconds that one task may take."""
    lock_wait: float = 600.0
    """Seconds that a second build waits for the first."""
    report: str = "output/report"
    """Folder in which the newest report is written, relative to the pipeline."""
    data: dict[str, list[str]] = {}
    """Task to the files it reads that no task writes: paths or globs, relative to the pipeline."""
    lint: LintConfiguration = field(default_factory=LintConfiguration)
    gate: GateConfiguration = field(default_factory=GateConfiguration)
