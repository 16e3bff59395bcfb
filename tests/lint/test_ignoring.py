"""Suppressions that are written: `lint/ignoring.py`, `flow/ignoring.py`."""

import json
from pathlib import Path
from typing import Any

import pytest

from proofbook.exceptions import UsageError
from proofbook.flow.ignoring import add_ignores, checked_reason
from proofbook.flow.lint import lint
from proofbook.lint.result import LintResult
from proofbook.model.configuration import LintConfiguration
from tests.lint.factory import content, markdown, parameters

CODES = ["PB403", "PB405", "PB201", "PB803", "PB001"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path


def found(root: Path, *codes: str) -> LintResult:
    return lint([root / "a.ipynb"], root=root, configuration=LintConfiguration(select=list(codes or CODES)))


def suppressed(root: Path, *cells: Any, codes: tuple[str, ...] = ()) -> list[tuple[str, dict[str, Any]]]:
    """Source and metadata of each cell afterwards; nothing is found any more, and all was said with a reason."""
    (root / "a.ipynb").write_bytes(content(*cells, layout={"indent": 1}))
    before = found(root, *codes)
    done = add_ignores([root / "a.ipynb"], before, root=root, reason="so it is taught")
    after = found(root, *codes)
    assert before.errors + before.warnings > 0
    assert (after.errors, after.warnings) == (0, 0)
    assert done.findings > 0
    cells = json.loads((root / "a.ipynb").read_text())["cells"]
    return [("".join(cell["source"]), cell["metadata"]) for cell in cells]


def test_the_comment_stands_at_the_end_of_the_line(root: Path) -> None:
    ((source, _),) = suppressed(root, "import os\nos.chdir('x')  \ny = 1")

    assert source == "import os\nos.chdir('x')  # proofbook: ignore[PB403] so it is taught\ny = 1"


def test_two_rules_of_one_line_share_a_comment(root: Path) -> None:
    ((source, _),) = suppressed(root, "import os\nos.chdir(x)")

    assert source.endswith("os.chdir(x)  # proofbook: ignore[PB201, PB403] so it is taught")


def test_within_a_text_or_a_continued_line_it_stands_above(root: Path) -> None:
    ((source, _),) = suppressed(root, "import os\nif 1:\n    os.chdir(\\\n'''x\n''')")

    assert source.split("\n")[2] == "    # proofbook: ignore[PB403] so it is taught"


def test_a_line_that_has_a_comment_of_ours_gets_a_second_above(root: Path) -> None:
    ((source, _),) = suppressed(root, "import os\nos.chdir(x)  # proofbook: ignore[PB403] the image is built so")

    assert source.split("\n")[1] == "# proofbook: ignore[PB201] so it is taught"


def test_a_magic_is_not_given_a_comment_as_an_argument(root: Path) -> None:
    ((source, metadata),) = suppressed(root, "%cd x")

    assert source.endswith("%cd x")
    assert "# proofbook" in source or metadata["proofbook"]["ignore"] == {"PB403": "so it is taught"}


def test_what_speaks_of_a_cell_magic_stands_in_the_metadata(root: Path) -> None:
    ((source, metadata),) = suppressed(root, "%%bash\nls\n")

    assert (source, metadata["proofbook"]) == ("%%bash\nls\n", {"ignore": {"PB405": "so it is taught"}})


def test_where_a_lone_carriage_return_ends_a_line_the_metadata_carries_the_reason(root: Path) -> None:
    ((source, metadata),) = suppressed(root, "x = 1\rprint(unknown)")

    assert (source, metadata["proofbook"]) == ("x = 1\rprint(unknown)", {"ignore": {"PB201": "so it is taught"}})


def test_what_speaks_of_a_whole_cell_or_notebook_is_suppressed_there(root: Path) -> None:
    cells = suppressed(root, markdown("# a"), "", "x = 1", codes=("PB803", "PB301"))

    assert [metadata.get("proofbook") for _, metadata in cells][1:] == [{"ignore": {"PB803": "so it is taught"}}, None]
    document = json.loads((root / "a.ipynb").read_text())
    assert document["metadata"]["proofbook"] == {"ignore": {"PB301": "so it is taught"}}


def test_nothing_else_of_the_file_changes(root: Path) -> None:
    suppressed(root, parameters(), "import os\nos.chdir('é')")
    text = (root / "a.ipynb").read_text()

    assert text.count("so it is taught") == 1
    assert "\\u00e9" in text


def test_a_faulty_suppression_or_file_is_not_suppressed(root: Path) -> None:
    (root / "a.ipynb").write_bytes(content("x = 1  # proofbook: ignore[PB201]"))
    before = (root / "a.ipynb").read_bytes()
    done = add_ignores([root / "a.ipynb"], found(root), root=root, reason="why")

    assert (done.findings, len(done.left)) == (0, 1)
    assert "PB001 is to be mended" in done.left[0]
    assert (root / "a.ipynb").read_bytes() == before


def test_a_script_is_left_alone(root: Path) -> None:
    (root / "a.py").write_text("# %%\nimport os\nos.chdir('x')\n")
    result = lint([root / "a.py"], root=root, configuration=LintConfiguration(select=["PB403"]))
    done = add_ignores([root / "a.py"], result, root=root, reason="why")

    assert done.left == ("a.py: only .ipynb files are changed; write the comment yourself",)


@pytest.mark.parametrize("reason", [None, "", "  ", " - ", "\u2014"])
def test_without_a_reason_nothing_is_suppressed(reason: str | None) -> None:
    with pytest.raises(UsageError, match="--reason"):
        checked_reason(reason)


def test_a_reason_is_one_line() -> None:
    assert checked_reason(" : as\n the  course wants ") == "as the course wants"
