"""The table of methods against the libraries: every entry is called on a small object, which is compared before and after."""

# ruff: noqa: C408, F401, NPY002  arguments read best as keywords; they are texts, which name what is imported here

import collections
import pickle
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn.cluster import KMeans
from sklearn.linear_model import SGDClassifier
from sklearn.preprocessing import StandardScaler

from proofbook.analyze import known_calls, library_methods
from proofbook.analyze.library_methods import CHANGES, KEEPS
from tests.analyze.notebooks import flow

X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [3.0, 1.0]])
Y = np.array([0, 1, 0, 1])


def frame() -> pd.DataFrame:
    return pd.DataFrame({"a": [2, 1, 3], "b": [1.0, None, 2.0]})


def series() -> pd.Series:
    return pd.Series([2.0, 1.0, 3.0], name="s")


def table() -> pl.DataFrame:
    return pl.DataFrame({"a": [2, 1, 3], "b": [1.0, None, 2.0]})


def axes() -> Any:
    whole = Figure(figsize=(2, 2), dpi=40)
    FigureCanvasAgg(whole)
    drawn = whole.add_subplot()
    drawn.plot([1, 2, 3], [1, 3, 2], label="line")
    drawn.bar([1, 2], [1, 2])
    return drawn


def figure() -> Any:
    return axes().figure


MAKE: dict[str, Callable[[], Any]] = {
    "list": lambda: [3, 1, 2],
    "dict": lambda: {"a": 1, "b": 2},
    "collections.OrderedDict": lambda: collections.OrderedDict(a=1, b=2),
    "collections.defaultdict": lambda: collections.defaultdict(list, a=1, b=2),
    "collections.Counter": lambda: collections.Counter("aab"),
    "set": lambda: {1, 2, 3},
    "collections.deque": lambda: collections.deque([3, 1, 2]),
    "bytearray": lambda: bytearray(b"cab"),
    "numpy.ndarray": lambda: np.array([[2.0, 1.0], [3.0, 4.0]]),
    "numpy.random.Generator": lambda: np.random.default_rng(0),
    "pandas.DataFrame": frame,
    "pandas.Series": series,
    "pandas.Index": lambda: pd.Index([2, 1, 3], name="i"),
    "polars.DataFrame": table,
    "polars.Series": lambda: pl.Series("s", [2.0, 1.0, 3.0]),
    "matplotlib.axes.Axes": axes,
    "matplotlib.figure.Figure": figure,
    "sklearn": lambda: SGDClassifier(random_state=0, loss="log_loss"),
}

GIVEN: dict[str, dict[str, str]] = {
    "list": dict(append="(1)", extend="([1])", insert="(0, 1)", remove="(1)", count="(1)", index="(1)"),
    "dict": dict(pop="('a')", update="(c=3)", setdefault="('c', 3)", get="('a')", move_to_end="('a')", subtract="('a')"),
    "set": dict(add="(9)", discard="(1)", remove="(1)", update="({9})", difference_update="({1})", intersection_update="({1})", symmetric_difference_update="({1})", symmetric_difference="({1})", issubset="({1})", issuperset="({1})", isdisjoint="({1})"),
    "collections.deque": dict(append="(1)", appendleft="(1)", extend="([1])", extendleft="([1])", insert="(0, 1)", remove="(1)", count="(1)", index="(1)"),
    "bytearray": dict(append="(1)", extend="(b'x')", insert="(0, 1)", remove="(97)", count="(b'a')", index="(b'a')", find="(b'a')", startswith="(b'a')"),
    "numpy.ndarray": dict(fill="(0)", resize="((4,), refcheck=False)", put="([0], [9])", partition="(0)", setflags="(write=False)", setfield="(9.0, float)", argpartition="(1)", astype="(int)", clip="(0, 1)", compress="([True])", dot="(np.eye(2))", getfield="(float)", item="(0)", repeat="(2)", reshape="(4)", swapaxes="(0, 1)", take="([0])"),
    "numpy.random.Generator": dict(integers="(9)", choice="(9)", permutation="(9)", binomial="(9, 0.5)", beta="(1, 1)", gamma="(1)", shuffle="([1, 2, 3])", bytes="(3)", permuted="([1, 2, 3])", spawn="(1)"),
    "pandas.DataFrame": dict(
        insert="(0, 'z', 1)", isetitem="(0, [9, 9, 9])", pop="('a')", update="(pd.DataFrame({'a': [9, 9, 9]}))",
        align="(frame())", combine="(frame(), lambda x, y: x)", combine_first="(frame())", compare="(frame() + 1)", corrwith="(frame())",
        dot="(frame().T)", drop="(columns='a')", drop_duplicates="()", eval="('a + b')", explode="('a')", filter="(items=['a'])", get="('a')", groupby="('a')",
        join="(frame().add_suffix('2'))", melt="()", merge="(frame(), on='a')", nlargest="(1, 'a')", nsmallest="(1, 'a')", pivot="(columns='a', values='b')",
        pivot_table="(index='a')", query="('a > 1')", rename="(columns={'a': 'z'})", reindex_like="(frame())", select_dtypes="('number')", set_axis="(['x', 'y'], axis=1)", set_index="('a')",
        sort_values="('a')", select="(['a'])", xs="(0)", mask="(frame() > 1)", where="(frame() > 1)", applymap="(str)", to_latex=None,
    ),
    "pandas.Series": dict(
        pop="(0)", update="(pd.Series([9, 9, 9]))", align="(series())", combine="(series(), lambda x, y: x)", combine_first="(series())", compare="(series() + 1)", corr="(series())", cov="(series())",
        dot="(series())", drop="(0)", filter="(items=[0])", get="(0)", groupby="(level=0)", nlargest="(1)", nsmallest="(1)", rename="('z')", reindex_like="(series())", set_axis="([5, 6, 7])",
        between="(0, 1)", divmod="(2)", rdivmod="(2)", repeat="(2)", searchsorted="(1)", select=None, unstack=None, xs="(0)", mask="(series() > 1)", where="(series() > 1)",
    ),
    "both": dict(
        add="(1)", radd="(1)", sub="(1)", rsub="(1)", mul="(1)", rmul="(1)", div="(1)", rdiv="(1)", truediv="(1)", rtruediv="(1)", floordiv="(2)", rfloordiv="(2)", mod="(2)", rmod="(2)", pow="(2)", rpow="(2)",
        multiply="(2)", divide="(2)", subtract="(2)", eq="(1)", ne="(1)", lt="(1)", le="(1)", gt="(1)", ge="(1)", add_prefix="('p')", add_suffix="('s')", agg="('sum')", aggregate="('sum')", apply="(abs)", map="(str)", transform="(abs)",
        astype="(str)", clip="(0, 1)", equals="(1)", ewm="(1)", fillna="(0)", isin="([1])", pipe="(len)", reindex="([0, 1])", rename_axis="('q')", replace="(1, 2)", rolling="(2)", sample="(2)", shift="(1)", take="([0])", truncate="(0, 1)", info="(buf=io.StringIO())",
        hist=None, plot=None, boxplot=None,
    ),
    "pandas.Index": dict(append="(pd.Index([4]))", astype="(str)", delete="(0)", difference="(pd.Index([1]))", drop="([1])", equals="(1)", fillna="(0)", get_loc="(1)", identical="(1)", insert="(0, 9)", intersection="(pd.Index([1]))", isin="([1])", join="(pd.Index([1]))", map="(str)", rename="('q')", repeat="(2)", symmetric_difference="(pd.Index([1]))", take="([0])", union="(pd.Index([1]))", where="([True, False, True])"),
    "polars.DataFrame": dict(
        extend="(table())", insert_column="(0, pl.Series('z', [1, 2, 3]))", replace_column="(0, pl.Series('z', [1, 2, 3]))", drop_in_place="('a')", cast="(pl.String)", drop="('a')", equals="(table())", explode=None,
        fill_nan="(0)", fill_null="(0)", filter="(pl.col('a') > 1)", gather_every="(2)", get_column="('a')", group_by="('a')", hstack="([pl.Series('z', [1, 2, 3])])", item="(0, 0)", join="(table(), on='a')", partition_by="('a')", pipe="(len)", quantile="(0.5)",
        rename="({'a': 'z'})", row="(0)", sample="(2)", select="('a')", shift="(1)", slice="(0, 1)", sort="('a')", to_numpy="()", unpivot="()", unstack="(step=3)", upsample=None, vstack="(table())", with_columns="(z=1)", iter_rows="()", describe="()",
    ),
    "polars.Series": dict(append="(pl.Series([4.0]))", extend="(pl.Series([4.0]))", cast="(pl.String)", alias="('z')", rename="('z')", filter="([True, False, True])", fill_null="(0)", shift="(1)"),
    "matplotlib.axes.Axes": dict(
        plot="([1, 2])", scatter="([1], [2])", bar="([1], [5])", barh="([1], [5])", hist="([1, 2, 2])", boxplot="([1, 2, 3])", violinplot="([1, 2, 3])", imshow="([[1, 2]])", contour="([[1, 2], [3, 4]])", contourf="([[1, 2], [3, 4]])", pcolormesh="([[1, 2]])", pie="([1, 2])", fill="([1, 2, 3], [1, 5, 1])",
        fill_between="([1, 2], [3, 4])", step="([1, 2], [3, 4])", stem="([1, 2])", errorbar="([1, 2], [3, 4], yerr=1)", stackplot="([1, 2], [3, 4])", text="(2, 2, 'x')", annotate="('x', (2, 2))", arrow="(1, 1, 1, 1)", axhline="(2)", axvline="(2)", axhspan="(1, 2)", axvspan="(1, 2)",
        hlines="([2], 1, 2)", vlines="([2], 1, 2)", set="(title='t')", set_title="('t')", set_xlabel="('t')", set_ylabel="('t')", set_xlim="(0, 9)", set_ylim="(0, 9)", set_xscale="('log')", set_yscale="('log')", set_xticks="([1])", set_yticks="([1])", set_xticklabels="(list('ab'))", set_yticklabels="(list('ab'))",
        set_aspect="('equal')", set_facecolor="('red')", set_visible="(False)", set_position="([0, 0, 0.5, 0.5])", set_xbound="(0, 9)", set_ybound="(0, 9)", tick_params="(labelsize=20)", ticklabel_format="(useOffset=5)", margins="(0.5)", add_patch="(plt.Circle((2, 2), 1))", add_line="(plt.Line2D([1, 2], [1, 2]))",
        add_artist="(plt.Circle((2, 2), 1))", add_collection="(mpl.collections.LineCollection([[(1, 1), (2, 2)]]))", locator_params="(nbins=2)", autoscale="(False)", bar_label="(of.containers[0])", semilogx="([1, 2])", semilogy="([1, 2])", loglog="([1, 2])", get_figure="()",
    ),
    "matplotlib.figure.Figure": dict(
        add_subplot="()", add_axes="([0, 0, 0.5, 0.5])", suptitle="('t')", supxlabel="('t')", supylabel="('t')", text="(0.5, 0.5, 'x')", colorbar="(mpl.cm.ScalarMappable(), ax=of.axes[0])", subplots_adjust="(left=0.4)", set_size_inches="(3, 3)", set_facecolor="('red')", set_dpi="(50)",
        set_figwidth="(3)", set_figheight="(3)", delaxes="(of.axes[0])", autofmt_xdate="()", set_layout_engine="('tight')", savefig="(io.BytesIO())", legend="()", add_gridspec="()",
    ),
    "sklearn": dict(fit="(X, Y)", partial_fit="(X, Y, classes=[0, 1])", fit_transform="(X, Y)", fit_predict="(X)", set_params="(alpha=0.5)", set_output="(transform='pandas')", predict="(X)", predict_proba="(X)", predict_log_proba="(X)", decision_function="(X)", score="(X, Y)", transform="(X)", inverse_transform="(X)"),
}  # fmt: skip
GIVEN["pandas.DataFrame"] = {**GIVEN["both"], **GIVEN["pandas.DataFrame"]}
GIVEN["pandas.Series"] = {**GIVEN["both"], **GIVEN["pandas.Series"]}
for _name in ("collections.OrderedDict", "collections.defaultdict", "collections.Counter"):
    GIVEN[_name] = GIVEN["dict"]


def look(of: Any, *, drawn: bool) -> object:
    """What a figure, or the one with these axes, is made of; or, which takes longer, every pixel of it."""
    whole = of if isinstance(of, Figure) else of.figure
    if whole is None:
        return "removed"
    if drawn:
        whole.canvas.draw()
        return bytes(whole.canvas.buffer_rgba())
    told = [repr(whole.get_size_inches()), whole.dpi, type(whole.get_layout_engine()).__name__]
    told += [whole.subplotpars.left, *(type(part).__name__ for part in whole.get_children())]
    for each in whole.axes:
        told += [type(part).__name__ for part in each.get_children()]
        told += [each.get_position().bounds, each.get_autoscale_on(), each.get_xlim(), each.get_ylim(), each.margins()]
        told += [each.get_xlabel(), each.get_ylabel(), each.get_title(), each.get_xscale(), each.get_yscale()]
    return told


@cache
def fresh(kind: str, *, drawn: bool) -> object:
    """The look of one that nothing was done to: each is made alike."""
    return look(MAKE[kind](), drawn=drawn)


def state(kind: str, of: Any) -> object:
    """All that somebody could see of an object."""
    if kind == "numpy.random.Generator":
        return repr(of.bit_generator.state), of.bit_generator.seed_seq.n_children_spawned
    if kind == "numpy.ndarray":
        return of.tolist(), of.shape, str(of.dtype), str(of.flags)
    if kind == "pandas.DataFrame":
        return repr(of.to_dict()), list(of.columns), str(of.dtypes), repr(of.flags), repr(of.index)
    if kind.startswith("pandas."):
        return repr(of.tolist()), str(of.dtype), of.name, repr(getattr(of, "index", ""))
    if kind.startswith("polars."):
        return repr(of.rows() if kind.endswith("DataFrame") else of.to_list()), repr(getattr(of, "columns", of))
    return pickle.dumps(of) if kind == "sklearn" else repr(of)


def changed_by(kind: str, method: str) -> bool | None:
    """Whether the method changes the object; None where this version of the library has no such method."""
    import io

    of = MAKE[kind]()
    if kind == "sklearn":
        if method in {"fit_transform", "set_output", "transform", "inverse_transform", "get_feature_names_out"}:
            of = StandardScaler()
        elif method == "fit_predict":
            of = KMeans(2, n_init=1, random_state=0)
        of = of.fit(X, Y) if method in KEEPS[kind] or method == "set_output" else of
    if not hasattr(of, method) and kind != "sklearn":
        return None
    text = GIVEN.get(kind, {}).get(method, "()")
    if text is None:
        return None
    before = None if kind.startswith("matplotlib.") else state(kind, of)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        eval(f"of.{method}{text}", {**globals(), "of": of, "io": io})
    if kind.startswith("matplotlib."):
        return any(look(of, drawn=drawn) != fresh(kind, drawn=drawn) for drawn in (False, True))
    return state(kind, of) != before


ENTRIES = [(kind, method, True) for kind, methods in CHANGES.items() for method in sorted(methods)]
ENTRIES += [(kind, method, False) for kind, methods in KEEPS.items() for method in sorted(methods)]


@pytest.mark.parametrize("kind", sorted(CHANGES))
def test_every_method_does_to_its_object_what_the_table_says(kind: str) -> None:
    wrong = []
    for of, method, changes in ENTRIES:
        if of == kind:
            try:
                found = changed_by(kind, method)
            except Exception as error:  # noqa: BLE001  the table of arguments is not right: say where
                found = repr(error)
            if found is not None and found != changes:
                wrong.append((method, found))
    assert not wrong, wrong


def test_both_tables_speak_of_the_same_kinds_and_of_no_method_twice() -> None:
    assert set(CHANGES) == set(KEEPS) == set(MAKE)
    assert [kind for kind in CHANGES if CHANGES[kind] & KEEPS[kind]] == []
    assert set(CHANGES) >= library_methods.EXPECTED


def test_what_goes_by_the_name_of_the_method_alone_is_in_the_table() -> None:
    """Where the kind of an object is not known, a method counts as changing it only if it does so to some kind."""
    plain = {method for kind, methods in CHANGES.items() if kind not in library_methods.EXPECTED for method in methods}
    assert set(known_calls.CHANGING_METHODS) <= plain
    assert known_calls.HARMLESS_METHODS & plain <= {"partition", "update", "pop"}


def test_a_function_of_a_library_changes_the_argument_that_is_named_and_no_other() -> None:
    given: dict[str, tuple[Any, ...]] = {
        "numpy.copyto": (np.zeros(2), np.ones(2)),
        "numpy.put": (np.zeros(2), [0], [1]),
        "numpy.place": (np.zeros(2), [True, False], [1]),
        "numpy.putmask": (np.zeros(2), [True, False], [1]),
        "numpy.fill_diagonal": (np.zeros((2, 2)), 1),
        "numpy.put_along_axis": (np.zeros(2), np.array([0]), 1, 0),
        "numpy.random.shuffle": (np.arange(9),),
    }
    numpys = {name for name in known_calls.CHANGING_FUNCTIONS if name.startswith("numpy.")}
    assert numpys == set(given)
    for name, arguments in given.items():
        at = known_calls.CHANGING_FUNCTIONS[name]
        before = [repr(argument) for argument in arguments]
        np.random.seed(0)
        eval(name.replace("numpy", "np"))(*arguments)
        assert [index for index, text in enumerate(before) if text != repr(arguments[index])] == [at]


@pytest.mark.parametrize(
    ("maker", "source", "sure", "maybe"),
    [
        ("import pandas as pd\nx = pd.DataFrame()", "x.add(1)", [], []),
        ("import pandas as pd\nx = pd.read_csv('a')", "x.insert(0, 'a', 1)", [".insert()"], []),
        ("import pandas as pd\nx = pd.read_csv('a')", "x.sort_values('a', inplace=True)", ["inplace=True"], []),
        ("import pandas as pd\nx = pd.read_csv('a')", "x.mystery()", [], [".mystery()"]),
        ("import polars as pl\nx = pl.read_csv('a')", "x.sort('a')", [], []),
        ("import numpy as np\nx = np.zeros(3)", "x.sort()", [".sort()"], []),
        ("import numpy as np\nx = np.random.default_rng(1)", "x.shuffle(y)", [".shuffle()", "x.shuffle(...)"], []),
        ("x = set()", "x.add(1)", [".add()"], []),
        ("x = []", "x.sort()", [".sort()"], []),
        ("x = make()", "x.sort()", [".sort()"], []),
        ("x = make()", "x.fit(y)", [], [".fit()", "x.fit(...)"]),
        ("from sklearn.linear_model import Ridge\nx = Ridge()", "x.fit(y, z)", [".fit()"], []),
        ("from sklearn.linear_model import Ridge\nx = Ridge()", "x.predict(y)", [], []),
        ("import matplotlib.pyplot as plt\nf, x = plt.subplots()", "x.set_title('a')", [".set_title()"], []),
        ("import matplotlib.pyplot as plt\nf, x = plt.subplots(2)", "x.set_title('a')", [], [".set_title()"]),
        ("import matplotlib.pyplot as plt\nx = plt.figure()", "x.savefig('a.png')", [], []),
        ("x = []\nif c:\n    x = pl.DataFrame()", "x.sort()", [".sort()"], []),
        ("from sklearn.model_selection import cross_val_score as f", "f(x, y, z)", [], []),
    ],
)
def test_what_an_object_plainly_is_says_what_its_methods_do(
    maker: str, source: str, sure: list[str], maybe: list[str]
) -> None:
    cell = flow(maker, source)
    assert [change.text for change in cell.mutates] == sure
    assert [change.text for change in cell.maybe_mutates] == maybe


def test_what_is_made_to_be_changed_is_told_apart() -> None:
    fitted = flow("from sklearn.svm import SVC\nm = SVC()\nxs = []", "m.fit(X, y)\nxs.append(1)")
    assert [(change.name, change.expected) for change in fitted.mutates] == [("m", True), ("xs", False)]
