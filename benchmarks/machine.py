"""What the figures were measured on."""

import os
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

__all__ = ["describe"]

_SAID = ("proofbook", "ploomber", "ipykernel", "jupyter-client", "nbclient", "pandas", "scikit-learn", "matplotlib")


def describe(folder: Path, *, peers: Path | None = None) -> dict[str, Any]:
    """
    Processor, memory, system, Python and versions, the file system under `folder`, and how busy the machine is.

    Args:
        folder: Where the projects that are measured lie.
        peers: The peers' environment, where there is one: its versions are told as well.
    """
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "file_system": _file_system(folder),
        "load_before": round(os.getloadavg()[0], 2),
        "versions": {name: metadata.version(name) for name in _SAID},
        **({"versions_of_peers": _versions(peers)} if peers else {}),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _file_system(folder: Path) -> str:
    mounts = [part for part in psutil.disk_partitions(all=True) if folder.resolve().is_relative_to(part.mountpoint)]
    return max(mounts, key=lambda part: len(part.mountpoint)).fstype if mounts else "unknown"


def _versions(environment: Path) -> dict[str, str]:
    names = ("ploomber", "ploomber-engine", "papermill", "nbconvert", "nbclient", "nbmake", "pytest", "pytest-xdist")
    folder = environment / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    found = {one.metadata["Name"].lower(): one.version for one in metadata.distributions(path=[str(folder)])}
    return {name: found[name] for name in (*names, "scrapbook", "pandas", "polars", "datacompy") if name in found}
