"""
Which methods change the object that they are called on, and which give back something new: by library and class.

Data, held against the real libraries by tests/analyze/test_library_methods.py, which calls every one of them on a small
object. What stands in neither table may change its object: that is what `CellFlow.maybe_mutates` is for.
"""

# ruff: noqa: SIM905  lists of words read best as words

import ast
from collections.abc import Mapping
from typing import Final

__all__ = ["CHANGES", "CHANGES_ARGUMENT", "EXPECTED", "KEEPS", "kinds_of"]

_ALIKE: Final = (
    "abs add add_prefix add_suffix agg aggregate align all any apply astype bfill clip combine combine_first compare "
    "convert_dtypes copy corr count cov cummax cummin cumprod cumsum describe diff div divide dot drop drop_duplicates "
    "dropna duplicated eq equals ewm expanding explode ffill fillna filter first_valid_index floordiv ge get groupby "
    "gt head hist idxmax idxmin infer_objects info interpolate isin isna isnull items keys kurt kurtosis "
    "last_valid_index le lt map mask max mean median memory_usage min mod mode mul multiply ne nlargest notna notnull "
    "nsmallest nunique pct_change pipe plot pow prod product quantile radd rank rdiv reindex reindex_like rename "
    "rename_axis replace reset_index rfloordiv rmod rmul rolling round rpow rsub rtruediv sample select sem set_axis "
    "set_flags shift skew sort_index sort_values squeeze std sub subtract sum tail take to_csv to_dict to_json "
    "to_numpy to_string transform transpose truediv truncate unstack value_counts var where xs"
)

CHANGES: Final[Mapping[str, frozenset[str]]] = {
    kind: frozenset(words.split())
    for kind, words in {
        "list": "append extend insert remove pop clear sort reverse",
        "dict": "pop popitem clear update setdefault",
        "collections.OrderedDict": "pop popitem clear update setdefault move_to_end",
        "collections.defaultdict": "pop popitem clear update setdefault",
        "collections.Counter": "pop popitem clear update setdefault subtract",
        "set": "add discard remove pop clear update difference_update intersection_update symmetric_difference_update",
        "collections.deque": "append appendleft extend extendleft pop popleft rotate reverse insert remove clear",
        "bytearray": "append extend insert remove pop clear reverse",
        "numpy.ndarray": "fill sort resize put partition setflags setfield",
        "numpy.random.Generator": "random normal integers uniform choice permutation standard_normal poisson binomial "
        "exponential beta gamma shuffle bytes permuted spawn",
        "pandas.DataFrame": "insert isetitem pop update",
        "pandas.Series": "pop update",
        "pandas.Index": "",
        "polars.DataFrame": "extend insert_column replace_column drop_in_place",
        "polars.Series": "append extend",
        "matplotlib.axes.Axes": "plot scatter bar barh hist boxplot violinplot imshow contour contourf pcolormesh pie "
        "fill fill_between step stem errorbar stackplot text annotate arrow axhline axvline axhspan axvspan hlines "
        "vlines set set_title set_xlabel set_ylabel set_xlim set_ylim set_xscale set_yscale set_xticks set_yticks "
        "set_xticklabels set_yticklabels set_aspect set_facecolor set_axis_off set_visible set_position set_xbound "
        "set_ybound legend grid tick_params ticklabel_format margins invert_xaxis invert_yaxis twinx twiny clear cla "
        "add_patch add_line add_artist add_collection locator_params autoscale remove bar_label semilogx semilogy "
        "loglog",
        "matplotlib.figure.Figure": "add_subplot add_axes subplots suptitle supxlabel supylabel text legend colorbar "
        "tight_layout subplots_adjust set_size_inches set_facecolor set_dpi set_figwidth set_figheight "
        "clear clf delaxes autofmt_xdate set_layout_engine",
        "sklearn": "fit partial_fit fit_transform fit_predict set_params set_output",
    }.items()
}
"""Kind of object to the methods that change it in place."""

KEEPS: Final[Mapping[str, frozenset[str]]] = {
    kind: frozenset(words.split())
    for kind, words in {
        "list": "copy count index",
        "dict": "get items keys values copy",
        "collections.OrderedDict": "get items keys values copy",
        "collections.defaultdict": "get items keys values copy",
        "collections.Counter": "get items keys values copy most_common elements total",
        "set": "union intersection difference symmetric_difference issubset issuperset isdisjoint copy",
        "collections.deque": "copy count index",
        "bytearray": "decode find count index copy hex split strip startswith",
        "numpy.ndarray": "all any argmax argmin argpartition argsort astype clip compress conj conjugate copy cumprod "
        "cumsum diagonal dot dumps flatten getfield item max mean min nonzero prod ravel repeat reshape round squeeze "
        "std sum swapaxes take tobytes tolist trace transpose var view",
        "numpy.random.Generator": "",
        "pandas.DataFrame": f"{_ALIKE} applymap assign boxplot corrwith eval iterrows itertuples join melt merge pivot "
        "pivot_table query select_dtypes set_index stack to_html to_latex to_records",
        "pandas.Series": f"{_ALIKE} argmax argmin argsort autocorr between divmod factorize rdivmod repeat "
        "searchsorted to_frame to_list tolist unique",
        "pandas.Index": "all any append argmax argmin argsort astype copy delete difference drop drop_duplicates "
        "dropna duplicated equals factorize fillna get_loc identical insert intersection isin isna join map max min "
        "nunique rename repeat sort_values symmetric_difference take to_frame to_list to_numpy to_series tolist union "
        "unique value_counts where",
        "polars.DataFrame": "clone clear cast describe drop drop_nulls equals estimated_size explode fill_nan "
        "fill_null filter gather_every get_column get_columns group_by head hstack is_duplicated is_empty is_unique "
        "item iter_rows join lazy limit max mean median min n_unique null_count partition_by pipe quantile rename "
        "reverse row rows sample select shift slice sort std sum tail to_dict to_dicts to_numpy to_series transpose "
        "unique unpivot unstack upsample var vstack with_columns with_row_index write_csv",
        "polars.Series": "clone cast drop_nulls head tail sort unique sum mean max min to_list to_numpy alias rename "
        "filter fill_null value_counts shift round abs is_null n_unique reverse",
        "matplotlib.axes.Axes": "get_title get_xlabel get_ylabel get_xlim get_ylim get_xticks get_yticks "
        "get_legend get_lines get_figure get_children get_position get_aspect has_data get_legend_handles_labels",
        "matplotlib.figure.Figure": "savefig get_axes get_size_inches get_dpi get_children get_facecolor gca "
        "add_gridspec",
        "sklearn": "predict predict_proba predict_log_proba decision_function score transform inverse_transform "
        "get_params get_feature_names_out",
    }.items()
}
"""Kind of object to the methods that leave it as it is. `inplace=True` and `out=` are looked at wherever they stand."""

CHANGES_ARGUMENT: Final[Mapping[tuple[str, str], int]] = {("numpy.random.Generator", "shuffle"): 0}
"""Kind and method to the position of the argument that it changes."""

EXPECTED: Final = frozenset({"matplotlib.axes.Axes", "matplotlib.figure.Figure", "numpy.random.Generator", "sklearn"})
"""What is made in order to be changed: estimators are fitted, axes drawn on, generators drawn from."""

_ARRAYS = (
    "array zeros ones empty full arange linspace logspace eye zeros_like ones_like full_like random.rand random.randn"
)
_MAKERS: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in ("list", "dict", "set", "bytearray")},
    "sorted": ("list",),
    **{f"collections.{name}": (f"collections.{name}",) for name in ("OrderedDict", "defaultdict", "Counter", "deque")},
    **{f"numpy.{name}": ("numpy.ndarray",) for name in _ARRAYS.split()},
    "numpy.random.default_rng": ("numpy.random.Generator",),
    "numpy.random.Generator": ("numpy.random.Generator",),
    **{
        f"pandas.{name}": ("pandas.DataFrame",)
        for name in "DataFrame read_parquet read_feather read_stata merge get_dummies pivot_table crosstab melt".split()
    },
    "pandas.Series": ("pandas.Series",),
    "pandas.Index": ("pandas.Index",),
    **{f"polars.{name}": ("polars.DataFrame",) for name in "DataFrame read_csv read_parquet read_ipc".split()},
    "polars.Series": ("polars.Series",),
    "matplotlib.pyplot.figure": ("matplotlib.figure.Figure",),
    "matplotlib.pyplot.gcf": ("matplotlib.figure.Figure",),
    "matplotlib.pyplot.gca": ("matplotlib.axes.Axes",),
    "matplotlib.pyplot.axes": ("matplotlib.axes.Axes",),
    "matplotlib.pyplot.subplot": ("matplotlib.axes.Axes",),
    "matplotlib.pyplot.subplots": ("matplotlib.figure.Figure", "matplotlib.axes.Axes"),
    "sklearn.pipeline.make_pipeline": ("sklearn",),
    "sklearn.compose.make_column_transformer": ("sklearn",),
}
# with these a reader gives an iterator, or something else than one table
_OTHERWISE = {"chunksize", "iterator", "nrows_per", "squeeze", "sheet_name", "batch_size"}
_DISPLAYS: dict[type[ast.expr], str] = {
    ast.List: "list", ast.ListComp: "list", ast.Dict: "dict", ast.DictComp: "dict", ast.Set: "set", ast.SetComp: "set",
}  # fmt: skip


def kinds_of(node: ast.expr, dotted: str | None) -> tuple[str, ...]:
    """
    The kind of object that an expression plainly makes; several where it makes a tuple; empty where that is not plain.

    Args:
        node: The expression.
        dotted: Full name of the function, where it is a call.
    """
    if node.__class__ in _DISPLAYS:
        return (_DISPLAYS[node.__class__],)
    if not isinstance(node, ast.Call) or dotted is None:
        return ()
    if {word.arg for word in node.keywords} & _OTHERWISE:
        return ()
    if dotted in {"pandas.read_csv", "pandas.read_excel", "pandas.read_table", "pandas.read_json"}:
        return ("pandas.DataFrame",)
    if dotted == "matplotlib.pyplot.subplots" and not _one_axes(node):
        return ()
    last = dotted.rpartition(".")[2]
    if dotted.startswith("sklearn.") and last[:1].isupper() and ".metrics." not in dotted:
        return ("sklearn",)
    return _MAKERS.get(dotted, ())


def _one_axes(node: ast.Call) -> bool:
    """`plt.subplots()` and not a grid of them."""
    return not node.args and not {word.arg for word in node.keywords} & {"nrows", "ncols", "squeeze", None}
