"""Stores as released versions made them, one for each schema; kept as text under `released/`, and never changed."""

import json
import sqlite3
from pathlib import Path

__all__ = ["ALL", "unpack"]

ALL = sorted(path.stem for path in Path(__file__).with_name("released").glob("*.json"))


def unpack(schema: str, root: Path) -> None:
    """Make the store of that schema in `root`: two runs, the first in production, one word of the gate."""
    kept = json.loads(Path(__file__).with_name("released").joinpath(f"{schema}.json").read_text())
    folder = root / ".proofbook"
    for name in ("running", "quarantine"):
        (folder / name).mkdir(parents=True)
    for digest, text in kept["blobs"].items():
        path = folder / "blobs" / digest[:2] / digest[2:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    connection = sqlite3.connect(folder / "proofbook.db")
    connection.executescript("\n".join(kept["database"]))
    connection.close()
    (folder / "layout").write_text(f"{kept['layout']}\n")
