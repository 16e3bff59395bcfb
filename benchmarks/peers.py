"""
The environment of the peers: the same packages in the same versions as ours, and no Proofbook.

It is apart because Papermill loads every installed engine when it is imported, ours among them, and a peer shall not
pay for us; and because nbmake is no dependency of ours.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from processes import compiled

__all__ = ["environment"]

_FOLDER = Path(__file__).parent


def environment(name: str = "peers", *, lock: str = "requirements.lock") -> Path:
    """The folder of the peers' environment, made from the lock file, by hash, where it is not there yet."""
    folder = Path(sys.prefix) / name
    stamp = folder / f".made-from-{hashlib.sha256((_FOLDER / lock).read_bytes()).hexdigest()[:16]}"
    if not stamp.exists():
        print(f"Installing the peers into {folder} ...", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        _install(folder, _FOLDER / lock)
        compiled(folder)
        stamp.touch()
    return folder


def _install(folder: Path, lock: Path) -> None:
    python = str(folder / "bin" / "python")
    uv = shutil.which("uv")
    if uv:
        subprocess.run([uv, "venv", "-q", "--python", sys.executable, folder], check=True)
        subprocess.run([uv, "pip", "install", "-q", "-p", python, "--require-hashes", "-r", str(lock)], check=True)
    else:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        words = ["-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", str(lock)]
        subprocess.run([python, *words], check=True)
