"""Adding a task to pipeline.yaml: every other byte stays, and Ploomber reads back what was meant."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.convert.pipeline_file import Entry, added, environment, read, scalar
from proofbook.exceptions import ConversionError, PipelineError

ENTRY = Entry(
    source="notebooks/new.ipynb",
    name="new",
    upstream=("first",),
    product={"nb": "output/new.ipynb", "table": "output/a b.csv"},
    params={"n": 3, "rate": 1e-05, "text": "yes", "items": [1, "a: b"], "none": None, "flag": False},
)
MEANT = {
    "source": "notebooks/new.ipynb",
    "name": "new",
    "upstream": ["first"],
    "product": dict(ENTRY.product),
    "params": dict(ENTRY.params),
}

FILES = {
    "comments and quotes": """\
# top
meta: {extract_upstream: false}   # flow
tasks:
  # the first
  - source: 'a.ipynb'   # quoted
    name: "first"

    product:
      nb: output/a.ipynb
      # commented: out

# behind the tasks
executor: {dotted_path: proofbook.ploomber.Executor}
""",
    "no indentation": "tasks:\n- source: a.ipynb\n  name: first\n  product: a.ipynb\n- source: b.ipynb\n  name: b\n  product: c.ipynb\n",
    "deep indentation": "tasks:\n    -   source: a.ipynb\n        name: first\n        product: {nb: a.ipynb}\n",
    "tasks at the end, no newline": "tasks:\n  - source: a.ipynb\n    product: a.html",
    "carriage returns": "tasks:\r\n  - source: a.ipynb\r\n    product: a.html\r\nx: 1\r\n",
    "a block of text": "tasks:\n  - source: a.sql\n    name: a\n    product: x\n    params:\n      q: |\n        select\n\n        1\n\nz: 1\n",
    "a list on top": "- source: a.ipynb\n  product: a.html\n",
    "no tasks yet": "meta:\n  extract_upstream: false\n",
    "nothing": "",
    "an anchor": "tasks:\n  - &base\n    source: a.ipynb\n    product: a.html\n    params: &p {x: 1}\n",
    "a byte order mark": "\ufefftasks:\n  - source: a.ipynb\n    product: a.html\n",
    "an end mark": "tasks:\n  - source: a.ipynb\n    product:\n      nb: a.html\n      other:\n\nmeta: {}\n",
    "umlauts": "tasks:\n  - source: ä.ipynb # größer\n    product: ö.html\n",
}


@pytest.mark.parametrize("name", FILES)
def test_a_task_is_added_and_no_other_byte_changes(name: str) -> None:
    before = FILES[name].encode()
    after = added(before, (ENTRY,), name="pipeline.yaml")
    old, new = yaml.safe_load(before.decode("utf-8-sig")), yaml.safe_load(after.decode("utf-8-sig"))
    tasks = new if isinstance(new, list) else new["tasks"]
    assert tasks[-1] == MEANT
    assert tasks[:-1] == ((old if isinstance(old, list) else (old or {}).get("tasks")) or [])
    # what was there is a prefix and a suffix of what is there
    split = next(at for at in range(len(after)) if at == len(before) or before[at] != after[at])
    rest = before[split:]
    assert after.endswith(rest)
    assert after.startswith(before[:split])


def test_the_new_task_looks_like_the_others() -> None:
    after = added(FILES["comments and quotes"].encode(), (ENTRY,), name="pipeline.yaml").decode()
    assert after == FILES["comments and quotes"].replace(
        "      # commented: out\n",
        """\
      # commented: out

  - source: notebooks/new.ipynb
    name: new
    upstream: [first]
    product:
      nb: output/new.ipynb
      table: "output/a b.csv"
    params:
      "n": 3
      rate: 1.0e-05
      text: "yes"
      items: [1, "a: b"]
      none: null
      flag: false
""",
    ).replace('      "n": 3', '      "n": 3')


def test_several_tasks_are_added_at_once() -> None:
    other = Entry(source="b.ipynb", name="b", product={"nb": "b.html"})
    after = yaml.safe_load(added(b"", (ENTRY, other), name="p"))
    assert [task["name"] for task in after["tasks"]] == ["new", "b"]


@pytest.mark.parametrize(
    "content",
    [
        "tasks: [{source: a, product: b}]\n",
        "{tasks: [{source: a}]}",
        "tasks:\n",
        "tasks: []\n",
        "tasks: {a: b}\n",
        "tasks:\n  - a\n...\n---\nb: 1\n",
    ],
)
def test_a_file_that_cannot_take_a_task_is_refused(content: str) -> None:
    with pytest.raises((ConversionError, PipelineError)) as error:
        added(content.encode(), (ENTRY,), name="pipeline.yaml")
    assert "\n" not in str(error.value)
    assert "pipeline.yaml" in str(error.value)


@pytest.mark.parametrize("content", [b"a: [", b"\xff", b"3", b"a: b: c"])
def test_what_is_no_pipeline_is_refused(content: bytes) -> None:
    with pytest.raises(PipelineError, match=r"^pipeline\.yaml "):
        read(content, name="pipeline.yaml", env={})


def test_products_are_known_by_path_with_their_task_and_key() -> None:
    content = """\
meta: {extract_product: true, extract_upstream: false}
tasks:
  - {source: a.ipynb, product: {nb: out/a.ipynb, data: "./out/../out/{{name}}.csv"}}
  - {source: b.py, name: b, product: out/b.ipynb}
  - {source: fns.f, product: "{{unknown}}/c.csv"}
"""
    found = read(content.encode(), name="p", env=environment(b"name: x\nother: [1]\n"))
    assert found.products == {"out/a.ipynb": ("a", "nb"), "out/x.csv": ("a", "data"), "out/b.ipynb": ("b", None)}
    assert found.names == {"a", "b", "fns.f"}
    assert (found.extract_upstream, found.extract_product, found.notebooks) == (False, True, "out")


def test_ploomber_s_own_defaults_are_known() -> None:
    found = read(b"tasks: []", name="p", env={})
    assert (found.extract_upstream, found.extract_product) == (True, False)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(values)
@settings(max_examples=300, deadline=None)
def test_every_value_is_read_back_by_ploomber_s_reader_as_what_it_is(value: object) -> None:
    found = yaml.safe_load(f"x: {scalar(value)}")["x"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "No",
        "on",
        "1_000",
        "1:30",
        "0o7",
        "1e5",
        "2013-10-31",
        "null",
        "~",
        "",
        " a ",
        "a: b",
        "# c",
        "- a",
        "{a}",
        "N",
        "=",
    ],
)
def test_text_that_looks_like_something_else_stays_text(text: str) -> None:
    assert yaml.safe_load(scalar(text)) == text


def test_the_example_of_this_repository_can_take_a_task() -> None:
    content = (Path(__file__).parents[2] / "pipeline.yaml").read_bytes()
    after = added(content, (ENTRY,), name="pipeline.yaml")
    assert after.startswith(content[:-1])
