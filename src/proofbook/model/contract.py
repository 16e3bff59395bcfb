"""What came of holding data files against their contracts: breaches, and what was set aside."""

from typing import Literal

from msgspec import Struct

__all__ = ["VARIABLE", "Breach", "Checked", "Policy", "SetAside"]

VARIABLE = "PROOFBOOK_CONTRACTS"
"""Variable of the environment of a task: the file that says what the build found in the data it reads."""

Policy = Literal["fail", "warn", "quarantine"]


class Breach(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One way in which one file does not keep its contract."""

    file: str
    column: str = ""
    """Empty where it is about the file as a whole."""
    check: str
    policy: Policy
    count: int = 0
    """Rows; 0 where no single row is at fault."""
    of: int = 0
    """Rows of the file."""
    example: str = ""
    """One value that is at fault, as text."""
    message: str
    """What is wrong, in one line, without the file and the column."""
    cure: str
    """What to do."""

    @property
    def line(self) -> str:
        """All of it in one line."""
        where = f"{self.file}: column {self.column}" if self.column else self.file
        return f"{where}: {self.message} ({self.check}: {self.policy}); {self.cure}"


class SetAside(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Rows that a task does not get, with the reason for each, in a file for people."""

    file: str
    path: str
    """CSV, relative to the pipeline: the row's number, the reasons, the row."""
    digest: str = ""
    rows: int


class Checked(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one contract said of the files of one task."""

    contract: str
    """The contract's file, relative to the pipeline."""
    digest: str
    """Of what the contract says."""
    files: int = 0
    breaches: tuple[Breach, ...] = ()
    set_aside: tuple[SetAside, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a breach ends the task."""
        return any(breach.policy == "fail" for breach in self.breaches)
