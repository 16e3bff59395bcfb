from pathlib import Path

import pytest

from proofbook.exceptions import PipelineError
from proofbook.model.pipeline import Pipeline, Task
from proofbook.ploomber import preflight


def _task(name: str, product: str, **more: object) -> Task:
    return Task(name=name, source=f"notebooks/{name}.ipynb", products={"nb": product}, notebook_product="nb", **more)


@pytest.mark.parametrize(
    ("products", "said"),
    [
        ((".", "b.ipynb"), "task a: its product . is or holds the project itself"),
        (("pipeline.yaml", "b.ipynb"), "task a: its product pipeline.yaml is or holds the pipeline's own file"),
        (("notebooks", "b.ipynb"), "task a: its product notebooks is or holds the source of task"),
        (("notebooks/b.ipynb", "b.ipynb"), "task a: its product notebooks/b.ipynb is or holds the source of task b"),
        (("data/days.csv", "b.ipynb"), "task a: its product data/days.csv is or holds a data file of task b"),
        (("out", "out/b.ipynb"), "task a: its product out is or holds a product of task b"),
        (("out/deep/a.ipynb", "out"), "task b: its product out is or holds a product of task a"),
        (
            ("out/a.ipynb", "out/../out/a.ipynb"),
            "task b: its product out/../out/a.ipynb is or holds a product of task a",
        ),
        (("link", "b.ipynb"), "task a: its product link is or holds the source of task"),
    ],
)
def test_a_product_that_lies_over_what_is_not_its_own_is_refused(
    tmp_path: Path, products: tuple[str, str], said: str
) -> None:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "link").symlink_to("notebooks")
    pipeline = Pipeline(tasks=(_task("a", products[0]), _task("b", products[1], data={"days": "data/days.csv"})))

    with pytest.raises(PipelineError) as refused:
        preflight.check_products(pipeline, root=tmp_path)

    assert said in str(refused.value)


def test_products_side_by_side_are_good(tmp_path: Path) -> None:
    tasks = tuple(_task(f"task{number}", f"output/{number}/nb.ipynb") for number in range(50))

    preflight.check_products(Pipeline(tasks=tasks), root=tmp_path)


def test_each_path_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    resolve = Path.resolve
    monkeypatch.setattr(Path, "resolve", lambda self, **options: (looked.append(self), resolve(self, **options))[1])
    tasks = tuple(_task(f"task{number}", f"output/{number}.ipynb") for number in range(100))

    preflight.check_products(Pipeline(tasks=tasks), root=tmp_path)

    assert len(looked) < 300
