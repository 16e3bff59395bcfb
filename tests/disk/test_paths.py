import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.disk import paths
from proofbook.exceptions import PathEscapesError

HOSTILE = [
    "..",
    "../secret",
    "a/../../secret",
    "/etc/passwd",
    "//etc/passwd",
    "../data-secret/file",
    "..\\secret",
    "a\0b",
    "\udcff/../../x",
]


@pytest.mark.parametrize("relative", HOSTILE)
def test_a_path_that_leads_out_is_refused(tmp_path: Path, relative: str) -> None:
    root = tmp_path / "data"
    root.mkdir()
    (tmp_path / "data-secret").mkdir()
    with pytest.raises(PathEscapesError) as caught:
        paths.inside(root, relative)
    assert "\n" not in str(caught.value)


def test_a_sibling_with_the_same_beginning_is_not_below(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data-secret").mkdir()
    (tmp_path / "data" / "link").symlink_to(tmp_path / "data-secret")
    with pytest.raises(PathEscapesError):
        paths.inside(tmp_path / "data", "link/file")


def test_a_link_may_be_followed_within_but_not_out(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "real").mkdir(parents=True)
    (root / "within").symlink_to("real")
    (root / "out").symlink_to("/etc")
    (root / "loop").symlink_to("loop")
    assert paths.inside(root, "within/file") == root / "real" / "file"
    for name in ("out", "out/passwd", "loop/file"):
        with pytest.raises(PathEscapesError):
            paths.inside(root, name)


def test_the_root_itself_may_be_reached_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert paths.inside(tmp_path / "link", "a/./b/../c") == tmp_path / "real" / "a" / "c"


@pytest.mark.parametrize("name", ["%2e%2e%2fsecret", "~root", "a b", "-rf", "ünï"])
def test_a_name_is_taken_as_it_is(tmp_path: Path, name: str) -> None:
    assert paths.inside(tmp_path, name) == tmp_path.resolve() / name


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200) | st.lists(st.sampled_from(["..", ".", "a", "", "/", "\\", "b" * 90])).map("/".join))
def test_whatever_is_written_the_result_is_below_or_refused(name: str) -> None:
    root = Path("/nowhere/root")
    try:
        found = paths.inside(root, name)
    except PathEscapesError:
        return
    assert found == root or root in found.parents


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.lists(st.text(max_size=20), max_size=5))
def test_an_export_name_is_harmless_and_new(name: str, others: list[str]) -> None:
    taken = [paths.export_name(other) for other in others]
    found = paths.export_name(name, taken=taken)
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,120}", found)
    assert not found.startswith((".", "-"))
    assert found.casefold() not in {other.casefold() for other in taken}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("roc curve.png", "roc_curve.png"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("", "_"),
        ("...", "_"),
        ("-rf", "rf"),
        ("\u202egnp.exe", "_gnp.exe"),
    ],
)
def test_export_names_that_people_meet(name: str, expected: str) -> None:
    assert paths.export_name(name) == expected


def test_two_names_that_differ_only_in_case_do_not_meet_in_one_file() -> None:
    first = paths.export_name("Report.html")
    assert paths.export_name("report.html", taken=[first]) == "report-2.html"
