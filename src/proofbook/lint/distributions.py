"""Which package brings a module: by a table, by name, and by what is installed here."""

# ruff: noqa: SIM905  lists of words read best as words

import os
import sys
from functools import lru_cache
from importlib import metadata
from importlib.machinery import PathFinder

from proofbook.lint.dependencies import normalised
from proofbook.lint.looked import look

__all__ = ["candidates", "installed", "well_known"]

_AS_NAMED = frozenset(
    "aiohttp altair arviz boto3 botocore bokeh catboost cvxpy dask datasets distributed django dtale duckdb fastapi "
    "fastparquet flask folium fsspec gensim geopandas h5py holoviews httpx hvplot imageio ipywidgets jax joblib "
    "keras lifelines lightgbm lightning mlflow nltk numba numpy optuna pandas panel patsy pmdarima polars prophet "
    "psutil pyarrow pydantic pymc pymongo pyproj pyspark rasterio requests s3fs sagemaker scipy seaborn selenium shap "
    "shapely spacy sqlalchemy statsmodels streamlit sympy tabulate tqdm transformers vaex wandb xarray xlrd "
    "xlsxwriter yfinance zarr".split()
)
"""Packages whose module bears their name."""

_NAMED_OTHERWISE = {
    module: tuple(packages.split())
    for module, packages in {
        "attr": "attrs",
        "bs4": "beautifulsoup4",
        "cartopy": "cartopy",
        "Crypto": "pycryptodome pycrypto",
        "cv2": "opencv-python opencv-python-headless opencv-contrib-python opencv py-opencv",
        "dateutil": "python-dateutil pandas",
        "docx": "python-docx",
        "dotenv": "python-dotenv",
        "faiss": "faiss-cpu faiss-gpu faiss",
        "fitz": "pymupdf",
        "git": "gitpython",
        "graphviz": "graphviz python-graphviz",
        "ibis": "ibis-framework",
        "jose": "python-jose",
        "jwt": "pyjwt",
        "Levenshtein": "levenshtein python-levenshtein",
        "magic": "python-magic",
        "mpl_toolkits": "matplotlib matplotlib-base basemap",
        "matplotlib": "matplotlib matplotlib-base",
        "MySQLdb": "mysqlclient",
        "networkx": "networkx",
        "openpyxl": "openpyxl",
        "osgeo": "gdal",
        "PIL": "pillow",
        "plotly": "plotly",
        "psycopg2": "psycopg2 psycopg2-binary",
        "psycopg": "psycopg psycopg-binary",
        "pylab": "matplotlib matplotlib-base",
        "pptx": "python-pptx",
        "serial": "pyserial",
        "skimage": "scikit-image",
        "sklearn": "scikit-learn",
        "slugify": "python-slugify",
        "snowflake": "snowflake-connector-python snowflake-snowpark-python",
        "tensorflow": "tensorflow tensorflow-cpu tensorflow-gpu tensorflow-macos tf-nightly",
        "telegram": "python-telegram-bot",
        "torch": "torch pytorch pytorch-cpu pytorch-gpu",
        "torchvision": "torchvision",
        "tables": "tables pytables",
        "umap": "umap-learn",
        "usb": "pyusb",
        "xgboost": "xgboost xgboost-cpu py-xgboost",
        "yaml": "pyyaml",
        "zmq": "pyzmq",
    }.items()
}


def well_known(module: str) -> str | None:
    """The package that everybody means by `module`; None for a module that is not known."""
    return _NAMED_OTHERWISE[module][0] if module in _NAMED_OTHERWISE else module if module in _AS_NAMED else None


def candidates(module: str) -> tuple[str, ...]:
    """Packages, normalised, that may bring `module`, by its name."""
    name = normalised(module)
    guessed = (name, f"python-{name}", f"py{name}", f"py-{name}", f"{name}-python", f"{name}-py", f"{name}-base")
    return tuple(dict.fromkeys((*_NAMED_OTHERWISE.get(module, ()), *guessed)))


def installed(module: str) -> tuple[str, ...]:
    """Packages, normalised, that bring `module` in this environment; empty where none does."""
    for folder in sys.path:
        if os.path.isdir(folder):  # noqa: PTH112 - many a second
            look(folder)
    # to read what every package brings takes long, and most often nobody brings it
    if not module.isidentifier() or PathFinder.find_spec(module) is None:
        return ()
    return tuple(normalised(name) for name in _installed(tuple(sys.path)).get(module, ()))


@lru_cache(maxsize=1)
def _installed(_: tuple[str, ...]) -> dict[str, list[str]]:
    return dict(metadata.packages_distributions())
