"""Magics as JupyterLab's LSP extension sends them, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proofbook.lsp import magics


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("x = 1\n\ny = 2", ("x = 1", "", "y = 2")),
        ("", ("",)),
        ("%matplotlib inline", ('get_ipython().run_line_magic("matplotlib", " inline")',)),
        ('%pip install "a b"', ('get_ipython().run_line_magic("pip", " install \\"a b\\"")',)),
        ("x = !ls -l", ('x = get_ipython().getoutput("ls -l")',)),
        ("    !ls", ('    get_ipython().getoutput("ls")',)),
        ("os?", ("get_ipython().run_line_magic('pinfo',  'os')",)),
        ("??os", ("get_ipython().run_line_magic('pinfo2', 'os')",)),
        ("%%time\nx = 1", ('# START_CELL_MAGIC("time", "")', "x = 1", "# END_CELL_MAGIC")),
        ("%%capture out\nx = 1", ('# START_CELL_MAGIC("capture", " out")', "x = 1", "# END_CELL_MAGIC")),
        ("%%bash\nls\npwd", ('get_ipython().run_cell_magic("bash", "", """ls', 'pwd""")')),
        ('%%sql -x\nselect """a"""', ('get_ipython().run_cell_magic("sql", " -x", """select \\"\\"\\"a\\"\\"\\"""")',)),
    ],
)
def test_a_magic_goes_there_and_back(source: str, lines: tuple[str, ...]) -> None:
    """The lines are those that jupyterlab-lsp 5.3 sends."""
    assert magics.shown(source) == lines
    assert magics.restored(lines) == source


@given(st.text(alphabet="ab%!?=() \n\"'#\\", max_size=40))
def test_any_cell_is_sent_as_one_line_at_least(source: str) -> None:
    lines = magics.shown(source)

    assert lines
    assert not any("\n" in line for line in lines)
    magics.restored(lines)
