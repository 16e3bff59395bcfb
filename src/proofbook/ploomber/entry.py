"""What our own commands ask of Ploomber: build with its flags, or only read the pipeline."""

import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NoReturn

import click
import msgspec
from ploomber.cli.parsers import CustomParser, _flatten_dict
from ploomber.env.envdict import EnvDict
from ploomber.exceptions import DAGBuildError, DAGRenderError
from ploomber.spec import DAGSpec
from ploomber.util import default
from ploomber_core.exceptions import BaseException as PloomberError

from proofbook.exceptions import PipelineError, UsageError
from proofbook.model.pipeline import Pipeline
from proofbook.ploomber import reading
from proofbook.ploomber.executor import Executor

__all__ = ["build", "read"]

# what Ploomber and the YAML reader raise for a pipeline that is not as it should be
_BAD_PIPELINE = (
    *(PloomberError, DAGRenderError, OSError, ValueError, TypeError, KeyError, AttributeError),
    # its own slip, on the way to saying that env.yaml cannot be read
    UnboundLocalError,
)


def build(arguments: Sequence[str], *, as_json: bool = False) -> int:
    """
    What `ploomber build` does with `arguments`, and the exit code that it deserves.

    Args:
        arguments: Flags of `ploomber build`.
        as_json: Print one JSON document, the run and the gate's result, and all else to standard error.

    Raises:
        PipelineError: Ploomber cannot load the pipeline, or the pipeline does not open our door.
    """
    shown = redirect_stdout(sys.stderr) if as_json else _nothing()
    code, executor = 0, None
    with shown:
        try:
            dag, options = _load(arguments)
            executor = dag.executor
            if not isinstance(executor, Executor):
                raise PipelineError(
                    "pipeline.yaml does not name Proofbook's executor: `proofbook init` adds the four lines"
                )
            if options.partially:
                dag._build_partially(
                    options.partially, force=options.force, skip_upstream=options.skip_upstream, deepcopy=False
                )
            else:
                dag.build(force=options.force)
        except DAGBuildError as error:
            click.secho(f"error: {error}", fg="red", err=True)
            code = 1
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else 1
    if as_json:
        built = executor.built if isinstance(executor, Executor) else None
        document: dict[str, Any] = {
            "exit_code": code,
            "run": built.run if built else None,
            "gate": built.gate if built else None,
        }
        document["report"] = str(built.report) if built else None
        # JSON is UTF-8, whatever a locale says of text
        click.echo(msgspec.json.encode(document))
    return code


def _load(arguments: Sequence[str]) -> tuple[Any, Any]:
    before = sys.argv
    sys.argv = ["proofbook build", *arguments]
    try:
        parser = _Parser(prog="proofbook build", description="Build the pipeline.")
        with parser:
            parser.add_argument("--force", "-f", action="store_true", help="Run every task, up to date or not.")
            parser.add_argument("--partially", "-p", help="Build until this task (or pattern, such as 'fit-*').")
            parser.add_argument("--skip-upstream", "-su", action="store_true", help="With --partially: only that task.")
        return parser.load_from_entry_point_arg()
    except _BAD_PIPELINE as error:
        raise PipelineError(_one_line(error, folder=Path.cwd())) from error
    finally:
        sys.argv = before


def read(path: Path, *, flags: Sequence[str] = ()) -> Pipeline:
    """
    The pipeline in the file `path`, rendered, with nothing run and nothing written.

    Args:
        path: `pipeline.yaml`, or what it is called.
        flags: `--env--NAME VALUE` for names of `env.yaml`, as `ploomber build` takes them.

    Raises:
        PipelineError: It cannot be loaded, or one of its notebooks has no or two parameters cells.
    """
    noise = io.StringIO()
    try:
        with redirect_stdout(noise), redirect_stderr(noise):
            spec = DAGSpec(str(path), env=_env(path, flags))
            # our executor looks at the notebooks before Ploomber loads them, and perhaps rewrites them
            spec.data["executor"] = {"dotted_path": "proofbook.ploomber.Executor"}
            dag = spec.to_dag().render(force=True, show_progress=False)
    except SystemExit:
        raise PipelineError(noise.getvalue().strip().removeprefix("error: ")) from None
    except _BAD_PIPELINE as error:
        raise PipelineError(_one_line(error, folder=path.resolve().parent)) from error
    return reading.pipeline_of(dag, root=path.resolve().parent, path=path.name)


def _env(path: Path, flags: Sequence[str]) -> dict[str, Any] | None:
    """`env.yaml` with the values of the flags in place of its own; None where Ploomber shall read it."""
    words = [word for flag in flags for word in flag.split("=", 1)]
    if not words:
        return None
    file = default.path_to_env_from_spec(path)
    env = EnvDict(file, path_to_here=path.parent) if file else None
    known = [name for name in _flatten_dict(env._data) if name not in env.default_keys] if env else []
    given = {}
    for flag, value in zip(words[::2], [*words[1::2], None], strict=False):
        name = flag.removeprefix("--env--")
        if name == flag or name not in known or value is None:
            said = ", ".join(f"--env--{one} VALUE" for one in known) or "none, for there is no env.yaml"
            raise PipelineError(f"{flag} is no flag here; flags of this pipeline: {said}")
        given["env__" + name.replace("--", "__")] = value
    return dict(env._replace_flatten_keys(given)) if env else None


class _Parser(CustomParser):
    """Ploomber's flags; what is wrong with them is said in one line, as of all our commands."""

    def error(self, message: str) -> NoReturn:
        """Refuse the flags."""
        raise UsageError(f"{' '.join(message.split())} (see `proofbook build --help`)")


def _one_line(error: Exception, *, folder: Path) -> str:
    if isinstance(error, UnboundLocalError):
        error = _first(error)
    if isinstance(error, UnicodeDecodeError):
        return _undecodable(error, folder=folder)
    text = error.get_message() if isinstance(error, PloomberError) else str(error)
    return " ".join(text.split()) or type(error).__name__


def _first(error: Exception) -> Exception:
    """The error with which it began."""
    before = error.__cause__ or error.__context__
    return _first(before) if isinstance(before, Exception) else error


def _undecodable(error: UnicodeDecodeError, *, folder: Path) -> str:
    """Ploomber reads its files in the locale's encoding, and neither it nor Python says which file that was."""
    files = (path for path in sorted(folder.glob("*.y*ml")) if path.is_file())
    name = next((path.name for path in files if bytes(error.object) in path.read_bytes()), "a file of the pipeline")
    return (
        f"{name}: Ploomber reads it in this locale's encoding, {error.encoding}, in which it is not valid: set "
        "PYTHONUTF8=1, or a locale such as LC_ALL=C.UTF-8"
    )


@contextmanager
def _nothing() -> Iterator[None]:
    yield
