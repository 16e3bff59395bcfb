"""PB405: commands of a shell, and cells in another language."""

import sys
from collections.abc import Iterator

from proofbook.analyze.magic_names import PYTHON_BODY
from proofbook.analyze.magics import Magic
from proofbook.lint.rule import Subject, Violation, rule
from proofbook.lint.rules.pb404_installs_packages import installing_command

__all__ = ["shell_escape"]

_LINE = {"system", "sx", "sc", "bash", "sh"}
_SCRIPTS = {"!", "bash", "sh", "script", "zsh", "cmd", "powershell", "pwsh", "sx", "system"}
_LANGUAGES = {"perl", "ruby", "python", "python2", "python3", "pypy", "node"}
_OF_IPYTHON = (
    PYTHON_BODY
    | set(
        "HTML SVG file html javascript js latex markdown svg writefile".split()  # noqa: SIM905  reads best as words
    )
    | _SCRIPTS
    | _LANGUAGES
)
_ADVICE = "call what does it from Python (pathlib, shutil, subprocess.run with check=True)"


@rule("PB405", "shell-escape", level="warning")
def shell_escape(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds `!command`, `%system`, `%sx`, and cells for another program: `%%bash`, `%%script`, `%%perl`, `%%python2` ...
    Reported once for each cell. It also finds a cell magic that is not IPython's own, where nothing in the notebook
    could have brought it. Commands that install packages belong to PB404; `%%html`, `%%latex`, `%%sql` and their like
    are ordinary.

    ## Why is this bad?
    A failed `!command` raises nothing: the run goes on with what the command did not do, and ends green. What the
    command finds depends on the machine, and neither lint nor staleness can see which files it reads and writes.

    ## Example
    ```python
    !cp raw/flights.csv data/flights.csv
    ```

    Use instead:
    ```python
    shutil.copy("raw/flights.csv", "data/flights.csv")
    ```

    ## Fix safety
    There is no fix: a command may use anything that the shell of this machine offers.
    """
    brought = False
    for flow in subject.flow:
        for magic in flow.magics:
            what, advice = _escape(magic) if installing_command(magic) is None else None, _ADVICE
            if what is None and not brought and _is_unknown(magic):
                what = f"`%%{magic.name}` is not IPython's, and nothing loads it: the cell will fail"
                advice = "load the extension that brings the magic (`%load_ext`) above, or drop the line"
            if what is not None:
                yield Violation(
                    message=what,
                    advice=advice,
                    cell=flow.cell,
                    line=magic.line,
                    column=magic.column,
                    once="shell",
                )
        brought = brought or flow.wild or flow.problem is not None or any(map(_brings_magics, flow.magics))
        brought = brought or any(
            known.level or known.module.split(".")[0] not in sys.stdlib_module_names for known in flow.imports
        )


def _escape(magic: Magic) -> str | None:
    if magic.kind == "shell" or (magic.kind in {"line", "automagic"} and magic.name in _LINE):
        shown = magic.text if len(magic.text) <= 40 else f"{magic.text[:37]}..."
        return f"`{shown}` runs a shell, and its failure goes unnoticed"
    if magic.kind == "cell" and magic.name in _SCRIPTS:
        return f"`%%{magic.name}` runs a shell, out of sight of lint and staleness"
    if magic.kind == "cell" and magic.name in _LANGUAGES:
        return f"`%%{magic.name}` runs another program, out of sight of lint and staleness"
    return None


def _is_unknown(magic: Magic) -> bool:
    return magic.kind == "cell" and magic.name.isidentifier() and magic.name not in _OF_IPYTHON


def _brings_magics(magic: Magic) -> bool:
    return magic.wild or magic.name in {"load_ext", "reload_ext", "alias_magic", "load", "config"}
