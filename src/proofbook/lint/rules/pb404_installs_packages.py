"""PB404: a notebook that installs packages."""

import ast
import re
from collections.abc import Iterator

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Called
from proofbook.analyze.magics import Magic
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["installing_command", "installs_packages"]

_INSTALLERS = {"pip", "conda", "mamba", "micromamba", "uv"}
_SHELLS = {"bash", "sh", "script", "!", "sx", "system", "zsh"}
_CALLS = {
    "os.popen",
    "os.system",
    "pip._internal.main",
    "pip.main",
    "subprocess.Popen",
    "subprocess.call",
    "subprocess.check_call",
    "subprocess.check_output",
    "subprocess.getoutput",
    "subprocess.run",
}
_MISSING = {"ImportError", "ModuleNotFoundError"}
_ANY = {"Exception", "BaseException"}
_OPTIONS = r"(?:\s+-{1,2}\S+)*\s+"
_COMMAND = re.compile(
    r"(?:^|[\s;&|(/'\"])(?P<tool>"
    rf"pip[\d.]*{_OPTIONS}(?:install|uninstall)"
    rf"|uv\s+(?:pip{_OPTIONS}(?:install|uninstall|sync)|add|remove|sync)"
    rf"|(?:conda|mamba|micromamba){_OPTIONS}(?:install|update|upgrade|remove|uninstall|create|env\s+(?:create|update))"
    rf"|(?:apt|apt-get|yum|dnf|apk|brew){_OPTIONS}(?:install|add|remove|upgrade)"
    rf"|(?:npm|pnpm|yarn){_OPTIONS}(?:install|add|i)"
    r"|jupyter\s+labextension\s+install|easy_install|poetry\s+add|pipenv\s+install"
    r")(?:\s|$|['\"&|;)])"
)
_ADVICE = "declare it in pyproject.toml, requirements or environment.yml, and install it before the run"


@rule("PB404", "installs-packages", level="error")
def installs_packages(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds commands that install or remove packages: `!pip install`, `%pip install`, `%conda install`, `!apt install`,
    the same in a `%%bash` cell, by `os.system` and by `subprocess`. `pip list` and its like are left alone. So is what
    handles an ImportError: where the package is there, it never runs. A warning in a function, and where any
    exception is handled.

    ## Why is this bad?
    The run depends on what a package index serves at that moment, changes the environment of every other task, fails
    without a network, and cannot be repeated.

    ## Example
    ```python
    !pip install polars
    ```

    Use instead:
    ```toml
    # pyproject.toml
    dependencies = ["polars>=1.30"]
    ```

    ## Fix safety
    There is no fix: which versions the project wants, only the author knows.
    """
    for flow in subject.flow:
        for magic in flow.magics:
            command = installing_command(magic)
            if command is not None:
                tool, line = command
                caught = _caught(flow, line)
                if caught & _MISSING:
                    continue
                yield Violation(
                    message=f"`{tool}` changes the environment while the notebook runs",
                    advice=_ADVICE,
                    cell=flow.cell,
                    line=line,
                    column=magic.column if line == magic.line else 1,
                    level="warning" if caught & _ANY else None,
                )
        for call in flow.calls:
            called = _of_call(call) if call.name in _CALLS else None
            caught = _caught(flow, call.span.line) if called else set()
            if called is None or caught & _MISSING:
                continue
            yield Violation(
                message=f"`{called}` changes the environment while the notebook runs",
                advice=_ADVICE,
                cell=flow.cell,
                line=call.span.line,
                column=call.span.column,
                level="warning" if call.deferred or caught & _ANY else None,
            )


def _caught(flow: CellFlow, line: int) -> set[str]:
    """The exceptions that are handled where it stands."""
    handlers = [node for node in ast.walk(flow.tree) if isinstance(node, ast.ExceptHandler)] if flow.tree else []
    around = [found for found in handlers if found.lineno <= line <= (found.end_lineno or found.lineno)]
    return {name for handler in around for name in _names(handler.type)}


def _names(caught: ast.expr | None) -> Iterator[str]:
    """The exceptions that a handler names; a bare one handles every one of them."""
    if caught is None:
        yield "BaseException"
    else:
        yield from (node.id for node in ast.walk(caught) if isinstance(node, ast.Name))


def installing_command(magic: Magic) -> tuple[str, int] | None:
    """The command that installs, and on which line it stands."""
    if magic.kind in {"line", "automagic"} and magic.name in _INSTALLERS:
        tool = _tool(f"{magic.name} {magic.arguments}")
        return (tool, magic.line) if tool else None
    if magic.kind == "shell" or (magic.kind == "line" and magic.name in _SHELLS):
        tool = _tool(magic.arguments)
        return (tool, magic.line) if tool else None
    if magic.kind == "cell" and magic.name in _SHELLS:
        for number, line in enumerate(magic.body.split("\n"), start=magic.line + 1):
            tool = _tool(line) if not line.lstrip().startswith("#") else None
            if tool:
                return tool, number
    return None


def _of_call(call: Called) -> str | None:
    """From `os.system("pip install x")`, and from `subprocess.run([sys.executable, "-m", "pip", "install", "x"])`."""
    if call.name.startswith("pip."):
        return f"{call.name}()"
    if not call.node.args:
        return None
    words = [node.value for node in ast.walk(call.node.args[0]) if isinstance(node, ast.Constant)]
    return _tool(" ".join(word for word in words if isinstance(word, str)))


def _tool(command: str) -> str | None:
    found = _COMMAND.search(command)
    return " ".join(found["tool"].split()) if found else None
