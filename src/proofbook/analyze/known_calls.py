"""What is known of functions and methods by name: which change their object, which do not, which end the kernel."""

# ruff: noqa: SIM905  lists of words read best as words

__all__ = [
    "CALLING_FUNCTIONS",
    "CHANGING_FUNCTIONS",
    "CHANGING_METHODS",
    "EXITS",
    "GIVING_NOTHING",
    "HARMLESS_FUNCTIONS",
    "HARMLESS_METHODS",
    "HARMLESS_MODULES",
    "WILD_CALLS",
]

CALLING_FUNCTIONS = frozenset(
    "agg aggregate apply apply_along_axis apply_over_axes applymap brentq curve_fit dblquad filter fixed_quad fsolve "
    "imap least_squares map map_elements map_rows max min minimize minimize_scalar newton nquad odeint pipe quad "
    "quad_vec reduce root root_scalar solve_bvp solve_ivp sort sorted starmap timeit tplquad transform".split()
)
"""Functions and methods that call, before they come back, a function that they are given."""

CHANGING_METHODS = frozenset(
    # list, dict, set, deque
    "append extend insert remove pop popitem clear sort reverse update setdefault add discard appendleft extendleft "
    "popleft rotate difference_update intersection_update symmetric_difference_update move_to_end subtract "
    # numpy, pandas
    "fill resize setflags put partition insert_column".split()
)
"""Methods that change the object they are called on."""

GIVING_NOTHING = frozenset(
    "append extend insert remove clear sort reverse update add discard appendleft extendleft rotate".split()
)
"""Of these, the ones that give nothing back on the objects of Python's own."""

CHANGING_FUNCTIONS = {
    "random.shuffle": 0,
    "numpy.random.shuffle": 0,
    "heapq.heappush": 0,
    "heapq.heappop": 0,
    "heapq.heapify": 0,
    "heapq.heapreplace": 0,
    "heapq.heappushpop": 0,
    "bisect.insort": 0,
    "bisect.insort_left": 0,
    "bisect.insort_right": 0,
    "numpy.copyto": 0,
    "numpy.put": 0,
    "numpy.place": 0,
    "numpy.putmask": 0,
    "numpy.fill_diagonal": 0,
    "numpy.put_along_axis": 0,
    "matplotlib.pyplot.setp": 0,
    "operator.setitem": 0,
    "operator.delitem": 0,
    "setattr": 0,
    "delattr": 0,
}
"""Functions that change an argument: dotted name to its position."""

HARMLESS_FUNCTIONS = frozenset(
    "abs all any ascii bin bool bytes callable chr complex dict dir display divmod enumerate filter float format "
    "frozenset getattr hasattr hash help hex id int isinstance issubclass len list map max memoryview min oct open ord "
    "pow print range repr reversed round set slice sorted str sum tuple type vars zip iter super property".split()
)
"""Builtins that leave their arguments alone."""

HARMLESS_MODULES = frozenset(
    "pandas numpy polars pyarrow scipy statistics math json itertools functools operator re os pathlib collections "
    "datetime decimal fractions copy pprint textwrap sklearn seaborn matplotlib plotly altair proofbook scrapbook "
    "IPython duckdb hashlib csv time logging warnings string typing dataclasses enum uuid glob joblib pickle".split()
)
"""Libraries whose functions leave their arguments alone, but for those of `CHANGING_FUNCTIONS`."""

HARMLESS_METHODS = frozenset(
    # text, list, dict, set
    "strip lstrip rstrip split rsplit splitlines join replace lower upper title capitalize startswith endswith format "
    "encode decode find rfind index count isdigit isalpha zfill ljust rjust center items keys values get copy union "
    "intersection difference issubset issuperset isdisjoint partition rpartition most_common "
    # tables and arrays
    "head tail sample describe info copy mean median std var sum min max quantile groupby agg aggregate merge join "
    "pivot pivot_table melt stack unstack sort_values sort_index reset_index set_index rename astype isna isnull "
    "notna notnull fillna dropna drop drop_duplicates duplicated assign query filter select with_columns group_by "
    "value_counts unique nunique cumsum cumprod diff shift rolling expanding resample corr cov clip round abs apply "
    "map applymap transform pipe isin between nlargest nsmallest idxmax idxmin iterrows itertuples to_numpy to_list "
    "tolist to_dict to_frame to_pandas to_csv to_parquet to_json to_string to_html to_markdown to_excel to_pickle "
    "to_feather reshape ravel flatten transpose dot argmax argmin argsort nonzero item any all collect lazy height "
    "width shape unpivot write_csv write_parquet write_json write_ipc sink_parquet sink_csv explode equals eq ne gt "
    "lt ge le mul div add_prefix add_suffix memory_usage first last nth size ngroups plot hist "
    # models
    "predict predict_proba decision_function score get_params "
    # paths and files
    "exists is_file is_dir read_text read_bytes resolve with_suffix with_name glob rglob iterdir relative_to as_posix "
    "joinpath mkdir write_text write_bytes savefig isoformat strftime timestamp date".split()
)
"""Methods that leave their object alone."""

EXITS = frozenset({"exit", "quit", "sys.exit", "os._exit", "os.abort", "builtins.exit", "builtins.quit"})
"""Calls that end the kernel."""

WILD_CALLS = frozenset({"exec", "globals", "locals", "vars", "get_ipython"})
"""Through these, a cell may bind any name."""
