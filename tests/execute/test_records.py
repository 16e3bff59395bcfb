"""Records out of notebooks: ours, scrapbook's, papermill's old ones, and those that somebody broke."""

import base64
import io
import json
import math
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook import profile, record
from proofbook.execute import records
from proofbook.model.record import Record, Rule
from proofbook.model.run import canonical
from tests.published import executed, shell

FRAME = pd.DataFrame({"carrier": ["AA", "UA"], "rate": [0.1, math.nan]})


def published(*args: Any, **options: Any) -> list[dict[str, Any]]:
    with shell() as outputs:
        record(*args, **options)
    return outputs


def read(*outputs: list[dict[str, Any]]) -> records.Recorded:
    """What is read from a notebook with these outputs, one list a cell; and it can stand in a manifest."""
    recorded = records.read(executed(*outputs), task="train")
    canonical(recorded.records)
    for digest, content in recorded.blobs.items():
        assert sha256(content).hexdigest() == digest
    return recorded


def one(*outputs: list[dict[str, Any]]) -> Record:
    (found,) = read(*outputs).records
    return found


def scrap(data: Any, *, encoder: str = "json", name: Any = "s", **output: Any) -> list[dict[str, Any]]:
    payload = {"name": name, "data": data, "encoder": encoder, "version": 1}
    return [
        {
            "output_type": "display_data",
            "data": {f"application/scrapbook.scrap.{encoder}+json": payload},
            "metadata": {},
            **output,
        }
    ]


def table(recorded: records.Recorded) -> pd.DataFrame:
    return pq.read_table(io.BytesIO(recorded.blobs[recorded.records[0].blob])).to_pandas()


def test_a_scalar_comes_back_with_type_rule_task_and_cell() -> None:
    found = one([], published("auc", np.float32(0.5), better="higher", margin=0.01, floor=0.4, informs=True))
    assert found == Record(
        name="auc", kind="scalar", task="train", cell=2, type="numpy.float32", value=0.5,
        rule=Rule(better="higher", margin=0.01, floor=0.4, informs=True),
    )  # fmt: skip


@pytest.mark.parametrize(("value", "word"), [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf")])
def test_floats_that_json_cannot_say_are_special(value: float, word: str) -> None:
    found = one(published("x", value, better="lower"))
    assert (found.kind, found.value, found.special) == ("scalar", None, word)


def test_none_is_a_scalar_without_a_value() -> None:
    found = one(published("x", None))
    assert (found.kind, found.value, found.special, found.type) == ("scalar", None, None, "None")


def test_text_stays_text_whatever_it_looks_like() -> None:
    for text in ("NaN", "null", "1.5", '{"a": 1}', ""):
        found = one(published("x", text))
        assert (found.kind, found.value, found.type) == ("text", text, "str")


def test_an_integer_beyond_64_bits_is_kept_exactly_as_text() -> None:
    found = one(published("x", 2**200))
    assert (found.kind, found.value, found.type) == ("text", str(2**200), "int")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def written(value: Any) -> Any:
    """How a nested value stands in a manifest."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, dict):
        return {key: written(item) for key, item in value.items()}
    return [written(item) for item in value] if isinstance(value, list) else value


@settings(max_examples=150, deadline=None)
@given(
    value=JSON, name=st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable() and text == text.strip())
)
def test_any_value_goes_through_recorder_file_and_reader(value: Any, name: str) -> None:
    content = json.loads(json.dumps(executed(published(name, value)), allow_nan=False))
    recorded = records.read(content, task="t")
    (found,) = recorded.records
    assert (found.name, found.unreadable) == (name, None)
    canonical(recorded.records)
    if isinstance(value, float) and not math.isfinite(value):
        assert (found.value, found.special) == (None, written(value))
    else:
        assert found.value == written(value)
        assert type(found.value) is type(value)


@pytest.mark.parametrize(
    "value",
    [
        FRAME,
        pl.from_pandas(FRAME),
        FRAME.set_index("carrier"),
        FRAME.astype({"carrier": "category"}),
        FRAME.astype({"carrier": object}),
    ],
    ids=["pandas", "polars", "index", "category", "object"],
)
def test_equal_tables_are_equal_bytes_whichever_library_made_them(value: Any) -> None:
    recorded = read(published("t", value, key="carrier"))
    (found,) = recorded.records
    assert (found.kind, found.media) == ("table", "application/vnd.apache.parquet")
    assert found.value == {"rows": 2, "columns": {"carrier": "string", "rate": "double"}}
    assert found.rule.key == ("carrier",)
    assert recorded.blobs == read(published("t", FRAME)).blobs
    assert table(recorded).to_dict("list")["carrier"] == ["AA", "UA"]


def test_arrays_and_empty_tables_are_tables() -> None:
    assert one(published("a", np.arange(3))).value == {"rows": 3, "columns": {"value": "int64"}}
    assert one(published("a", FRAME.iloc[:0])).value["rows"] == 0
    assert one(published("a", pd.DataFrame())).value == {"rows": 0, "columns": {}}


def test_a_figure_brings_picture_and_plotted_data() -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.plot([1, 2], [3, math.nan])
    recorded = read(published("roc", figure, tolerance=0.01))
    plt.close(figure)
    (found,) = recorded.records
    assert (found.kind, found.media, found.type) == ("figure", "image/png", "matplotlib.Figure")
    assert recorded.blobs[found.blob].startswith(b"\x89PNG")
    assert json.loads(recorded.blobs[found.plotted])["axes"][0]["lines"][0]["y"] == [3.0, None]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_plotly_figure_has_plotted_data_and_no_picture() -> None:
    import plotly.graph_objects as go

    recorded = read(published("p", go.Figure(go.Bar(x=["a"], y=[1]))))
    (found,) = recorded.records
    assert (found.kind, found.blob, found.media) == ("figure", None, None)
    assert json.loads(recorded.blobs[found.plotted])["data"][0]["type"] == "bar"


def test_profiles_and_files_come_back(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.bin").write_bytes(b"x")
    found = one(published("m", Path("m.bin")))
    assert (found.kind, found.value) == ("model", {"path": "m.bin", "size": 1, "digest": sha256(b"x").hexdigest()})
    found = one(published("p", profile(FRAME)))
    assert found.kind == "profile"
    assert found.value["columns"]["rate"]["nulls"] == 1


def test_the_last_of_one_name_counts_and_is_told() -> None:
    recorded = read(published("auc", 0.1) + published("n", 1), [], published("auc", 0.2))
    assert [(found.name, found.value, found.cell) for found in recorded.records] == [("auc", 0.2, 3), ("n", 1, 1)]
    assert recorded.notes == ("'auc' was recorded 2 times (cells 1, 3); the last counts",)
    assert (
        read(published("t", FRAME), published("t", FRAME.iloc[:1])).blobs.keys()
        == read(published("t", FRAME.iloc[:1])).blobs.keys()
    )


# scrapbook


@pytest.fixture(scope="module")
def sb():
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import scrapbook

        yield scrapbook


@pytest.mark.filterwarnings("ignore")
def test_scrapbook_reads_all_that_we_record(sb, tmp_path: Path, monkeypatch) -> None:
    """The real library, from a real file, strict JSON; one scrap that it cannot read would hide all."""
    import altair as alt
    import matplotlib.pyplot as plt
    import plotly.graph_objects as go

    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.bin").write_bytes(b"x")
    figure, axes = plt.subplots()
    axes.plot([1, math.nan])
    values = {
        "int": 3, "float": 0.5, "bool": True, "none": None, "nan": math.nan, "inf": -math.inf, "big": 2**80,
        "np": np.float32(0.5), "npi": np.int64(3), "text": "NaN", "empty": "", "list": [1, None, math.nan], "dict": {"a": {"b": None}},
        "array": np.arange(2), "frame": FRAME, "multi": FRAME.set_index(["carrier", "rate"]).assign(n=1), "series": FRAME["rate"],
        "polars": pl.from_pandas(FRAME), "figure": figure, "plotly": go.Figure(go.Bar(y=[1])),
        "altair": alt.Chart(FRAME).mark_bar().encode(x="carrier", y="rate"), "profile": profile(FRAME), "file": Path("m.bin"),
    }  # fmt: skip
    outputs = [output for name, value in values.items() for output in published(name, value)]
    plt.close(figure)
    (tmp_path / "run.ipynb").write_text(json.dumps(executed(outputs), allow_nan=False))
    scraps = sb.read_notebook(str(tmp_path / "run.ipynb")).scraps
    assert list(scraps) == list(values)
    for name in ("int", "float", "bool", "none", "inf", "big", "np", "npi", "text", "empty", "dict"):
        assert scraps[name].data == values[name], name
    assert type(scraps["bool"].data) is bool
    assert type(scraps["int"].data) is int
    assert math.isnan(scraps["nan"].data)
    assert scraps["list"].data[:2] == [1, None]
    assert math.isnan(scraps["list"].data[2])
    for name in ("frame", "polars"):
        pd.testing.assert_frame_equal(scraps[name].data, FRAME, check_dtype=False)
    assert scraps["array"].data["value"].tolist() == [0, 1]
    assert list(scraps["multi"].data.columns) == ["carrier", "rate", "n"]
    for name in ("frame", "figure", "plotly", "altair", "profile"):
        assert scraps[name].display is not None
    assert "image/png" in scraps["figure"].display["data"]
    assert scraps["figure"].data["axes"][0]["lines"][0]["y"] == [1.0, None]


@pytest.mark.filterwarnings("ignore")
def test_we_read_all_that_scrapbook_glues(sb) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.plot([1])
    with shell() as outputs:
        sb.glue("number", 0.5)
        sb.glue("text", "hi")
        sb.glue("list", [1, 2])
        sb.glue("frame", FRAME)
        sb.glue("indexed", FRAME.set_index(pd.Index(["x", "y"])))
        sb.glue("json", '{"a": 1}', encoder="json")
        sb.glue("shown", {"a": 1}, display=True)
        sb.glue("figure", figure, encoder="display")
    plt.close(figure)
    found = {one.name: one for one in read(outputs).records}
    assert [one.unreadable for one in found.values()] == [None] * 8
    assert (found["number"].kind, found["number"].value, found["number"].type) == ("scalar", 0.5, "float")
    assert (found["text"].kind, found["text"].value) == ("text", "hi")
    assert (found["list"].kind, found["list"].value) == ("json", [1, 2])
    assert found["frame"].value == {"rows": 2, "columns": {"carrier": "string", "rate": "double"}}
    assert "index" in found["indexed"].value["columns"]
    assert (found["json"].kind, found["json"].value) == ("json", {"a": 1})
    assert (found["shown"].kind, found["shown"].value) == ("json", {"a": 1}), "not what it looks like, but what it is"
    assert found["figure"].type == "display"


def test_papermills_old_records_are_read() -> None:
    output = {
        "output_type": "display_data",
        "data": {"application/papermill.record+json": {"a": 1, "b": "x"}},
        "metadata": {},
    }
    assert [(found.name, found.kind, found.value) for found in read([output]).records] == [
        ("a", "scalar", 1),
        ("b", "text", "x"),
    ]
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n...").decode()
    output = {"output_type": "display_data", "data": {"image/png": picture}, "metadata": {"papermill": {"name": "p"}}}
    found = one([output])
    assert (found.name, found.kind, found.media) == ("p", "figure", "image/png")


def test_nan_as_jupyters_messages_write_it_is_nan() -> None:
    assert one(scrap("nan")).special == "nan"
    assert one(scrap("nan", encoder="text")).value == "nan"


# what somebody broke


def ours(data: Any, kind: str, *, encoder: str = "json", **declared: Any) -> list[dict[str, Any]]:
    return scrap(
        data, encoder=encoder, metadata={"proofbook": {"version": 1, "kind": kind, "type": "x", "rule": {}, **declared}}
    )


PARQUET = published("t", FRAME)[0]["data"]["application/scrapbook.scrap.pandas+json"]["data"]
DEEP: list = []
for _ in range(500):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("outputs", "reason"),
    [
        (scrap(1, encoder="arrow"), "its encoder 'arrow' is unknown"),
        (scrap(1, encoder=None), "its encoder 'None' is unknown"),
        (scrap("%%%", encoder="pandas"), "its content is not base64"),
        (scrap({"a": 1}, encoder="pandas"), "its content is not text in base64"),
        (scrap("", encoder="pandas"), "its table cannot be read"),
        (scrap(base64.b64encode(b"PAR1 nonsense PAR1").decode(), encoder="pandas"), "its table cannot be read"),
        (scrap(PARQUET[:-40], encoder="pandas"), "its table cannot be read"),
        (scrap("A" * (90 << 20), encoder="pandas"), "it is larger than 64 MB"),
        (scrap(DEEP), "it is nested too deeply"),
        (scrap("[" * 100_000), "it is nested too deeply"),
        (scrap(list(range(200_001))), "it holds more than 200000 values"),
        (scrap("x" * (5 << 20), encoder="text"), "it is larger than 4 MB"),
        (ours(1, "hologram"), "its kind 'hologram' is unknown; a newer Proofbook may have written it"),
        (ours(1, "text"), "it says that it is a text, and is encoded as json"),
        (ours("x", "scalar"), "it says that it is a scalar, and holds str"),
        (ours(PARQUET, "table"), "it says that it is a table, and is encoded as json"),
        (ours([1], "figure"), "it is a figure without plotted data"),
        (ours({"path": 1}, "model"), "it is a file without path or SHA-256"),
        (ours("NaN", "scalar", special="inf"), "it says that it is inf, and is nan"),
        (ours(1, "scalar", rule={"better": "up"}), "its declaration cannot be read: Invalid enum value 'up'"),
        (ours(1, "scalar", rule=[1]), "its declaration cannot be read"),
        (ours(1, "scalar", rule={"margin": "1"}), "its declaration cannot be read"),
    ],
)
def test_one_bad_record_says_why_and_hides_no_other(outputs: list[dict[str, Any]], reason: str) -> None:
    recorded = read(published("before", 1), outputs, published("after", 2))
    assert [(found.name, found.value) for found in recorded.records if not found.unreadable] == [
        ("before", 1),
        ("after", 2),
    ]
    (bad,) = [found for found in recorded.records if found.unreadable]
    assert bad.unreadable.startswith(reason)
    assert (bad.name, bad.cell, bad.value) == ("s", 2, None)


def test_a_picture_that_is_none_makes_the_figure_unreadable() -> None:
    output = ours({"axes": []}, "figure")
    output[0]["data"]["image/png"] = base64.b64encode(b"<svg onload=alert(1)>").decode()
    assert one(output).unreadable == "its picture is not what image/png should be"


@pytest.mark.parametrize("name", [None, "", 7, "a\x1b[31mb", ["x"], "x" * 5000])
def test_any_name_can_be_shown(name: Any) -> None:
    found = one(scrap(1, name=name))
    assert found.name
    assert len(found.name) <= 200
    assert found.name.isprintable()


def test_a_table_that_claims_to_be_enormous_is_not_unpacked() -> None:
    """A column of one repeated value: some kilobytes of Parquet, gigabytes of table."""
    import pyarrow as pa

    sink = io.BytesIO()
    pq.write_table(
        pa.table(
            {"x": pa.array(np.zeros(60_000_000, dtype="int8")), "y": pa.array(np.zeros(60_000_000, dtype="int8"))}
        ),
        sink,
    )
    assert len(sink.getvalue()) < 1 << 20
    found = one(scrap(base64.b64encode(sink.getvalue()).decode(), encoder="pandas"))
    assert found.unreadable == "its table cannot be read: it is too large: 60000000 rows, 2 columns"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["name", "data", "encoder", "version", "kind", "rule", "proofbook", "scrapbook", "display", "image/png", "special"])
        | st.text(max_size=3),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip
MEDIA = st.sampled_from([
    "application/scrapbook.scrap.json+json", "application/scrapbook.scrap.pandas+json", "application/papermill.record+json",
    "image/png", "text/plain", "application/scrapbook.scrap",
])  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries({"data": st.dictionaries(MEDIA, ANYTHING, max_size=3) | ANYTHING, "metadata": ANYTHING}),
        max_size=3,
    )
)
def test_no_output_whatever_breaks_the_reader(outputs: list[Any]) -> None:
    recorded = read(outputs, published("good", 1))
    assert "good" in {found.name for found in recorded.records}


@given(ANYTHING)
def test_no_notebook_whatever_breaks_the_reader(content: Any) -> None:
    for notebook in (content, {"cells": content}, {"cells": [content]}, {"cells": [{"outputs": content}]}):
        records.read(notebook, task="t")
