"""Bad input ends in one line that names the file (and the cell), with its exit code, and writes nothing."""

import contextlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from proofbook.cli import main
from proofbook.store import Store

from .conftest import DOOR, DOUBLE, NUMBERS, TASKS, Folder, notebook


def _build(folder: Folder, monkeypatch: pytest.MonkeyPatch, *flags: str) -> int:
    monkeypatch.chdir(folder.root)
    with pytest.raises(SystemExit) as left:
        main(["build", *flags])
    return left.value.code if isinstance(left.value.code, int) else 1


def _bytes(content: bytes) -> Callable[[Folder], None]:
    return lambda folder: (folder.root / "notebooks/double.ipynb").write_bytes(content) and None


def _cells(*cells: tuple[str, list[str]]) -> Callable[[Folder], None]:
    return lambda folder: folder.write("double", list(cells)) and None


def _pipeline(text: str) -> Callable[[Folder], None]:
    return lambda folder: (folder.root / "pipeline.yaml").write_text(text) and None


def _toml(text: str) -> Callable[[Folder], None]:
    return lambda folder: (folder.root / "proofbook.toml").write_text(text) and None


def _kernel(folder: Folder) -> None:
    document = notebook(DOUBLE)
    document["metadata"]["kernelspec"]["name"] = "nosuch"
    (folder.root / "notebooks/double.ipynb").write_text(json.dumps(document))


def _no_upstream(folder: Folder) -> None:
    tasks = TASKS.replace("    upstream: [numbers]\n", "")
    (folder.root / "pipeline.yaml").write_text(DOOR.replace("meta:", "# meta:") + tasks)
    folder.write("double", [("product = None", ["parameters"]), *DOUBLE[1:]])


VALID = json.dumps(notebook(DOUBLE)).encode()
CASES = {
    "not UTF-8": (_bytes(VALID.replace(b"doubled", b"\xff\xfe")), 3, ["notebooks/double.ipynb", "PB807", "UTF-8"]),
    "not JSON": (_bytes(b"import pandas"), 3, ["notebooks/double.ipynb", "PB807", "JSON"]),
    "truncated": (_bytes(VALID[: len(VALID) // 2]), 3, ["notebooks/double.ipynb", "PB807", "still being saved?"]),
    "nbformat 3": (
        _bytes(b'{"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": []}'),
        3,
        ["notebooks/double.ipynb", "PB807", "nbformat 3"],
    ),
    "an empty file": (_bytes(b""), 3, ["notebooks/double.ipynb", "PB807", "empty"]),
    "no parameters cell": (_cells(*DOUBLE[1:]), 3, ["notebooks/double.ipynb", "PB301"]),
    "two parameters cells": (_cells(DOUBLE[0], *DOUBLE), 3, ["notebooks/double.ipynb", "cell 2", "PB302"]),
    "an unknown parameter": (
        _pipeline(DOOR + TASKS.replace("number: ", "nummer: ")),
        2,
        ["numbers", "'nummer'", "notebooks/numbers.ipynb", "cell 1"],
    ),
    "a cycle": (
        _pipeline(DOOR + TASKS.replace("    params:", "    upstream: [double]\n    params:")),
        2,
        ["numbers -> double -> numbers"],
    ),
    "an upstream that is read and not declared": (
        _pipeline(DOOR + TASKS.replace("    upstream: [numbers]\n", "")),
        3,
        ["notebooks/double.ipynb", "cell 2", "PB603", "upstream['numbers']"],
    ),
    "a product that nobody writes": (
        _pipeline(DOOR + TASKS.replace("output/double.txt", "output/double.txt, more: output/more.txt")),
        3,
        ["notebooks/double.ipynb", "PB602", "output/more.txt"],
    ),
    "an unknown upstream": (_pipeline(DOOR + TASKS.replace("[numbers]", "[nombers]")), 2, ["double", "'nombers'"]),
    "an unknown parameter of a grid": (
        _pipeline(DOOR + TASKS.replace('params: {number: "{{number}}"}', "grid: {nummer: [1, 2]}")),
        2,
        ["numbers", "'nummer'"],
    ),
    "a product that holds a source": (
        _pipeline(DOOR + TASKS.replace("output/double.txt", "notebooks")),
        2,
        ["task double", "notebooks", "the source of task"],
    ),
    "a product that is the project": (
        _pipeline(DOOR + TASKS.replace("output/double.txt", ".")),
        2,
        ["task double", "the project itself"],
    ),
    "a product over another task's": (
        _pipeline(DOOR + TASKS.replace("output/double.txt", "output")),
        2,
        ["task double", "a product of task numbers"],
    ),
    "our hooks without our executor": (
        _pipeline(DOOR.replace("executor:", "# executor:") + TASKS),
        2,
        ["proofbook init"],
    ),
    "no upstream where Ploomber looks for it": (_no_upstream, 2, ["double", "notebooks/double.ipynb", "upstream"]),
    "a missing source": (_pipeline(DOOR + TASKS.replace("s/double.ipynb", "s/treble.ipynb")), 2, ["treble.ipynb"]),
    "a missing kernel": (_kernel, 5, ["notebooks/double.ipynb", "'nosuch'"]),
    "an unknown configuration key": (_toml("workers = 2\nlock_wiat = 3\n"), 2, ["lock_wiat", "lock_wait"]),
    "an unknown key of a section": (_toml("[gate]\nstrct = true\n"), 2, ["strct", "strict"]),
    "a configuration value of the wrong type": (_toml("workers = 'two'\n"), 2, ["proofbook.toml", "workers"]),
    "a configuration that is no TOML": (_toml("workers = \n"), 2, ["proofbook.toml"]),
    "a pipeline that is no YAML": (_pipeline(DOOR + "tasks: [\n"), 2, ["YAML"]),
    "a pipeline without our door": (_pipeline("meta: {extract_upstream: false}\n" + TASKS), 2, ["proofbook init"]),
}


@pytest.mark.filterwarnings("ignore")  # Ploomber's own, on its way to the error
@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_in_words_and_nothing_is_written(
    name: str, folder: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    break_it, code, said = CASES[name]
    break_it(folder)
    before = folder.files()
    assert _build(folder, monkeypatch) == code
    captured = capsys.readouterr()
    printed = captured.out + captured.err
    for words in said:
        assert words in printed
    assert "Traceback" not in printed
    assert folder.files() == before


@pytest.mark.filterwarnings("ignore")
def test_no_pipeline_at_all_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _build(Folder(tmp_path), monkeypatch) == 2


@pytest.fixture
def small_disk(folder: Folder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folder]:
    """The project on a file system of its own, of 3 MB; to mount one takes root."""
    place = tmp_path_factory.mktemp("disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a file system can be mounted by root only")
    try:
        shutil.copytree(folder.root, place, dirs_exist_ok=True)
        yield Folder(place)
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_an_unwritable_folder_is_said_before_anything_runs(small_disk: Folder) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk.root)], check=True)
    done = small_disk.run("ploomber", "build")
    assert done.returncode == 5, done.stdout + done.stderr
    assert ".proofbook" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (small_disk.root / "output").exists()


def test_a_full_disk_is_said_in_words_and_leaves_a_sound_store(small_disk: Folder) -> None:
    assert small_disk.run("ploomber", "build").returncode == 0
    filler = small_disk.root / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    done = small_disk.run("ploomber", "build", "--force")
    assert done.returncode == 5, done.stdout + done.stderr
    assert "disk is full" in done.stderr
    assert "Traceback" not in done.stderr
    filler.unlink()
    assert Store.open(small_disk.root).verify() == ()
    assert small_disk.run("ploomber", "build").returncode == 0


def test_a_source_is_never_rewritten_not_even_by_ploomber_status(folder: Folder) -> None:
    """Ploomber adds a parameters cell to a notebook without one, by rewriting the source."""
    folder.write("numbers", NUMBERS[1:])
    before = folder.files()
    done = folder.run("ploomber", "status")
    assert done.returncode == 3
    assert "PB301" in done.stderr
    assert folder.files() == before
