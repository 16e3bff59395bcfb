"""Lint over many notebooks: `flow/lint.py`."""

import os
from pathlib import Path

import nbformat
import pytest

from proofbook.exceptions import ConfigurationError
from proofbook.flow.lint import LintResult, lint
from proofbook.model.configuration import LintConfiguration
from tests.lint.factory import content, parameters

NAMES = frozenset({"upstream", "product", "window"})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "a.ipynb").write_bytes(content(parameters(), "from proofbook import record\nrecord('rows', 1)"))
    (tmp_path / "b.ipynb").write_bytes(content(parameters(), "from proofbook import record\nrecord('rows', window)"))
    return tmp_path


def run(
    root: Path, *names: str, injected: dict[str, frozenset[str]] | None = None, **configuration: object
) -> LintResult:
    given = None if injected is None else {root / name: names for name, names in injected.items()}
    return lint(
        [root / name for name in names], root=root, configuration=LintConfiguration(**configuration), injected=given
    )


def said(result: LintResult) -> list[tuple[str, int, str]]:
    return [(finding.path, finding.cell, finding.rule) for finding in result.findings]


def test_files_and_cells_are_counted(root: Path) -> None:
    result = run(root, "a.ipynb", "b.ipynb", select=["PB403"])

    assert (result.notebooks, result.cells, result.errors, result.warnings) == (2, 4, 0, 0)


def test_what_the_pipeline_injects_is_defined(root: Path) -> None:
    assert said(run(root, "b.ipynb", select=["PB201"])) == [("b.ipynb", 2, "PB201")]
    assert said(run(root, "b.ipynb", select=["PB201"], injected={"b.ipynb": NAMES})) == []


def test_a_record_of_two_tasks_is_found_in_both(root: Path) -> None:
    result = run(root, "a.ipynb", "b.ipynb", select=["PB702"], injected={"a.ipynb": NAMES, "b.ipynb": NAMES})

    assert said(result) == [("a.ipynb", 2, "PB702"), ("b.ipynb", 2, "PB702")]
    assert result.findings[0].message == "record `rows` is also recorded in b.ipynb"


def test_notebooks_that_are_no_tasks_may_record_under_one_name(root: Path) -> None:
    assert said(run(root, "a.ipynb", "b.ipynb", select=["PB702"])) == []


def test_pipeline_yaml_is_read_where_nobody_says_what_is_injected(root: Path) -> None:
    (root / "pipeline.yaml").write_text("tasks: [{source: b.ipynb, product: {nb: o/b.ipynb}, params: {window: 1}}]")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    (root / "c.ipynb").write_bytes(content("x = 1", kernelspec=kernel))

    assert said(run(root, select=["PB201"])) == []
    assert said(run(root, "c.ipynb")) == []


def test_a_task_without_a_parameters_cell_is_an_error(root: Path) -> None:
    (root / "pipeline.yaml").write_text("tasks: [{source: c.ipynb, product: {nb: o/c.ipynb}}]")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    (root / "c.ipynb").write_bytes(content("x = 1", kernelspec=kernel))

    assert run(root).errors == 1


def test_a_task_is_held_against_what_pipeline_yaml_declares_of_it(root: Path) -> None:
    (root / "pipeline.yaml").write_text(
        "meta: {extract_upstream: false}\n"
        "tasks: [{source: a.ipynb, upstream: b, product: {nb: o/a.ipynb, rows: o/rows.csv}},"
        " {source: b.ipynb, product: {nb: o/b.ipynb}, params: {window: 1}}]"
    )

    assert said(run(root, select=["PB6"])) == [("a.ipynb", 0, "PB602"), ("a.ipynb", 1, "PB603")]


def test_a_suppressed_error_does_not_count(root: Path) -> None:
    (root / "c.ipynb").write_bytes(content("%cd x", "# proofbook: ignore-file[PB403] the image is built so"))

    result = run(root, "c.ipynb", select=["PB403"])

    assert (result.errors, result.suppressed) == (0, 1)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("empty.ipynb", b""),
        ("cut.ipynb", content("x = 1")[:60]),
        ("latin.ipynb", b'{"a": "\xe9"}'),
        ("old.ipynb", b'{"nbformat": 3, "worksheets": []}'),
        ("list.ipynb", b"[]"),
        ("deep.ipynb", b"[" * 1_000_000),
        ("zeros.ipynb", b"\0" * 1000),
    ],
)
def test_a_file_that_cannot_be_read_is_a_finding_and_the_others_are_linted(root: Path, name: str, text: bytes) -> None:
    (root / name).write_bytes(text)
    (root / "zz.ipynb").write_bytes(content("%cd x"))

    result = run(root, name, "zz.ipynb", select=["PB403"])

    assert said(result) == [(name, 0, "PB807"), ("zz.ipynb", 1, "PB403")]
    assert "\n" not in result.findings[0].message
    assert result.findings[0].message.startswith("the file cannot be read: ")
    assert name not in result.findings[0].message


def test_a_file_that_is_gone_a_pipe_and_a_folder_are_findings(root: Path) -> None:
    os.mkfifo(root / "pipe.ipynb")
    (root / "link.ipynb").symlink_to(root / "nowhere")

    assert {rule for _, _, rule in said(run(root, "gone.ipynb", "pipe.ipynb", "link.ipynb"))} == {"PB807"}


def test_reading_never_changes_a_file(root: Path) -> None:
    (root / "script.py").write_text('# %% tags=["parameters"]\nupstream = None\n# %%\n%cd x\n')
    (root / "bare.ipynb").write_bytes(content("x = 1"))
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in root.iterdir()}

    run(root, ".")

    assert {path: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in root.iterdir()} == before


def test_percent_scripts_are_linted_like_notebooks(root: Path) -> None:
    (root / "script.py").write_text(
        '# %% tags=["parameters"]\nupstream = None\nproduct = None\n\n# %%\nprint(missing)\n'
    )

    assert said(run(root, "script.py", select=["PB201", "PB301"])) == [("script.py", 2, "PB201")]


def test_files_outside_the_root_are_named_in_full(root: Path) -> None:
    inner = root / "inner"
    inner.mkdir()

    result = lint([root / "b.ipynb"], root=inner, configuration=LintConfiguration(select=["PB201"]))

    assert [finding.path for finding in result.findings] == [str(root / "b.ipynb")]


def test_a_wrong_code_is_said_before_anything_is_read(root: Path) -> None:
    (root / "pipeline.yaml").write_text("tasks: [")

    with pytest.raises(ConfigurationError, match="no rule 'PB999'"):
        run(root, select=["PB999"])


def test_a_task_is_known_by_whatever_path_it_is_named(root: Path) -> None:
    (root / "pipeline.yaml").write_text("tasks: [{source: b.ipynb, product: {nb: o/b.ipynb}, params: {window: 1}}]")
    (root / "sub").mkdir()
    (root / "sub" / "link.ipynb").symlink_to(root / "b.ipynb")

    assert said(run(root, "sub/../b.ipynb", "sub/link.ipynb", select=["PB201"])) == []


def test_a_script_that_only_ploomber_cannot_read_is_a_fault_of_a_task_alone(root: Path) -> None:
    header = "# ---\n# jupyter:\n#   kernelspec: {name: python3}\n# ---\n\n"
    (root / "script.py").write_text(f'{header}# %% tags=["parameters"]\nupstream = None\n\n# %%\nprint(missing)\n')

    assert said(run(root, "script.py", select=["PB201", "PB807"])) == [("script.py", 2, "PB201")]
    task = run(root, "script.py", injected={"script.py": frozenset()}, select=["PB807"])
    assert [(finding.rule, finding.message.split(":")[0]) for finding in task.findings] == [
        ("PB807", "Ploomber cannot read the file")
    ]


def test_a_finding_knows_its_line_in_the_file(root: Path) -> None:
    cells = [nbformat.v4.new_code_cell(text) for text in ("x = 1", "y = 2\nprint(unknown)")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), root / "c.ipynb")
    (found,) = run(root, "c.ipynb", select=["PB201"]).findings
    assert (root / "c.ipynb").read_text().split("\n")[found.file_line - 1].strip() == '"print(unknown)"'
    (root / "d.py").write_text("# %%\nx = 1\n\n# %%\ny = 2\nprint(unknown)\n")
    (found,) = run(root, "d.py", select=["PB201"]).findings
    assert (found.cell, found.line, found.file_line) == (2, 2, 6)
