"""The project: its pipeline.yaml and its version control."""

import shutil
import subprocess

from proofbook.exceptions import PipelineError
from proofbook.flow import door
from proofbook.flow.doctor.finding import Place, Said

__all__ = ["door_lines", "git"]

_SECONDS = 20


def door_lines(place: Place) -> Said:
    """The lines of pipeline.yaml by which Ploomber calls Proofbook."""
    file = place.root / "pipeline.yaml"
    if not file.is_file():
        return "warning", f"no pipeline.yaml in {place.root}", "run this in a project, or make one: proofbook init"
    try:
        found = door.read(file.read_bytes())
    except PipelineError as error:
        return "problem", str(error), "mend pipeline.yaml"
    if found.taken:
        key, (line, shown) = next(iter(found.taken.items()))
        what = f"pipeline.yaml, line {line}: `{key}: {shown}`: `ploomber build` does not call Proofbook"
        return "warning", what, f"write `{door.LINES[key]}` instead"
    if found.missing:
        what = f"pipeline.yaml lacks {', '.join(found.missing)}: `ploomber build` does not call Proofbook"
        return "warning", what, "proofbook init adds the lines"
    return "ok", "pipeline.yaml opens Proofbook's door", ""


def git(place: Place) -> Said:
    """Git, which tells a run the state of the code."""
    program = shutil.which("git", path=place.environment.get("PATH"))
    if program is None:
        return "warning", "git is not installed: runs do not record the commit they were made from", "install git"
    done = subprocess.run(
        [program, "-C", str(place.root), "rev-parse", "HEAD"],
        capture_output=True, check=False, timeout=_SECONDS, stdin=subprocess.DEVNULL, text=True, errors="replace",
    )  # fmt: skip
    if done.returncode != 0:
        # git says in its first line why: no repository, no commit yet, or a folder that belongs to someone else
        reason = (done.stderr.strip().splitlines() or ["no answer"])[0]
        what = f"runs do not record the commit they were made from: {reason}"
        return "warning", what, "git init, and commit the project"
    return "ok", f"commit {done.stdout.strip()[:12]}", ""
