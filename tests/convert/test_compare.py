"""When two executed notebooks show the same, and when not."""

import base64
import gzip
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from proofbook.convert.compare import compare
from proofbook.convert.compare_files import compare_files, snapshot


def picture(colour: str = "red", size: tuple[int, int] = (4, 4), note: str = "") -> bytes:
    out = io.BytesIO()
    extra = PngImagePlugin.PngInfo()
    extra.add_text("Software", note)
    Image.new("RGB", size, colour).save(out, "png", pnginfo=extra)
    return out.getvalue()


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def result(**data: Any) -> dict[str, Any]:
    return {"output_type": "execute_result", "data": {key.replace("_", "/"): value for key, value in data.items()}}


def png(content: bytes) -> dict[str, Any]:
    return {
        "output_type": "display_data",
        "data": {"image/png": base64.b64encode(content).decode(), "text/plain": "<Figure>"},
    }


def notebook(*outputs: dict[str, Any], source: str = "x") -> dict[str, Any]:
    return {"cells": [{"cell_type": "code", "id": "a", "source": source, "outputs": list(outputs)}]}


def differences(one: dict[str, Any], two: dict[str, Any], **options: Any) -> list[str]:
    return [found.what for found in compare(one, two, numbers={"a": 5}, **options)]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ([stream("a\nb\n")], [stream("a\n"), stream("b\n")]),
        ([stream("a"), stream("w", "stderr")], [stream("w", "stderr"), stream("a")]),
        ([stream("<object at 0x7f3a2b1c>")], [stream("<object at 0x7ffffff0>")]),
        ([stream("/tmp/ipykernel_12/345.py:3: Warning", "stderr")], [stream("/tmp/ipykernel_99/1.py:7: Warning", "stderr")]),
        ([stream(" 50%|#### | 1/2 [00:01, 1.2it/s]\n", "stderr")], [stream("", "stderr")]),
        ([stream("\x1b[31mred\x1b[0m")], [stream("red")]),
        ([result(text_plain="1")], [result(text_plain=["1"])]),
        ([result(text_html="<div id='T_ab12f'>")], [result(text_html="<div id='T_99cde'>")]),
        ([png(picture(note="a"))], [png(picture(note="b"))]),
        ([{"output_type": "error", "ename": "E", "evalue": "x", "traceback": ["a"]}], [{"output_type": "error", "ename": "E", "evalue": "x", "traceback": []}]),
    ],
)  # fmt: skip
def test_what_differs_at_every_run_does_not_count(one: list[dict[str, Any]], two: list[dict[str, Any]]) -> None:
    assert differences(notebook(*one), notebook(*two)) == []


@pytest.mark.parametrize(
    ("one", "two", "told"),
    [
        ([stream("a\nb\n")], [stream("a\nc\n")], "stdout: line 2: 'b' -> 'c'"),
        ([stream("a\n")], [stream("a\nb\n")], "stdout: 1 lines -> 2 lines"),
        ([stream("a")], [], "1 outputs in the original, 0 in the task"),
        ([stream("a")], [stream("a", "stderr")], "the original shows stdout"),
        ([result(text_plain="0.71")], [result(text_plain="0.72")], "execute_result: line 1: '0.71' -> '0.72'"),
        ([result(text_html="<td>1")], [result(text_html="<td>2")], "table or HTML: line 1"),
        ([result(application_json={"a": 1})], [result(application_json={"a": 2})], "application/json: line 1"),
        ([png(picture())], [png(picture("blue"))], "the picture has other pixels"),
        ([png(picture())], [png(picture(size=(5, 4)))], "the picture has other pixels"),
        ([png(b"broken")], [png(b"other")], "the picture has other pixels"),
        ([{"output_type": "error", "ename": "E", "evalue": "x"}], [{"output_type": "error", "ename": "E", "evalue": "y"}], "error: line 1: 'E: x' -> 'E: y'"),
        ([stream("took 3 s")], [stream("took 4 s")], "stdout: line 1"),
    ],
)  # fmt: skip
def test_every_real_difference_is_told_in_one_line(
    one: list[dict[str, Any]], two: list[dict[str, Any]], told: str
) -> None:
    (what,) = differences(notebook(*one), notebook(*two))
    assert what.startswith(told)
    assert "\n" not in what


def test_times_do_not_count_in_a_cell_that_measures_them() -> None:
    one = notebook(stream("CPU times: user 1 ms\nWall time: 3.1 ms\n7"), source="%%time\nf()")
    two = notebook(stream("CPU times: user 9 ms, sys: 1\nWall time: 4 s\n7"), source="%%time\nf()")
    assert differences(one, two) == []
    two["cells"][0]["outputs"] = [stream("CPU times: user 9 ms\nWall time: 4 s\n8")]
    assert differences(one, two) != []


def test_the_folders_of_the_two_runs_do_not_count() -> None:
    one, two = notebook(stream("in /x/original/data")), notebook(stream("in /x/task/data"))
    assert differences(one, two) != []
    assert differences(one, two, places=["/x/original", "/x/task"]) == []


def test_a_difference_names_the_cell_as_the_original_counts() -> None:
    (found,) = compare(notebook(stream("a")), notebook(stream("b")), numbers={"a": 5})
    assert (found.cell, found.cell_id) == (5, "a")


def test_cells_that_only_the_task_has_are_not_compared() -> None:
    two = notebook(stream("a"))
    two["cells"].insert(0, {"cell_type": "code", "id": "parameters", "source": "", "outputs": []})
    assert differences(notebook(stream("a")), two) == []


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("one", "two"):
        (tmp_path / name / "out").mkdir(parents=True)
        (tmp_path / name / "input.csv").write_text("a")
    return tmp_path / "one", tmp_path / "two"


def files(folders: tuple[Path, Path], name: str, one: bytes | None, two: bytes | None) -> list[str]:
    before = snapshot(folders[0])
    for folder, content in zip(folders, (one, two), strict=True):
        if content is not None:
            (folder / "out" / name).write_bytes(content)
    return [found.what for found in compare_files(*folders, before=before, ignored=())]


def archive(date: int, content: str = "x") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr(zipfile.ZipInfo("a", (date, 1, 1, 0, 0, 0)), content)
        file.writestr("docProps/core.xml", str(date))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "one", "two", "same"),
    [
        ("a.csv", b"1", b"1", True),
        ("a.csv", b"1", b"2", False),
        ("a.png", picture(note="a"), picture(note="b"), True),
        ("a.png", picture(), picture("blue"), False),
        ("a.xlsx", archive(1999), archive(2013), True),
        ("a.xlsx", archive(1999), archive(1999, "y"), False),
        ("a.xlsx", b"broken", b"other", False),
        ("a.gz", gzip.compress(b"x", mtime=1), gzip.compress(b"x", mtime=2), True),
        ("a.gz", gzip.compress(b"x", mtime=3), gzip.compress(b"y", mtime=3), False),
        ("a.gz", b"broken", b"other", False),
        ("a.pdf", b"%PDF /CreationDate (D:1) x", b"%PDF /CreationDate (D:2) x", True),
        ("a.pdf", b"%PDF x", b"%PDF y", False),
        ("a.svg", b"<dc:date>1</dc:date>", b"<dc:date>2</dc:date>", True),
    ],
)
def test_files_are_compared_by_what_they_mean(
    folders: tuple[Path, Path], name: str, one: bytes, two: bytes, same: bool
) -> None:
    assert files(folders, name, one, two) == ([] if same else [f"out/{name}: other content"])


def test_a_file_that_only_one_has_written_is_told(folders: tuple[Path, Path]) -> None:
    assert files(folders, "a", b"1", None) == ["out/a: written by the original only"]
    (folders[0] / "out/a").unlink()
    assert files(folders, "b", None, b"1") == ["out/b: written by the task only"]


def test_a_file_that_only_one_has_changed_is_told(folders: tuple[Path, Path]) -> None:
    before = snapshot(folders[0])
    (folders[0] / "input.csv").write_text("changed")
    assert [found.what for found in compare_files(*folders, before=before, ignored=())] == ["input.csv: other content"]


def test_caches_are_not_compared(folders: tuple[Path, Path]) -> None:
    (folders[0] / "__pycache__").mkdir()
    (folders[0] / "__pycache__/a.pyc").write_text("")
    assert compare_files(*folders, before=snapshot(folders[1]), ignored=()) == ()
