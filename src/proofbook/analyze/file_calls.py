"""Which calls read or write a file, and which argument says the path."""

# ruff: noqa: SIM905  a list of words reads best as words

import ast
from typing import Literal

from msgspec import Struct

__all__ = ["FileCall", "file_call"]

Mode = Literal["read", "write"]


class FileCall(Struct, frozen=True):
    """A call that touches files: what it does, and with which argument (None: that is not told)."""

    mode: Mode
    call: str
    argument: ast.expr | None


# dotted name -> mode, position of the path, and the keywords it may come by
_FUNCTIONS: dict[str, tuple[Mode, int, tuple[str, ...]]] = {
    **{f"numpy.{name}": ("read", 0, ("file", "fname")) for name in ("load", "loadtxt", "genfromtxt", "fromfile")},
    **{f"numpy.{name}": ("write", 0, ("file", "fname")) for name in ("save", "savez", "savez_compressed", "savetxt")},
    **{f"{library}.load": ("read", 0, ("filename", "f")) for library in ("joblib", "torch")},
    **{f"{library}.dump": ("write", 1, ("filename",)) for library in ("joblib",)},
    "torch.save": ("write", 1, ("f",)),
    "pandas.ExcelFile": ("read", 0, ("path_or_buffer",)),
    "pandas.HDFStore": ("read", 0, ("path",)),
    "pandas.ExcelWriter": ("write", 0, ("path",)),
    "shutil.copy": ("read", 0, ("src",)),
    "shutil.copyfile": ("read", 0, ("src",)),
    "shutil.copy2": ("read", 0, ("src",)),
    "PIL.Image.open": ("read", 0, ("fp",)),
    "matplotlib.image.imread": ("read", 0, ("fname",)),
    "matplotlib.pyplot.imread": ("read", 0, ("fname",)),
    "matplotlib.pyplot.imsave": ("write", 0, ("fname",)),
    "cv2.imread": ("read", 0, ("filename",)),
    "cv2.imwrite": ("write", 0, ("filename",)),
    "sqlite3.connect": ("read", 0, ("database",)),
    "pyarrow.parquet.read_table": ("read", 0, ("source",)),
    "pyarrow.parquet.ParquetFile": ("read", 0, ("source",)),
    "pyarrow.parquet.write_table": ("write", 1, ("where",)),
    "pyarrow.csv.read_csv": ("read", 0, ("input_file",)),
    "pyarrow.csv.write_csv": ("write", 1, ("output_file",)),
    "pyarrow.feather.read_table": ("read", 0, ("source",)),
    "pyarrow.feather.write_feather": ("write", 1, ("dest",)),
    "geopandas.read_file": ("read", 0, ("filename",)),
}
# the second path of a call with two
_SECOND: dict[str, tuple[Mode, int, tuple[str, ...]]] = {
    f"shutil.{name}": ("write", 1, ("dst",)) for name in ("copy", "copyfile", "copy2")
}
_OPENERS = {"open", "io.open", "gzip.open", "bz2.open", "lzma.open", "codecs.open", "zipfile.ZipFile", "tarfile.open"}
_READ_KEYWORDS = ("filepath_or_buffer", "path", "io", "path_or_buf", "path_or_buffer", "source", "filepath")
_NOT_FILES = {
    "read_sql",
    "read_sql_query",
    "read_sql_table",
    "read_gbq",
    "read_clipboard",
    "read_database",
    "read_database_uri",
}
_READERS = ("pandas.read_", "polars.read_", "polars.scan_", "geopandas.read_", "duckdb.read_", "dask.dataframe.read_")
_WRITERS = frozenset(
    "to_csv to_parquet to_pickle to_excel to_json to_feather to_hdf to_html to_markdown to_latex to_stata to_xml "
    "to_orc write_csv write_parquet write_json write_ndjson write_ipc write_excel write_avro write_delta sink_csv "
    "sink_parquet sink_ipc sink_ndjson savefig write_image write_html tofile to_file to_zarr to_netcdf".split()
)
_WRITE_KEYWORDS = (
    "path", "path_or_buf", "path_or_buffer", "buf", "excel_writer", "fname", "file", "workbook", "filename", "fid",
    "fp",
)  # fmt: skip
_PATH_METHODS: dict[str, Mode] = {
    "read_text": "read",
    "read_bytes": "read",
    "write_text": "write",
    "write_bytes": "write",
    "touch": "write",
}


def file_call(node: ast.Call, dotted: str | None, *, paths: frozenset[str]) -> list[FileCall]:
    """
    The files that one call touches.

    Args:
        node: The call.
        dotted: The function's full name, `pandas.read_csv`, where that is known.
        paths: Names that are known to stand for a `pathlib.Path`.
    """
    if dotted is not None:
        found = _by_name(node, dotted)
        if found or dotted.split(".")[0] in {"numpy", "os", "sys", "json", "pickle"}:
            return found
    return _by_method(node, node.func, paths=paths) if isinstance(node.func, ast.Attribute) else []


def _by_name(node: ast.Call, dotted: str) -> list[FileCall]:
    if dotted in _OPENERS:
        path = _argument(node, 0, ("file", "filename", "name"))
        return [FileCall(_opened(node, 1), dotted, path)] if path is not None else []
    if dotted in _FUNCTIONS:
        found = []
        for mode, position, keywords in [_FUNCTIONS[dotted], *([_SECOND[dotted]] if dotted in _SECOND else [])]:
            argument = _argument(node, position, keywords)
            if argument is not None:
                found.append(FileCall(mode, dotted, argument))
        return found
    last = dotted.rpartition(".")[2]
    if dotted.startswith(_READERS) and last not in _NOT_FILES:
        argument = _argument(node, 0, _READ_KEYWORDS)
        return [FileCall("read", dotted, argument)] if argument is not None else []
    return []


def _by_method(node: ast.Call, method: ast.Attribute, *, paths: frozenset[str]) -> list[FileCall]:
    name, owner = method.attr, method.value
    if name in _PATH_METHODS:
        return [FileCall(_PATH_METHODS[name], f".{name}", owner)]
    if (
        name == "open"
        and (not isinstance(owner, ast.Name) or owner.id in paths)
        and not isinstance(owner, ast.Attribute)
    ):
        return [FileCall(_opened(node, 0), ".open", owner)]
    if name in _WRITERS:
        argument = _argument(node, 0, _WRITE_KEYWORDS)
        # without a path these return text
        return [FileCall("write", f".{name}", argument)] if argument is not None and not _is_none(argument) else []
    if name == "save":
        # `.save` is common: only a path that is plainly text counts
        argument = _argument(node, 0, ("fp", "filepath", "path", "filename"))
        plain = isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        return [FileCall("write", ".save", argument)] if plain else []
    return []


def _argument(node: ast.Call, position: int, keywords: tuple[str, ...]) -> ast.expr | None:
    if len(node.args) > position and not any(isinstance(given, ast.Starred) for given in node.args[: position + 1]):
        return node.args[position]
    return next((keyword.value for keyword in node.keywords if keyword.arg in keywords), None)


def _opened(node: ast.Call, position: int) -> Mode:
    mode = _argument(node, position, ("mode",))
    told = mode.value if isinstance(mode, ast.Constant) and isinstance(mode.value, str) else "r"
    return "write" if set(told) & set("wax+") else "read"


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
