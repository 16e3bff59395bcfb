import json

import pytest

from proofbook.kernels import early


def _notebook(*sources: object, kind: str = "code") -> bytes:
    return json.dumps({"cells": [{"cell_type": kind, "source": source} for source in sources]}).encode()


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ('import os\nos.environ["OMP_NUM_THREADS"] = "1"', "OMP_NUM_THREADS"),
        ('from os import environ\nenviron.setdefault("MPLBACKEND", "agg")', "MPLBACKEND"),
        ('os.environ.update({"OPENBLAS_NUM_THREADS": "1"})', "OPENBLAS_NUM_THREADS"),
        ("os.environ.update(MKL_NUM_THREADS='1')", "MKL_NUM_THREADS"),
        ("os.putenv('NUMEXPR_MAX_THREADS', '2')", "NUMEXPR_MAX_THREADS"),
        ("%env SKLEARN_ASSUME_FINITE=1", "SKLEARN_ASSUME_FINITE"),
        ("%set_env MATPLOTLIBRC=here", "MATPLOTLIBRC"),
        (["import os\n", "os.environ['MPLCONFIGDIR'] = 'x'"], "MPLCONFIGDIR"),
    ],
)
def test_a_variable_that_a_library_reads_at_its_import_is_found(source: object, name: str) -> None:
    assert early.variable(_notebook("import sys", source)) == name


@pytest.mark.parametrize(
    "source",
    ["import os\nos.environ['HOME']", "os.environ['MY_OMP'] = '1'", "OMP_NUM_THREADS = 1", "%env TZ=UTC", "", None, 3],
)
def test_other_variables_and_other_code_are_no_reason_for_a_cold_start(source: object) -> None:
    assert early.variable(_notebook(source)) == ""


def test_text_is_not_code() -> None:
    assert early.variable(_notebook("set os.environ['OMP_NUM_THREADS']", kind="markdown")) == ""


@pytest.mark.parametrize(
    "content", [b"", b"env", b"[]", b'{"cells": 3, "env": 1}', b'{"cells": [1], "env": 1}', b"\xff env"]
)
def test_what_is_no_notebook_has_none(content: bytes) -> None:
    assert early.variable(content) == ""
