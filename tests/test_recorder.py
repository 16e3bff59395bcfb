"""What a notebook says with `record`, and what it is told when it says something wrong."""

import datetime as dt
import decimal
import hashlib
import json
import math
import subprocess
import sys
import uuid
from enum import Enum
from fractions import Fraction
from pathlib import Path, PurePosixPath

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest

from proofbook import profile, record
from proofbook.recorder.encoding import encode
from tests.published import shell

mpl.use("agg")

FRAME = pd.DataFrame({"carrier": ["AA", "UA"], "rate": [0.1, 0.2]})


def test_importing_record_imports_nothing_heavy() -> None:
    """Under 100 ms, cold: held by what is imported, because time depends on the machine."""
    program = "import sys; before = set(sys.modules); from proofbook import record, profile; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    imported = {name for name in done.stdout.split() if not name.startswith("proofbook")}
    roots = {name.split(".")[0] for name in imported}
    assert not roots & {
        "numpy",
        "pandas",
        "polars",
        "IPython",
        "msgspec",
        "matplotlib",
        "pyarrow",
        "asyncio",
        "inspect",
        "hashlib",
    }
    assert len(imported) < 40, sorted(imported)


def test_recording_a_number_imports_no_library_of_tables() -> None:
    program = (
        "import sys; from proofbook import record; record('auc', 0.9, better='higher', margin=0.01)\n"
        "print(sorted({'numpy', 'pandas', 'polars', 'pyarrow', 'matplotlib', 'IPython'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n", "and it prints nothing outside a notebook"


def test_a_profile_of_one_library_does_not_import_the_other() -> None:
    for mine, other in (("pandas", "polars"), ("polars", "pandas")):
        program = (
            f"import sys, {mine} as lib; from proofbook import record, profile\n"
            f"record('p', profile(lib.DataFrame({{'a': [1, 2]}}))); print({other!r} in sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout == "False\n"


def test_one_output_shows_the_value_and_carries_scrap_and_declaration() -> None:
    with shell() as outputs:
        assert record("auc", 0.8123, better="higher", margin=0.005, floor=0.7) is None
    assert outputs == [
        {
            "output_type": "display_data",
            "data": {
                "application/scrapbook.scrap.json+json": {"name": "auc", "data": 0.8123, "encoder": "json", "version": 1},
                "text/plain": "auc = 0.8123",
            },
            "metadata": {
                "proofbook": {
                    "version": 1, "name": "auc", "kind": "scalar", "type": "float",
                    "rule": {"better": "higher", "margin": 0.005, "floor": 0.7},
                },
                "scrapbook": {"name": "auc", "data": True, "display": False},
            },
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "kind", "name", "data"),
    [
        (True, "scalar", "bool", True),
        (1, "scalar", "int", 1),
        (0.1 + 0.2, "scalar", "float", 0.1 + 0.2),
        (None, "scalar", "None", "null"),
        (math.nan, "scalar", "float", "NaN"),
        (-math.inf, "scalar", "float", "-Infinity"),
        (np.float64(0.5), "scalar", "numpy.float64", 0.5),
        (np.float32(0.1), "scalar", "numpy.float32", float(np.float32(0.1))),
        (np.longdouble(0.5), "scalar", "numpy.longdouble", 0.5),
        (np.int8(3), "scalar", "numpy.int8", 3),
        (np.bool_(True), "scalar", "numpy.bool", True),
        (np.array(2.5), "scalar", "numpy.ndarray", 2.5),
        (pd.NA, "scalar", "pandas.NAType", "null"),
        (pd.NaT, "scalar", "pandas.NaTType", "null"),
        ("text", "text", "str", "text"),
        (np.str_("text"), "text", "numpy.str_", "text"),
        (dt.date(2013, 9, 30), "text", "datetime.date", "2013-09-30"),
        (dt.timedelta(minutes=15), "text", "datetime.timedelta", "0:15:00"),
        (pd.Timestamp("2013-09-30 06:00"), "text", "pandas.Timestamp", "2013-09-30T06:00:00"),
        (decimal.Decimal("1.10"), "text", "decimal.Decimal", "1.10"),
        (Fraction(1, 3), "text", "fractions.Fraction", "1/3"),
        (uuid.UUID(int=0), "text", "uuid.UUID", "00000000-0000-0000-0000-000000000000"),
        ({"a": (1, np.int64(2)), 3: None}, "json", "dict", {"a": [1, 2], "3": None}),
        ([dt.date(2013, 1, 1), np.arange(2)], "json", "list", ["2013-01-01", [0, 1]]),
        ([1, math.nan], "json", "list", "[1, NaN]"),
        (Enum("Colour", {"RED": "red"}).RED, "text", "test_recorder.Colour", None),
    ],
    ids=str,
)  # fmt: skip
def test_a_value_is_recorded_by_its_kind_with_its_type(value, kind, name, data) -> None:
    if data is None:
        with pytest.raises(TypeError, match="cannot record"):
            encode("n", value)
        return
    encoded = encode("n", value)
    assert (encoded.kind, encoded.type, encoded.data) == (kind, name, data)
    assert type(encoded.data) is type(data)
    json.dumps(encoded.data, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "columns"),
    [
        (FRAME, ("carrier", "rate")),
        (FRAME[FRAME.rate > 0.15], ("carrier", "rate")),
        (FRAME.set_index("carrier"), ("carrier", "rate")),
        (FRAME.set_index(["carrier", "rate"]).assign(n=1), ("carrier", "rate", "n")),
        (FRAME.describe(), ("index", "rate")),
        (FRAME.groupby("carrier").agg({"rate": ["mean", "max"]}), ("carrier", "rate.mean", "rate.max")),
        (FRAME["rate"], ("rate",)),
        (FRAME.groupby("carrier")["rate"].mean(), ("carrier", "rate")),
        (pd.Series([1, 2], index=[2013, 2014]), ("index", "value")),
        (FRAME.rename(columns={"rate": 7}), ("carrier", "7")),
        (pl.DataFrame({"a": [1], "b": ["x"]}), ("a", "b")),
        (pl.Series([1, 2]), ("value",)),
        (np.arange(3), ("value",)),
        (np.eye(2), ("0", "1")),
        (np.array(["a", "b"]), ("value",)),
        (FRAME.iloc[:0], ("carrier", "rate")),
        (pd.DataFrame(), ()),
    ],
)
def test_tables_keep_the_index_that_means_something(value, columns) -> None:
    encoded = encode("t", value)
    assert (encoded.kind, encoded.encoder, encoded.columns) == ("table", "pandas", columns)


def test_a_table_is_shown_as_a_table() -> None:
    for value in (FRAME, pl.from_pandas(FRAME), FRAME["rate"]):
        with shell() as outputs:
            record("t", value)
        assert "<table" in outputs[0]["data"]["text/html"]
        assert "2 rows" in outputs[0]["data"]["text/plain"]


def test_forty_rows_of_a_table_are_all_shown() -> None:
    for value in (pd.DataFrame({"n": range(40)}), pl.DataFrame({"n": range(40)})):
        with shell() as outputs:
            record("t", value)
        assert all(f"<td>{number}</td>" in outputs[0]["data"]["text/html"] for number in range(40))


def test_a_file_is_recorded_by_reference(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    path = tmp_path / "models/model.bin"
    path.write_bytes(b"weights")
    for given in (path, Path("models/model.bin"), PurePosixPath("models/model.bin")):
        encoded = encode("model", given)
        assert encoded.kind == "model"
        assert encoded.data == {"path": "models/model.bin", "size": 7, "digest": hashlib.sha256(b"weights").hexdigest()}


def test_matplotlib_figures_bring_their_picture_and_what_they_plot() -> None:
    figure, (left, right) = plt.subplots(1, 2)
    left.plot([1, 2], [3, math.nan], label="roc")
    left.set(title="ROC", xlabel="false", ylabel="true")
    right.bar(["AA", "UA"], [0.1, 0.2])
    right.scatter([1, 2], [3, 4], c=[5, 6])
    right.imshow(np.eye(2))
    right.hist([1, 2, 2], bins=2, histtype="step")
    right.fill_between([0, 1], [0, 1])
    encoded = encode("f", figure)
    assert (encoded.kind, encoded.type) == ("figure", "matplotlib.Figure")
    assert encoded.shown["image/png"].startswith("iVBOR")
    first, second = encoded.data["axes"]
    assert first["title"] == "ROC"
    assert (first["x"]["label"], first["y"]["label"]) == ("false", "true")
    assert first["lines"] == [{"label": "roc", "x": [1.0, 2.0], "y": [3.0, None]}]
    assert second["bars"][0]["height"] == [0.1, 0.2]
    assert second["x"]["categories"] == ["AA", "UA"]
    assert second["images"][0]["shape"] == [2, 2]
    points = next(part for part in second["collections"] if part["type"] == "PathCollection")
    assert (points["x"], points["y"], points["values"]) == ([1.0, 2.0], [3.0, 4.0], [5.0, 6.0])
    json.dumps(encoded.data, allow_nan=False)
    for leads_to_it in (left, np.array([left, right]), [left, right]):
        assert encode("f", leads_to_it).data == encoded.data
    plt.close(figure)


def test_the_same_figure_has_the_same_bytes() -> None:
    pictures = []
    for _ in range(2):
        figure, axes = plt.subplots()
        axes.plot([1, 2])
        pictures.append(encode("f", figure).shown["image/png"])
        plt.close(figure)
    assert pictures[0] == pictures[1]


def test_a_plot_of_very_many_points_is_summed_up() -> None:
    figure, axes = plt.subplots()
    axes.plot(np.arange(20_000.0))
    line = encode("f", figure).data["axes"][0]["lines"][0]
    assert line["y"]["shape"] == [20_000]
    assert line["y"]["maximum"] == 19_999
    assert line["y"]["digest"] == hashlib.sha256(np.arange(20_000.0).tobytes()).hexdigest()
    plt.close(figure)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_plotly_and_altair_bring_their_data_and_say_that_there_is_no_picture() -> None:
    import altair as alt
    import plotly.graph_objects as go

    plotly = encode("p", go.Figure(go.Scatter(x=np.array([1.0, math.nan]), y=[3, 4])))
    assert (plotly.kind, plotly.type) == ("figure", "plotly.Figure")
    assert plotly.data["data"][0]["x"] == [1.0, None]
    assert plotly.picture == "no picture: kaleido is not installed"
    assert "application/vnd.plotly.v1+json" in plotly.shown
    big = pd.DataFrame({"x": range(6000), "y": range(6000)})
    chart = encode("a", alt.Chart(big).mark_point().encode(x="x", y="y"))
    assert (chart.kind, chart.type) == ("figure", "altair.Chart")
    assert len(next(iter(chart.data["datasets"].values()))) == 6000
    assert any(name.startswith("application/vnd.vegalite.v") for name in chart.shown)
    assert chart.picture == "no picture: vl_convert is not installed"


PROFILED = {
    "n": [1, 2, 2, None],
    "f": [0.5, math.inf, math.nan, 1.5],
    "s": ["a", "b", "a", None],
    "b": [True, False, True, True],
    "t": [dt.datetime.fromisoformat(f"2013-01-0{day}") for day in (1, 2, 3, 4)],
    "empty": [None, None, None, None],
}


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
def test_a_profile_says_what_a_dataset_looks_like(library) -> None:
    made = profile(library.DataFrame(PROFILED))
    assert made.content["rows"] == 4
    columns = made.content["columns"]
    assert list(columns) == list(PROFILED)
    assert (columns["n"]["nulls"], columns["n"]["null_rate"], columns["n"]["distinct"]) == (1, 0.25, 2)
    assert (columns["n"]["min"], columns["n"]["max"]) == (1, 2)
    assert columns["n"]["mean"] == pytest.approx(5 / 3)
    assert columns["n"]["quantiles"]["0.5"] == 2
    assert columns["f"]["nulls"] == 1
    assert (columns["f"]["infinite"], columns["f"]["max"]) == (1, 1.5), "infinity is counted and is no range"
    assert columns["s"]["top"] == [["a", 2], ["b", 1]]
    assert columns["b"]["top"] == [["True", 3], ["False", 1]]
    assert columns["t"]["min"].startswith("2013-01-01")
    assert (columns["empty"]["nulls"], columns["empty"]["distinct"]) == (4, 0)
    json.dumps(made.content, allow_nan=False)
    assert "<table>" in made._repr_html_()
    assert encode("p", made).kind == "profile"


def test_a_profile_escapes_what_a_dataset_is_called() -> None:
    assert "<script>" not in profile(pd.DataFrame({"<script>": [1]}))._repr_html_()


class Model:
    def predict(self) -> None: ...


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({1, 2}, r"cannot record a set; record sorted\(\.\.\.\) of it"),
        ({"a": {1}}, r"value\['a'\] is a set, which JSON cannot say: use sorted"),
        (b"x", r"cannot record a bytes; write it to a file and record the path: record\('n', pathlib\.Path"),
        (Model(), r"save the model to a file and record the path"),
        (pl.LazyFrame({"a": [1]}), r"record \.collect\(\) of it"),
        (plt, r"record plt\.gcf\(\), the current figure"),
        (1j, "cannot record a complex; record a number"),
        (lambda: 1, "cannot record a function"),
        (np.zeros((2, 2, 2)), r"shape \(2, 2, 2\)"),
        (np.array([object()]), "make it a DataFrame"),
        (pd.DataFrame({"a": [1, "x"]}), "Parquet cannot hold this table .*column a"),
        ([FRAME], r"value\[0\] is a pandas\.DataFrame, which JSON cannot say: record each table by itself"),
        ({(1, 2): 3}, "has a key of type tuple"),
        (object(), "cannot record an object"),
    ],
)
def test_what_cannot_be_recorded_is_refused_with_advice(value, message: str) -> None:
    with pytest.raises(TypeError, match=rf"record\('n'\): .*{message}"):
        record("n", value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("\ud800", "not valid Unicode"),
        ({1: "a", "1": "b"}, "two keys that are both '1'"),
        (Path("nowhere.bin"), "nowhere.bin is not there; write the file first"),
        (Path(__file__).parent, "is a folder"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "'a' stands twice"),
        (pd.DataFrame({"a": [1]}, index=pd.Index([1], name="a")), "the index cannot become a column"),
        (pd.DataFrame({"x": np.random.default_rng(1).random(6_000_000)}), "a notebook should hold 32 MB"),
        ("x" * (5 << 20), "a notebook should hold"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_value_of_a_good_type_may_still_be_impossible(value, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        record("n", value)


def test_a_list_in_itself_is_refused() -> None:
    endless: list = []
    endless.append(endless)
    with pytest.raises(ValueError, match="deeper than 64"):
        record("n", endless)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"beter": "higher"}, TypeError, r"record\(\) has no option 'beter'; did you mean 'better'\?"),
        ({"threshold": 1}, TypeError, r"record\(\) has no option 'threshold'$"),
        ({"better": "up"}, ValueError, r"""better= is "higher" or "lower", not 'up'"""),
        ({"margin": 0.1}, ValueError, 'margin= needs better="higher" or better="lower"'),
        ({"better": "higher", "margin": -1}, ValueError, "margin= cannot be negative, and is -1"),
        ({"tolerance": -0.1}, ValueError, "tolerance= cannot be negative"),
        ({"floor": math.nan}, ValueError, "floor= must be finite"),
        ({"floor": "0.5"}, TypeError, "floor= is a number, not '0.5'"),
        ({"floor": True}, TypeError, "floor= is a number, not True"),
        ({"floor": 2, "ceiling": 1}, ValueError, "floor=2 is above ceiling=1"),
        ({"exact": 1}, TypeError, "exact= is True or False, not 1"),
        ({"exact": True, "better": "lower"}, ValueError, "so better= contradicts it"),
        ({"exact": True, "tolerance": 0.1}, ValueError, "so tolerance= contradicts it"),
        ({"key": "a"}, TypeError, "key= names columns of a table, and this is float"),
        ({"key": 3}, TypeError, "key= is a column's name or a list of such names, not 3"),
        ({"key": []}, TypeError, "key= is a column's name"),
        ({"key": ["a", "a"]}, ValueError, "key= names a column twice"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused_at_once(options, error, message: str) -> None:
    with pytest.raises(error, match=message):
        record("n", 1.0, **options)


@pytest.mark.parametrize(
    ("value", "options", "message"),
    [
        (Path(__file__), {"tolerance": 0.1}, "tolerance= needs numbers, not a model; use exact=True instead"),
        ("text", {"better": "higher"}, "better= needs a number or a table, not text"),
        ([1], {"floor": 1}, "floor= needs a number or a table, not JSON"),
    ],
)
def test_an_option_must_fit_the_value(value, options, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        record("n", value, **options)


def test_a_text_may_have_a_tolerance_for_the_numbers_in_it() -> None:
    record("log", "AUC 0.81", tolerance=0.01)


def test_a_key_names_columns_that_are_there() -> None:
    record("t", FRAME, key="carrier", tolerance=0.01)
    record("t", FRAME, key=("carrier",), better="higher", margin=0.1)
    with pytest.raises(
        ValueError,
        match=r"key column 'carier' is not in the table; did you mean 'carrier'\?; its columns are carrier, rate",
    ):
        record("t", FRAME, key=["carier"])


@pytest.mark.parametrize("name", ["", " ", " a", "a\n", "x" * 201, "\x1b[31m"])
def test_a_name_can_be_shown(name: str) -> None:
    with pytest.raises(ValueError, match="is no name"):
        record(name, 1)


def test_name_and_value_the_wrong_way_round_are_told_apart() -> None:
    with pytest.raises(TypeError, match=r'takes the name first and then the value: record\("auc", auc\), not float'):
        record(0.9, "auc")


def test_a_missing_number_may_have_a_rule() -> None:
    """So that the gate can say that it is missing."""
    for value in (None, math.nan, pd.NA):
        record("n", value, better="higher", margin=0.1)


def test_a_title_counts_wherever_it_stands() -> None:
    figure, axes = plt.subplots()
    axes.set_title("ROC", loc="left")
    assert encode("f", figure).data["axes"][0]["title"] == "ROC"
    plt.close(figure)
