"""What our own commands ask of Ploomber itself: load with its flags, build, or only read the pipeline."""

import io
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NoReturn

import click
from ploomber.cli.parsers import CustomParser, _flatten_dict
from ploomber.env.envdict import EnvDict
from ploomber.exceptions import DAGBuildError, DAGRenderError
from ploomber.spec import DAGSpec
from ploomber.util import default
from ploomber_core.exceptions import BaseException as PloomberError

from proofbook.exceptions import PipelineError, UsageError
from proofbook.flow.observed import Seen, loosened
from proofbook.flow.reading import Reading
from proofbook.model.pipeline import Pipeline
from proofbook.ploomber import placeholders, reading
from proofbook.ploomber.executor import Executor, convert, run_other

__all__ = ["build", "convert", "load", "read", "recorded", "rendered", "run_other"]

# what Ploomber and the YAML reader raise for a pipeline that is not as it should be
_BAD_PIPELINE = (
    *(PloomberError, DAGRenderError, OSError, ValueError, TypeError, KeyError, AttributeError),
    # its own slip, on the way to saying that env.yaml cannot be read
    UnboundLocalError,
)

_LOOKED_FOR = {".yaml", ".yml", ".py", ".cfg", ".toml"}


def load(arguments: Sequence[str]) -> tuple[Any, Any]:
    """
    The DAG that `ploomber build` would build with `arguments`, and those as an object.

    Raises:
        PipelineError: Ploomber cannot load the pipeline, or the pipeline does not open our door.
        UsageError: A flag is wrong.
    """
    before = sys.argv
    sys.argv = ["proofbook build", *arguments]
    try:
        parser = _Parser(prog="proofbook build", description="Build the pipeline.")
        with parser:
            parser.add_argument("--force", "-f", action="store_true", help="Run every task, up to date or not.")
            parser.add_argument("--partially", "-p", help="Build until this task (or pattern, such as 'fit-*').")
            parser.add_argument("--skip-upstream", "-su", action="store_true", help="With --partially: only that task.")
        with placeholders.deferred():
            dag, options = parser.load_from_entry_point_arg()
    except _BAD_PIPELINE as error:
        raise PipelineError(_one_line(error, folder=Path.cwd())) from error
    finally:
        sys.argv = before
    if not isinstance(dag.executor, Executor):
        raise PipelineError("pipeline.yaml does not name Proofbook's executor: `proofbook init` adds the four lines")
    return dag, options


def build(dag: Any, options: Any) -> int:
    """
    Build what `load` gave, and the exit code that it deserves.

    Raises:
        PipelineError: Ploomber cannot render the pipeline.
    """
    try:
        if options.partially:
            dag._build_partially(
                options.partially, force=options.force, skip_upstream=options.skip_upstream, deepcopy=False
            )
        else:
            dag.build(force=options.force)
    except DAGBuildError as error:
        click.secho(f"error: {error}", fg="red", err=True)
        return 1
    except (PloomberError, DAGRenderError) as error:
        raise PipelineError(_one_line(error, folder=Path.cwd())) from error
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 1
    return 0


def recorded(dag: Any, pipeline: Pipeline, *, identity: str, seen: Seen) -> Reading:
    """What was read, to be kept."""
    executor: Executor = dag.executor
    names = [task.name for task in pipeline.tasks if task.kind == "notebook"]
    return Reading(
        identity=identity,
        root=str(executor.root),
        file=str(executor.root / executor.path),
        pipeline=pipeline,
        notebooks={name: reading.rendered(dag[name]) for name in names},
        parameters=executor.parameters,
        lint=executor.lint,
        seen=_without_products(seen, pipeline, root=executor.root),
    )


def _without_products(seen: Seen, pipeline: Pipeline, *, root: Path) -> Seen:
    """
    Ploomber looks whether products are there, and what it noted beside them: that changes what it would run.

    What it is to run is decided by us, so that a reading stays good when its products have been made. But a product
    that has the name of a file that Ploomber looks for is a bad one to overlook. Nor does it matter whether IPython's
    folder was there, in a home in which nothing has run before.
    """
    products = {root / path for task in pipeline.tasks for path in task.products.values()}
    notes = {path.with_name(f".{path.name}.metadata") for path in products}
    beside = notes | {path.with_name(f"{path.name}.source") for path in products}
    places = {*products, *beside}
    places |= {folder for path in products for folder in path.parents if folder.is_relative_to(root) and folder != root}
    free = {str(path) for path in places if path.suffix not in _LOOKED_FOR}
    # the first kernel makes it; what is looked for inside counts by itself
    free.add(str(Path(os.environ.get("IPYTHONDIR") or Path.home() / ".ipython")))
    noted = {str(path) for path in notes}
    return loosened(seen, free=free.__contains__, irrelevant=noted.__contains__)


def rendered(arguments: Sequence[str]) -> tuple[Any, Pipeline]:
    """The DAG, ready to run single tasks, and what it is. Raises as `load` does."""
    dag, _ = load(arguments)
    try:
        dag.render(force=True, show_progress=False)
    except (PloomberError, DAGRenderError) as error:
        raise PipelineError(_one_line(error, folder=Path.cwd())) from error
    return dag, reading.pipeline_of(dag, root=dag.executor.root, path=dag.executor.path)


def read(path: Path, *, flags: Sequence[str] = ()) -> Pipeline:
    """What `entry.read` gives where no recorded reading holds."""
    noise = io.StringIO()
    try:
        with redirect_stdout(noise), redirect_stderr(noise):
            with placeholders.deferred():
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
