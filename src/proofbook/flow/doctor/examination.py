"""All checks, in the order in which they are told."""

from pathlib import Path

from proofbook.flow.doctor import jupyter, machine, packages, project
from proofbook.flow.doctor.finding import Check, Diagnosis, Place

__all__ = ["CHECKS", "examine"]

CHECKS = (
    Check(code="D101", name="python", look=packages.python),
    Check(code="D102", name="requirements", look=packages.requirements),
    Check(code="D103", name="ploomber-plot", look=packages.ploomber_plot),
    Check(code="D104", name="scrapbook-tables", look=packages.scrapbook_tables),
    Check(code="D105", name="papermill-plugins", look=packages.papermill_plugins),
    Check(code="D106", name="lock", look=packages.lock),
    Check(code="D201", name="ploomber-in-jupyter", look=jupyter.ploomber_extension),
    Check(code="D202", name="kernels", look=jupyter.kernels),
    Check(code="D203", name="kernel-interpreter", look=jupyter.kernel_interpreter),
    Check(code="D301", name="bytecode", look=machine.bytecode),
    Check(code="D302", name="encoding", look=machine.encoding),
    Check(code="D303", name="store-folder", look=machine.store_folder),
    Check(code="D304", name="file-system", look=machine.file_system),
    Check(code="D305", name="disk-space", look=machine.disk_space),
    Check(code="D401", name="door", look=project.door_lines),
    Check(code="D402", name="git", look=project.git),
)


def examine(root: Path) -> tuple[Diagnosis, ...]:
    """Look at everything: the environment of this process, and the project at `root`."""
    place = Place(root=root)
    return tuple(check.diagnose(place) for check in CHECKS)
