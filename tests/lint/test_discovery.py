"""Which notebooks there are."""

from pathlib import Path

import pytest

from proofbook.exceptions import PipelineError
from proofbook.lint import discovery
from proofbook.lint.declared import Declared, of_pipeline
from proofbook.model.pipeline import Pipeline, Task
from tests.lint.factory import content

PIPELINE = """\
executor: {dotted_path: proofbook.ploomber.Executor}
tasks:
  - source: notebooks/ingest.ipynb
    product: {nb: output/ingest.ipynb, data: output/data/flights.parquet}
    params: {as_of: 2013-09-30}
  - source: notebooks/train.py
    product:
      nb: output/train.ipynb
  - source: tasks.functions.clean
    product: output/clean.csv
  - source: sql/query.sql
    product: [schema, name, table]
"""


def put(root: Path, *names: str, text: bytes = content("x = 1")) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)


def found(root: Path, *paths: str) -> list[str]:
    sources = discovery.pipeline_sources(root)
    notebooks = discovery.notebooks([root / path for path in paths], root=root, sources=sources)
    return [path.relative_to(root).as_posix() for path in notebooks]


def test_without_a_pipeline_all_notebooks_below_are_found(tmp_path: Path) -> None:
    put(tmp_path, "b.ipynb", "a/c.ipynb", "a/script.py", "notes.md")

    assert found(tmp_path) == ["b.ipynb", "a/c.ipynb"]


def test_hidden_folders_environments_and_checkpoints_are_passed_over(tmp_path: Path) -> None:
    put(
        tmp_path,
        "a.ipynb",
        ".ipynb_checkpoints/a.ipynb",
        ".venv/x.ipynb",
        ".hidden/x.ipynb",
        "venv/x.ipynb",
        "mine/x.ipynb",
    )
    put(tmp_path, "mine/pyvenv.cfg", text=b"")
    put(tmp_path, "node_modules/x.ipynb", "__pycache__/x.ipynb", ".hidden.ipynb")

    assert found(tmp_path) == ["a.ipynb"]


def test_the_notebooks_of_the_pipeline_are_found_with_what_it_injects(tmp_path: Path) -> None:
    put(tmp_path, "pipeline.yaml", text=PIPELINE.encode())
    put(tmp_path, "notebooks/ingest.ipynb", "notebooks/train.py", "notebooks/other.ipynb")

    sources = discovery.pipeline_sources(tmp_path)

    assert found(tmp_path) == ["notebooks/ingest.ipynb", "notebooks/train.py"]
    assert sources is not None
    assert sources.injected["notebooks/ingest.ipynb"] == {"upstream", "product", "as_of"}
    assert sources.injected["notebooks/train.py"] == {"upstream", "product"}


def test_a_folder_is_searched_without_what_the_pipeline_writes(tmp_path: Path) -> None:
    put(tmp_path, "pipeline.yaml", text=PIPELINE.encode())
    put(tmp_path, "notebooks/ingest.ipynb", "notebooks/other.ipynb", "output/ingest.ipynb", "output/data/x.ipynb")

    assert found(tmp_path, ".") == ["notebooks/ingest.ipynb", "notebooks/other.ipynb"]


def test_a_product_beside_its_source_hides_nothing_but_itself(tmp_path: Path) -> None:
    put(tmp_path, "pipeline.yaml", text=b"tasks: [{source: a.ipynb, product: {nb: a-run.ipynb}}]")
    put(tmp_path, "a.ipynb", "a-run.ipynb", "b.ipynb")

    assert found(tmp_path, ".") == ["a.ipynb", "b.ipynb"]


def test_in_a_folder_a_script_counts_where_it_has_a_parameters_cell(tmp_path: Path) -> None:
    put(tmp_path, "task.py", text=b'# %% tags=["parameters"]\nupstream = None\n')
    put(tmp_path, "light.py", text=b'# + tags=["parameters"]\nupstream = None\n')
    put(tmp_path, "module.py", text=b"# the parameters of the model\nx = 1\n")

    assert found(tmp_path, ".") == ["light.py", "task.py"]


def test_a_file_that_is_named_is_always_meant_and_only_once(tmp_path: Path) -> None:
    put(tmp_path, ".hidden/a.ipynb", "module.py")

    assert found(tmp_path, ".hidden/a.ipynb", "module.py", "module.py") == [".hidden/a.ipynb", "module.py"]


def test_a_folder_that_links_to_itself_ends(tmp_path: Path) -> None:
    put(tmp_path, "a/b.ipynb")
    (tmp_path / "a" / "loop").symlink_to(tmp_path / "a")

    assert found(tmp_path, ".") == ["a/b.ipynb"]


def declared(root: Path, pipeline: str) -> dict[str, Declared]:
    put(root, "pipeline.yaml", text=pipeline.encode())
    sources = discovery.pipeline_sources(root)
    assert sources is not None
    return sources.declared


def test_upstream_and_products_of_a_task_are_what_the_pipeline_declares(tmp_path: Path) -> None:
    text = """\
        meta: {extract_upstream: false}
        tasks:
          - {source: functions.load, product: raw.csv}
          - {source: sql/query.sql, product: [schema, name, table]}
          - source: a.ipynb
            upstream: [load, "fit-*"]
            product: {nb: ./out/a.ipynb, data: "{{out}}/a.csv"}
          - {source: b.ipynb, name: last, upstream: a, product: out/b.ipynb}
    """

    found = declared(tmp_path, text)

    assert found["a.ipynb"].upstream == ("load", "fit-*")
    assert not found["a.ipynb"].extracted
    assert found["a.ipynb"].products == {"nb": "out/a.ipynb", "data": None}
    assert found["b.ipynb"].upstream == ("a",)
    assert found["b.ipynb"].products == {"": "out/b.ipynb"}
    assert found["a.ipynb"].tasks["load"] == {"": "raw.csv"}
    assert found["a.ipynb"].tasks["query"] is None


def test_upstream_stands_in_the_notebook_unless_the_pipeline_says_otherwise(tmp_path: Path) -> None:
    assert declared(tmp_path, "tasks: [{source: a.ipynb, product: {nb: o.ipynb}}]")["a.ipynb"].extracted


@pytest.mark.parametrize(
    "tasks",
    [
        "[{source: a.ipynb, name: x, product: {nb: x.ipynb}}, {source: a.ipynb, name: y, product: {nb: y.ipynb}}]",
        "[{source: a.ipynb, name: x-, product: {nb: x.ipynb}, grid: {n: [1, 2]}}]",
    ],
)
def test_of_a_notebook_that_several_tasks_share_nothing_is_declared(tmp_path: Path, tasks: str) -> None:
    assert declared(tmp_path, f"tasks: {tasks}") == {}


def test_tasks_of_another_file_count(tmp_path: Path) -> None:
    put(tmp_path, "more/tasks.yaml", text=b"- {source: b.ipynb, upstream: a, product: {nb: o/b.ipynb}}")
    text = "{meta: {import_tasks_from: more/tasks.yaml}, tasks: [{source: a.ipynb, product: {nb: o/a.ipynb}}]}"

    assert set(declared(tmp_path, text)) == {"a.ipynb", "b.ipynb"}
    assert found(tmp_path) == ["a.ipynb", "b.ipynb"]


@pytest.mark.parametrize("named", ["none.yaml", "3", "a.ipynb", "[x]", '"\\0"'])
def test_another_file_that_is_none_is_passed_over(tmp_path: Path, named: str) -> None:
    put(tmp_path, "a.ipynb")

    text = f"{{meta: {{import_tasks_from: {named}}}, tasks: [{{source: a.ipynb, product: {{nb: o/a.ipynb}}}}]}}"

    assert set(declared(tmp_path, text)) == {"a.ipynb"}


def test_products_that_stand_in_the_notebook_are_not_known(tmp_path: Path) -> None:
    found = declared(tmp_path, "{meta: {extract_product: true}, tasks: [{source: a.ipynb, upstream: 3}]}")

    assert found["a.ipynb"].products is None
    assert found["a.ipynb"].upstream == ("3",)


def test_a_rendered_pipeline_declares_the_same(tmp_path: Path) -> None:
    pipeline = Pipeline(
        tasks=(
            Task(name="load", kind="other", products={"product": "raw.csv"}),
            Task(name="query", kind="other", unseen=True),
            Task(
                name="a",
                source="a.ipynb",
                upstream=("load",),
                products={"nb": "out/a.ipynb", "data": "out/a.csv"},
                notebook_product="nb",
            ),
        )
    )
    text = """\
        meta: {extract_upstream: false}
        tasks:
          - {source: functions.load, product: raw.csv}
          - {source: sql/query.sql, product: [schema, name, table]}
          - {source: a.ipynb, upstream: [load], product: {nb: out/a.ipynb, data: out/a.csv}}
    """

    assert of_pipeline(pipeline, extracted=False) == declared(tmp_path, text)


def test_placeholders_are_filled_in_from_env_yaml(tmp_path: Path) -> None:
    put(tmp_path, "env.yaml", text=b"folder: notebooks\nyear: 2013\n")
    put(
        tmp_path,
        "pipeline.yaml",
        text=b'tasks: [{source: "{{root}}/{{folder}}/{{year}}.ipynb", product: {nb: "{{out}}/x.ipynb"}}]',
    )

    assert found(tmp_path) == ["notebooks/2013.ipynb"]


def test_a_pattern_means_every_file_that_fits(tmp_path: Path) -> None:
    put(
        tmp_path,
        "pipeline.yaml",
        text=b'tasks: [{source: "notebooks/*.ipynb", name: "all-", product: {nb: out/x.ipynb}}]',
    )
    put(tmp_path, "notebooks/b.ipynb", "notebooks/a.ipynb")

    assert found(tmp_path) == ["notebooks/a.ipynb", "notebooks/b.ipynb"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"tasks: [", r"pipeline.yaml cannot be read: .*line 1"),
        (b"tasks: {a: 1}", "has no list `tasks`"),
        (b"- 1", "has no list `tasks`"),
        (b"", "has no list `tasks`"),
        (b"tasks: \xff", "pipeline.yaml cannot be read"),
        (b"tasks: !!python/object/apply:os.system [touch hit]", "pipeline.yaml cannot be read"),
        (b"[" * 1000, "pipeline.yaml cannot be read"),
    ],
)
def test_a_pipeline_that_is_none_is_a_one_line_error(tmp_path: Path, text: bytes, message: str) -> None:
    put(tmp_path, "pipeline.yaml", text=text)

    with pytest.raises(PipelineError, match=message) as caught:
        discovery.pipeline_sources(tmp_path)

    assert "\n" not in str(caught.value)
    assert not (tmp_path / "hit").exists()


def test_tasks_of_the_wrong_shape_are_passed_over(tmp_path: Path) -> None:
    put(tmp_path, "pipeline.yaml", text=b"tasks: [7, {}, {source: 3}, {source: a.ipynb, product: 4, params: [x]}]")

    assert found(tmp_path) == ["a.ipynb"]


def test_in_a_folder_markdown_is_a_notebook_only_with_the_header_of_jupytext(tmp_path: Path) -> None:
    header = b"---\njupytext:\n  formats: md:myst\nkernelspec:\n  name: python3\n---\n"
    put(tmp_path, "README.md", "docs/page.md", text=b"# Title\n\n```python\nundefined\n```\n")
    put(tmp_path, "docs/tutorial.md", "docs/report.Rmd", text=header)
    put(tmp_path, "docs/script.py", text=b"# ---\n# jupyter:\n#   kernelspec: {name: python3}\n# ---\nx = 1\n")

    assert found(tmp_path, ".") == ["docs/report.Rmd", "docs/script.py", "docs/tutorial.md"]


def test_markdown_without_the_header_is_passed_over_also_where_it_is_named(tmp_path: Path) -> None:
    put(tmp_path, "README.md", text=b"# Title\n")
    put(tmp_path, "script.py", text=b"x = 1\n")

    assert found(tmp_path, "README.md", "script.py") == ["script.py"]


def test_tasks_in_r_and_markdown_are_notebooks(tmp_path: Path) -> None:
    put(
        tmp_path,
        "pipeline.yaml",
        text=b"tasks:\n"
        b"  - {source: a.R, product: {nb: output/a.ipynb}}\n"
        b"  - {source: b.md, product: {nb: output/b.ipynb}}\n"
        b"  - {source: c.sql, product: [schema, name, table]}\n",
    )
    put(tmp_path, "a.R", "b.md", text=b"# Title\n")

    sources = discovery.pipeline_sources(tmp_path)

    assert sources is not None
    assert list(sources.injected) == ["a.R", "b.md"]
