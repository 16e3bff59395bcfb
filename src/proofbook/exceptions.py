"""
Every error that a user can meet, in one tree.

    ProofbookError                       exit code
    ├── UsageError                       2   what was asked cannot be done as asked
    │   ├── ConfigurationError
    │   ├── PipelineError
    │   ├── NotebookError
    │   ├── ConversionError
    │   ├── ReplayError
    │   └── NotFoundError
    ├── TaskFailedError                  1
    ├── ContractBreachedError            1   data is not as its contract says
    ├── LintFailedError                  3
    ├── GateRefusedError                 4
    ├── MachineError                     5   the store or the machine does not allow it
    │   ├── StoreError
    │   │   ├── BlobCorruptError
    │   │   ├── ConflictError
    │   │   └── LockHeldError
    │   └── PathEscapesError
    └── CancelledError                 130

A message says what failed, which object, and what to do next, in one or two lines.
"""

__all__ = [
    "BlobCorruptError",
    "CancelledError",
    "ConfigurationError",
    "ConflictError",
    "ContractBreachedError",
    "ConversionError",
    "GateRefusedError",
    "LintFailedError",
    "LockHeldError",
    "MachineError",
    "NotFoundError",
    "NotebookError",
    "PathEscapesError",
    "PipelineError",
    "ProofbookError",
    "ReplayError",
    "StoreError",
    "TaskFailedError",
    "UsageError",
]


class ProofbookError(Exception):
    """The root of all errors that Proofbook raises on purpose."""

    exit_code = 1


class UsageError(ProofbookError):
    """What was asked cannot be done as asked."""

    exit_code = 2


class ConfigurationError(UsageError):
    """`[tool.proofbook]` or `proofbook.toml` has an unknown key or a value of the wrong type."""


class PipelineError(UsageError):
    """`pipeline.yaml` cannot be built as it stands: a cycle, an unknown upstream, a missing file ..."""


class NotebookError(UsageError):
    """A notebook cannot be read: not UTF-8, not JSON, truncated, not nbformat 4, empty."""


class ConversionError(UsageError):
    """A notebook cannot be converted into a task."""


class ReplayError(UsageError):
    """A run cannot be built again as it was: its code or its data is gone, a task of it fails ..."""


class NotFoundError(UsageError):
    """A run, record or channel that was named does not exist."""


class TaskFailedError(ProofbookError):
    """A task of a build failed."""

    exit_code = 1


class ContractBreachedError(ProofbookError):
    """A data file does not keep its contract, and the policy for that is to stop."""

    exit_code = 1


class LintFailedError(ProofbookError):
    """Lint found something of level error."""

    exit_code = 3


class GateRefusedError(ProofbookError):
    """The gate's decision is `no`, or `review` where `strict` is set."""

    exit_code = 4


class MachineError(ProofbookError):
    """The store or the machine does not allow it: disk full, no permission, a lock is held ..."""

    exit_code = 5


class StoreError(MachineError):
    """The store cannot be read or written."""


class BlobCorruptError(StoreError):
    """Bytes in the store do not hash to their name."""


class ConflictError(StoreError):
    """The channel moved on while a promotion was on its way."""


class LockHeldError(StoreError):
    """Another process holds the lock, and it was not freed in time."""


class PathEscapesError(MachineError):
    """A path leads outside the directory that it must stay in."""


class CancelledError(ProofbookError):
    """The user interrupted the work."""

    exit_code = 130
