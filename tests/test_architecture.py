"""One owner for each dangerous thing. The direction of imports is held by import-linter (`make check`)."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import proofbook

PACKAGE = Path(proofbook.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

WRITING_METHODS = {"write_text", "write_bytes", "rename", "unlink", "symlink_to", "hardlink_to", "rmdir", "touch"}
WRITING_FUNCTIONS = {
    ("os", name)
    for name in (
        "replace",
        "rename",
        "link",
        "symlink",
        "fsync",
        "fdatasync",
        "unlink",
        "remove",
        "rmdir",
        "truncate",
        "write",
    )
} | {("shutil", name) for name in ("copy", "copy2", "copyfile", "copytree", "move", "rmtree")}
FORBIDDEN_IMPORTS = {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def _writes(call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Name):
        return function.id == "open" and _mode(call, position=1) not in {None, "r", "rb"}
    if not isinstance(function, ast.Attribute):
        return False
    owner = function.value
    if isinstance(owner, ast.Name) and (owner.id, function.attr) in WRITING_FUNCTIONS:
        return True
    if function.attr == "open" and not (
        isinstance(owner, ast.Name) and owner.id in {"Image", "os", "webbrowser", "Store"}
    ):
        return _mode(call, position=0) not in {None, "r", "rb"}
    return function.attr in WRITING_METHODS


def _mode(call: ast.Call, *, position: int) -> str | None:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "mode"] or call.args[position : position + 1]
    return given[0].value if given and isinstance(given[0], ast.Constant) and isinstance(given[0].value, str) else None


@pytest.mark.parametrize(
    "path", [path for path in MODULES if _room(path) != "disk"], ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_only_disk_makes_bytes_durable(path: Path) -> None:
    found = [f"line {call.lineno}: {ast.unparse(call)[:80]}" for call in _calls(path) if _writes(call)]
    assert found == [], "use proofbook.disk.atomic"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_that_is_merely_read_can_run(path: Path) -> None:
    tree = ast.parse(path.read_text())
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [getattr(node, "module", None) or ""]
        )
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert not imported & FORBIDDEN_IMPORTS
    for call in _calls(path):
        name = ast.unparse(call.func)
        assert name not in {"eval", "exec", "yaml.load", "os.system", "os.popen"}, f"line {call.lineno}"
        shell = [keyword for keyword in call.keywords if keyword.arg == "shell"]
        assert not shell or (isinstance(shell[0].value, ast.Constant) and shell[0].value.value is False), (
            f"line {call.lineno}"
        )
        assert not [keyword for keyword in call.keywords if keyword.arg == "allow_pickle"], f"line {call.lineno}"


def test_the_watch_on_writers_sees_each_kind_of_writer() -> None:
    """The test above is worth something only if it would fire."""
    for line in (
        "open('a', 'w')",
        "path.open('ab')",
        "os.replace(a, b)",
        "path.write_text('x')",
        "shutil.rmtree(p)",
        "p.unlink()",
    ):
        (call,) = [node for node in ast.walk(ast.parse(line)) if isinstance(node, ast.Call)]
        assert _writes(call), line
    for line in ("open('a')", "path.open('rb')", "path.read_text()"):
        (call,) = [node for node in ast.walk(ast.parse(line)) if isinstance(node, ast.Call)]
        assert not _writes(call), line


def test_the_front_door_has_names_only() -> None:
    assert set(proofbook.__all__) == {"__version__", "contracted", "profile", "record"}
    for name in proofbook.__all__:
        assert getattr(proofbook, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = proofbook.nonsense


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_import_no_jupyter(argument: str) -> None:
    heavy = "{'IPython', 'nbformat', 'papermill', 'ploomber', 'jupyter_client', 'pandas', 'numpy', 'polars', 'sqlalchemy', 'rich'}"
    program = (
        "import sys; from proofbook.cli import main\n"
        f"try: main([{argument!r}])\nexcept SystemExit as left: assert left.code == 0\n"
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_command_of_the_table_exists_and_has_help() -> None:
    import click

    from proofbook.cli import COMMANDS, cli

    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert command.help, f"{name} is missing its help"
        below = command.commands.values() if isinstance(command, click.Group) else [command]
        for one in below:
            assert one.help, f"{name} {one.name} is missing its help"
            options = {option for parameter in one.params for option in parameter.opts}
            assert name == "lab" or "--json" in options, f"{name} {one.name} has no --json"
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.opts[0]} is missing its help"
