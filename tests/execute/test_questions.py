"""What a kernel is asked beside the notebook; evaluated here as a kernel does it."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from proofbook.execute.questions import Imports, of_imports


class _Raising:
    def __getattr__(self, name: str) -> object:
        raise RuntimeError(name)


class _Leaving:
    def __getattr__(self, name: str) -> object:
        raise SystemExit(name)


def _answer(question: str, namespace: dict[str, object] | None = None) -> Imports | None:
    told = eval(question, {} if namespace is None else namespace)
    return Imports.read({"user_expressions": {"imports": {"data": {"text/plain": repr(told)}}}})


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    made = ModuleType("found_only_at_run_time")
    made.__file__ = str(tmp_path / "found_only_at_run_time.py")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made.__file__


@pytest.mark.parametrize("hostile", [_Raising, _Leaving, lambda: None, int])
def test_an_object_that_raises_in_place_of_a_module_hides_no_other(
    module: str, hostile: Callable[[], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "aaa_hostile", hostile())  # type: ignore[arg-type]
    said = _answer(of_imports((f"{tmp_path}/",)))
    assert said is not None
    assert said.files == (module,)
    assert {"found_only_at_run_time", "aaa_hostile"} <= said.names
    assert "sys" not in said.names


def test_what_the_notebook_calls_its_own_does_not_matter_and_nothing_is_left_there(module: str, tmp_path: Path) -> None:
    namespace: dict[str, object] = dict.fromkeys(["list", "getattr", "exec", "type", "str", "json", "sys", "told"])
    before = dict(namespace)
    said = _answer(of_imports((f"{tmp_path}/",)), namespace)
    assert said is not None
    assert said.files == (module,)
    namespace.pop("__builtins__")
    assert namespace == before


def test_without_folders_no_file_is_told(module: str) -> None:
    said = _answer(of_imports(()))
    assert said is not None
    assert said.files == ()


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"user_expressions": {}},
        {"user_expressions": {"imports": {"status": "error", "ename": "RuntimeError"}}},
        {"user_expressions": {"imports": {"data": {"text/plain": "'{}'"}}}},
    ],
)
def test_no_answer_is_not_taken_for_nothing_imported(reply: dict[str, object]) -> None:
    assert Imports.read(reply) is None
