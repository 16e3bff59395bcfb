"""Every private name of Ploomber that we touch. Ploomber is pinned; this says what a new version would have to keep."""

import inspect

from ploomber.cli.parsers import CustomParser
from ploomber.constants import TaskStatus
from ploomber.dag.dag import DAG
from ploomber.executors.abc import Executor
from ploomber.spec import DAGSpec
from ploomber.tasks import NotebookRunner
from ploomber.tasks.abc import Task
from ploomber.tasks.notebook import NotebookConverter

import ploomber


def _locals(function: object) -> set[str]:
    return set(inspect.unwrap(function).__code__.co_varnames)  # type: ignore[arg-type]


def test_it_is_the_version_that_we_know() -> None:
    assert ploomber.__version__ == "0.23.3"


def test_the_frames_that_say_how_a_build_was_asked_for_have_these_names() -> None:
    assert {"self", "force"} <= _locals(DAG._build)
    assert {"dag_another", "targets", "skip_upstream"} <= _locals(DAG._build_partially)
    assert "self" in _locals(DAGSpec._to_dag)
    assert DAG._build.__module__ == "ploomber.dag.dag"
    assert DAGSpec._to_dag.__module__ == "ploomber.spec.dagspec"


def test_the_executor_is_made_before_the_notebooks_are_loaded() -> None:
    source = inspect.getsource(DAGSpec._to_dag)
    assert source.index("dag.executor = dotted_path") < source.index("process_tasks(")


def test_an_executor_is_called_with_the_dag_and_raises_for_a_failure() -> None:
    assert list(inspect.signature(Executor.__call__).parameters) == ["self", "dag"]
    source = inspect.getsource(DAG._build)
    assert "self._executor(dag=self, show_progress=show_progress)" in source
    assert "except DAGBuildError" in source


def test_tasks_and_converters_have_what_we_read_and_set() -> None:
    assert "_exec_status" in inspect.getsource(Task)
    assert "catch_exceptions" in inspect.signature(Task._build).parameters
    assert {"Executed", "Skipped", "Errored", "Aborted", "WaitingExecution"} <= set(TaskStatus.__members__)
    assert "_converter" in inspect.getsource(NotebookRunner.__init__)
    assert "_path_to_output" in inspect.getsource(NotebookConverter.__init__)
    assert "_nb_obj_unrendered" in inspect.getsource(NotebookRunner._init_source.__globals__["NotebookSource"])


def test_env_yaml_is_read_and_overridden_as_the_command_line_does_it() -> None:
    from ploomber.cli.parsers import _flatten_dict
    from ploomber.env.envdict import EnvDict

    env = EnvDict({"a": {"b": 1}, "c": 2})
    assert {"a--b", "c"} <= set(_flatten_dict(env._data))
    assert "cwd" in env.default_keys
    assert dict(env._replace_flatten_keys({"env__a__b": "3"}))["a"]["b"] == 3


def test_the_command_line_parser_knows_the_env_flags() -> None:
    assert "load_from_entry_point_arg" in dir(CustomParser)
    assert '"--env--"' in inspect.getsource(inspect.getmodule(CustomParser))
