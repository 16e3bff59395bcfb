"""
What was found in a file under a contract, kept by content: a file that did not change is not read again.

Under `.proofbook/cache/contracts/`, which may be removed at any time: that costs a check, and nothing else.
"""

import hashlib
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from proofbook import __version__
from proofbook.contracts.check import Found, Parts
from proofbook.contracts.contract import Contract
from proofbook.disk import atomic
from proofbook.model.run import canonical

__all__ = ["Kept", "keep", "key_of", "recall"]


class Kept(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was found, and by which digests the two parts of the file are known again."""

    found: Found
    clean: str = ""
    aside: str = ""


def key_of(shown: str, *, digest: str, contract: Contract) -> str:
    """
    Name under which the finding is kept.

    Args:
        shown: The file's name: it is in every message, and may say the period.
        digest: Of the file's content.
        contract: What it is held against.
    """
    return hashlib.sha256(canonical([__version__, shown, digest, contract.path, contract.digest])).hexdigest()


def keep(folder: Path, key: str, found: Found, parts: Parts | None) -> Kept:
    """Keep a finding, and what it made of the file. Raises MachineError."""
    kept = Kept(found=found)
    if parts is not None:
        clean, aside = _paths(folder, key)
        atomic.write(clean, parts.clean, durable=False, mode=0o444)
        atomic.write(aside, parts.aside, durable=False, mode=0o444)
        kept = Kept(
            found=found,
            clean=hashlib.sha256(parts.clean).hexdigest(),
            aside=hashlib.sha256(parts.aside).hexdigest(),
        )
    atomic.write(folder / f"{key}.json", msgspec.json.encode(kept), durable=False)
    return kept


def recall(folder: Path, key: str) -> tuple[Kept, Path, Path] | None:
    """The finding with the places of the clean copy and of what was set aside; None where it must be made anew."""
    with suppress(OSError, msgspec.DecodeError):
        kept = msgspec.json.decode((folder / f"{key}.json").read_bytes(), type=Kept)
        clean, aside = _paths(folder, key)
        # somebody may have written to a copy: then it is none
        if not kept.clean or (atomic.digest_of(clean) == kept.clean and atomic.digest_of(aside) == kept.aside):
            return kept, clean, aside
    return None


def _paths(folder: Path, key: str) -> tuple[Path, Path]:
    return folder / f"{key}.clean", folder / f"{key}.csv"
