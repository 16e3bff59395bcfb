"""What the analysis says of cells: first the probes that other tools get wrong, then scope, changes, files, records."""

import pytest

from proofbook.analyze import cells
from tests.analyze.notebooks import flow, flows, notebook, used


class TestTheProbesThatSoorgeonGetsWrong:
    """In-place mutation, aliasing, `x += 1`, `while x`, defaults, class attributes, walrus, loop variables."""

    def test_a_method_whose_value_is_kept_may_give_a_new_object(self) -> None:
        cell = flow("result = fit()", "longer = result.append(1)")
        assert [change.name for change in cell.mutates] == []
        assert [change.name for change in cell.maybe_mutates] == ["result"]

    def test_a_mutating_method_changes_its_object(self) -> None:
        cell = flow("xs = []", "xs.append(1)")
        assert [(change.name, change.how, change.local) for change in cell.mutates] == [("xs", "method", False)]
        assert used(cell) == {"xs"}

    @pytest.mark.parametrize(
        ("source", "how"),
        [
            ("df['x'] = 1", "item"),
            ("df.columns = []", "attribute"),
            ("df.loc[0, 'x'] = 1", "item"),
            ("df['x'] += 1", "item"),
            ("df.count += 1", "attribute"),
            ("del df['x']", "delete"),
            ("del df.x", "delete"),
            ("df.drop('x', inplace=True)", "inplace"),
            ("df.groups.append(1)", "method"),
            ("df[0].sort()", "method"),
            ("import random\nrandom.shuffle(df)", "argument"),
            ("import numpy as np\nnp.add(1, 2, out=df)", "argument"),
            ("from heapq import heappush\nheappush(df, 1)", "argument"),
            ("setattr(df, 'x', 1)", "argument"),
            ("(df['x'], y) = 1, 2", "item"),
            ("for df['x'] in range(3): pass", "item"),
        ],
    )
    def test_every_way_to_change_in_place_is_seen(self, source: str, how: str) -> None:
        assert [(change.name, change.how) for change in flow("df = f", source).mutates] == [("df", how)]

    def test_two_names_for_one_object_are_known(self) -> None:
        aliases = flow("y = x\nz = x.part\nw = x[0]\na, b = x, 1\nc = x.copy()\nd = x or y").aliases
        assert [(alias.name, alias.of, alias.exact) for alias in aliases] == [
            ("y", "x", True),
            ("z", "x", False),
            ("w", "x", False),
            ("a", "x", True),
            ("d", "x", False),
            ("d", "y", False),
        ]

    def test_an_augmented_assignment_uses_and_defines(self) -> None:
        cell = flow("x += 1")
        assert used(cell) == {"x"}
        assert cell.defines["x"].kind == "augmented"
        assert [change.name for change in cell.maybe_mutates] == ["x"]

    def test_the_condition_of_a_while_is_a_use(self) -> None:
        assert used(flow("while x:\n    x = 0")) == {"x"}

    def test_default_arguments_are_evaluated_where_the_function_is_defined(self) -> None:
        cell = flow("def f(a, b=x, *, c=y): return a, b, c")
        assert used(cell) == {"x", "y"}
        assert used(cell, deferred=True) == set()

    def test_a_lambda_s_default_is_evaluated_at_once_and_its_body_is_not(self) -> None:
        cell = flow("g = lambda a=x: a + y")
        assert used(cell) == {"x"}
        assert used(cell, deferred=True) == {"y"}

    def test_class_attributes_are_not_names_of_the_notebook(self) -> None:
        cell = flow("class A:\n    x = 1\n    y = x + z")
        assert set(cell.defines) == {"A"}
        assert used(cell) == {"z"}

    def test_a_walrus_defines(self) -> None:
        cell = flow("if (n := f()) > 1: pass\nprint(n)")
        assert "n" in cell.defines
        assert not cell.defines["n"].conditional
        assert used(cell) == {"f"}

    def test_a_walrus_in_a_comprehension_defines_outside_of_it(self) -> None:
        cell = flow("ys = [last := i for i in [1]]\nlast")
        assert {"ys", "last"} == set(cell.defines)
        assert "i" not in cell.defines

    def test_a_loop_variable_lives_on_after_its_loop(self) -> None:
        cells = flows("for i, (a, *b) in [(1, (2, 3))]: pass", "print(i, a, b)")
        assert {name: found.kind for name, found in cells[0].defines.items()} == {"i": "for", "a": "for", "b": "for"}
        assert used(cells[1]) == {"i", "a", "b"}

    def test_reading_a_file_never_changes_it(self) -> None:
        """Soorgeon runs a formatter over the notebook: here the analysis holds only values, and none can be assigned."""
        with pytest.raises(AttributeError):
            flow("x=1").code = "x = 1"  # type: ignore[misc]


class TestScope:
    """Python's rules of scope."""

    @pytest.mark.parametrize(
        ("source", "name", "kind"),
        [
            ("x = 1", "x", "assignment"),
            ("x: int = 1", "x", "annotated"),
            ("a, [x, *b] = c", "x", "assignment"),
            ("import x", "x", "import"),
            ("import x.y", "x", "import"),
            ("import y as x", "x", "import"),
            ("from y import x", "x", "import"),
            ("def x(): pass", "x", "function"),
            ("async def x(): pass", "x", "function"),
            ("class x: pass", "x", "class"),
            ("with f() as x: pass", "x", "with"),
            ("with f() as (x, y): pass", "x", "with"),
            ("match c:\n    case {'a': x, **rest}: pass", "x", "match"),
            ("match c:\n    case {'a': y, **x}: pass", "x", "match"),
            ("match c:\n    case [1, *x]: pass", "x", "match"),
            ("match c:\n    case str() as x: pass", "x", "match"),
            ("async for x in y: pass", "x", "for"),
            ("%%capture x\n1", "x", "magic"),
            ("x = !ls", "x", "assignment"),
            ("x = %timeit -o f()", "x", "assignment"),
            ("%%time\nx = 1", "x", "assignment"),
            ("%time x = 1", "x", "assignment"),
            ("%store -r x", "x", "magic"),
            ("%%bash --out x\nls", "x", "magic"),
            ("%%sql x <<\nselect 1", "x", "magic"),
        ],
    )
    def test_every_way_to_bind_a_name_is_seen(self, source: str, name: str, kind: str) -> None:
        assert flow(source).defines[name].kind == kind

    @pytest.mark.parametrize(
        "source",
        [
            "x: int",
            "[x for x in y]",
            "{x: 1 for x in y}",
            "lambda x: x",
            "def f(x): x = 1",
            "def f():\n    import x",
            "class A:\n    x = 1",
            "x = 1\ndel x",
            "try: f()\nexcept E as x: pass",
            "y.x = 1",
            "y[x] = 1",
            "f(x=1)",
            "%%timeit\nx = 1",
            "%%bash\nx=1",
            "%%python\nx = 1",
            "%timeit x = 1",
        ],
    )
    def test_what_binds_no_name_of_the_notebook_is_not_taken_for_it(self, source: str) -> None:
        assert "x" not in flow(source).defines

    @pytest.mark.parametrize(
        ("source", "names", "deferred"),
        [
            ("x = x + 1", {"x"}, set()),
            ("x = 1\nx = x + y", {"y"}, set()),
            ("[i for i in y for j in i if k]", {"y", "k"}, set()),
            ("[y for y in y]", {"y"}, set()),
            ("class A(B, metaclass=M):\n    a = 1\n    def m(self): return a", {"B", "M"}, {"a"}),
            ("class A:\n    a = [1]\n    b = [a for _ in a]", {"a"}, set()),
            ("class A:\n    x = x", {"x"}, set()),
            ("@d(e)\ndef f(a: T) -> R: return a, y", {"d", "e", "T", "R"}, {"y"}),
            ("from __future__ import annotations\ndef f(a: T) -> R: pass", set(), set()),
            ("def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = y\n    return g", set(), {"y"}),
            ("def f():\n    print(x)\n    x = 1", set(), set()),
            ("def f():\n    return x\nx = 1", set(), set()),
            ("def f():\n    return [y for y in x if z]", set(), {"x", "z"}),
            ("del x", {"x"}, set()),
            ("print(f'{x!r:>{w}}')", {"x", "w"}, set()),
            ("a[x:y, ...]", {"a", "x", "y"}, set()),
            ("with o(p) as q: q", {"o", "p"}, set()),
            ("try: f()\nexcept (E, F) as e: print(e)", {"f", "E", "F"}, set()),
            ("match x:\n    case P(a=b) if b > c: b", {"x", "P", "c"}, set()),
            ("x: T = 1", {"T"}, set()),
            ("print(len, __name__, _, _3, In, Out, display, get_ipython, exit)", set(), set()),
            ("async with o() as q: await q\n[i async for i in z]", {"o", "z"}, set()),
            ("global x\nx = 1", set(), set()),
            ("lambda: (yield x)", set(), {"x"}),
        ],
    )
    def test_uses_are_the_names_that_come_from_outside(self, source: str, names: set[str], deferred: set[str]) -> None:
        cell = flow(source)
        assert cell.problem is None
        assert (used(cell), used(cell, deferred=True)) == (names, deferred)

    def test_a_name_of_the_kernel_that_the_cell_may_have_bound_is_a_use_all_the_same(self) -> None:
        cell = flow("if c:\n    display = 1\nprint(display)")
        assert [(use.name, use.possible) for use in cell.uses] == [("c", False), ("display", True)]

    def test_places_count_characters_from_one(self) -> None:
        (use,) = flow("s = 'é€'; print(s, missing)").uses
        assert (use.line, use.column) == (1, 20)

    def test_places_are_those_of_the_cell_as_written(self) -> None:
        source = "  # indented\n  %time y = missing(1)\n  z = other"
        assert [(use.name, use.line, use.column) for use in flow(source).uses] == [
            ("missing", 2, 13),
            ("other", 3, 7),
        ]


class TestBranches:
    """What may have happened, and what surely has."""

    def test_a_name_bound_in_every_branch_is_surely_bound(self) -> None:
        cell = flow("if a:\n    x = 1\nelif b:\n    x = 2\nelse:\n    raise ValueError\nprint(x)")
        assert used(cell) == {"a", "b"}
        assert not cell.defines["x"].conditional

    def test_a_name_bound_in_one_branch_is_perhaps_bound(self) -> None:
        cell = flow("if a:\n    x = 1\nprint(x)")
        assert [(use.name, use.possible) for use in cell.uses] == [("a", False), ("x", True)]
        assert cell.defines["x"].conditional

    def test_a_handler_may_run_after_part_of_its_try(self) -> None:
        cell = flow("try:\n    x = f()\nexcept E:\n    print(x)")
        assert [(use.name, use.possible) for use in cell.uses][-1] == ("x", True)

    def test_the_usual_fallback_of_an_import_binds_for_sure(self) -> None:
        cell = flow("try:\n    import fast as lib\nexcept ImportError:\n    lib = None\nprint(lib)")
        assert used(cell) == set()
        assert not cell.defines["lib"].conditional
        assert cell.imports[0].guarded == "try"

    def test_asking_for_a_name_under_guard_is_marked(self) -> None:
        cell = flow("try:\n    x\nexcept NameError:\n    x = 1")
        assert [(use.name, use.guarded) for use in cell.uses] == [("x", True)]

    def test_a_name_deleted_in_a_branch_is_not_surely_gone(self) -> None:
        assert flow("x = 1\nif a:\n    del x").deletes == {}
        assert set(flow("x = 1\ndel x").deletes) == {"x"}
        assert set(flow("x = 1\ndel x\nx = 2").deletes) == set()

    def test_a_handler_may_miss_what_its_try_deleted(self) -> None:
        cell = flow("x = 1\ntry:\n    del x\n    f()\nexcept E:\n    print(x)")
        assert [use.possible for use in cell.uses if use.name == "x"] == [True]

    @pytest.mark.parametrize("gone", ["del x", "try: f()\n    except E as x: pass"])
    def test_the_second_round_of_a_loop_may_miss_what_the_first_deleted(self, gone: str) -> None:
        cell = flow(f"x = 1\nfor i in y:\n    print(x)\n    {gone}")
        assert {use.possible for use in cell.uses if use.name == "x"} == {True}

    def test_the_body_of_suppress_may_be_cut_short(self) -> None:
        cell = flow("from contextlib import suppress\nwith suppress(E):\n    x = f()\nprint(x)")
        assert [use.possible for use in cell.uses if use.name == "x"] == [True]


class TestCalls:
    """A function of the notebook does at its call what its body says."""

    def test_a_call_reads_what_the_function_reads(self) -> None:
        cell = flow("def f(): return rate", "f()")
        assert [(use.name, use.via) for use in cell.uses] == [("f", None), ("rate", "f")]

    def test_a_call_through_another_function_counts_too(self) -> None:
        cell = flow("def f(): return rate\ndef g(): return f()", "g()")
        assert [(use.name, use.via) for use in cell.uses] == [("g", None), ("f", "g"), ("rate", "g")]

    def test_a_function_with_global_binds_where_it_is_called(self) -> None:
        first, second = flows("def f():\n    global x\n    x = 1", "f()\nprint(x)")
        assert "x" not in first.defines
        assert first.maybe_defines == {"x"}
        assert second.defines["x"].via == "f"
        assert used(second) == {"f"}

    def test_a_function_changes_what_it_is_given(self) -> None:
        cell = flow("def add(to, *, n): to.append(n)\ndef twice(xs): add(xs, n=1)", "xs = ys\ntwice(xs)")
        assert [(change.name, change.via) for change in cell.mutates] == [("xs", "twice")]

    def test_a_function_that_leaves_its_argument_alone_is_no_suspect(self) -> None:
        assert flow("def f(t): return t.head()", "f(df)").maybe_mutates == ()

    def test_an_unknown_function_is_a_suspect(self) -> None:
        assert [change.name for change in flow("from lib import g", "g(df)").maybe_mutates] == ["df"]

    def test_a_constructor_does_what_init_does(self) -> None:
        cell = flow("class A:\n    def __init__(self): self.n = rate", "A()")
        assert used(cell) == {"A", "rate"}

    def test_a_lambda_with_a_name_is_a_function(self) -> None:
        assert used(flow("f = lambda: rate", "f()")) == {"f", "rate"}

    def test_a_function_that_is_handed_over_is_probably_called(self) -> None:
        cell = flow("def f(r): return r * rate", "df.apply(f)")
        assert [(use.name, use.conditional) for use in cell.uses if use.via] == [("rate", True)]

    def test_a_name_bound_again_is_the_old_function_no_longer(self) -> None:
        assert used(flow("def f(): return rate", "f = print", "f()")) == {"f"}

    def test_functions_that_call_many_others_many_times_are_no_way_to_hang_it(self) -> None:
        names = "abcdefgh"
        calls = [f"def f{i}(p): " + "; ".join(f"f{i + 1}({name})" for name in names) for i in range(30)]
        assert "last" in used(flow("\n".join([*calls, "def f30(p): return last"]), "f0(1)"))

    def test_recursion_ends(self) -> None:
        assert used(flow("def f(): return f()\ndef g(): return h()\ndef h(): return g()", "f(); g()")) >= {"f", "g"}


class TestModules:
    """Modules and what comes from them."""

    def test_a_function_of_a_module_is_no_method_that_changes_it(self) -> None:
        cell = flow("import numpy as np\nimport os", "np.append(xs, 1)\nos.remove('x')\nos.environ['A'] = 'b'")
        assert cell.mutates == ()
        assert cell.maybe_mutates == ()

    def test_imports_carry_all_there_is_to_know(self) -> None:
        found = flow("import a.b as c, d\nfrom .e import f as g, h\nfrom i import *\ndef k():\n    import m").imports
        told = [(each.module, each.name, each.alias, each.level, each.deferred) for each in found]
        assert told == [
            ("a.b", None, "c", 0, False),
            ("d", None, "d", 0, False),
            ("e", "f", "g", 1, False),
            ("e", "h", "h", 1, False),
            ("i", "*", "", 0, False),
            ("m", None, "m", 0, True),
        ]

    @pytest.mark.parametrize(
        "source",
        ["from a import *", "%run x.py", "%pylab", "exec(code)", "globals()['x'] = 1", "%store -r", "%%mystery\nx = 1"],
    )
    def test_what_may_bind_anything_is_called_wild(self, source: str) -> None:
        assert flow(source).wild

    def test_what_binds_nothing_unknown_is_not_wild(self) -> None:
        assert not flow("import a\n%matplotlib inline\nx = 1\nget_ipython()").wild

    def test_an_import_for_type_checkers_is_marked(self) -> None:
        source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import x"
        assert [each.guarded for each in flow(source).imports] == ["", "type-checking"]


class TestFiles:
    """Which files a cell reads and writes."""

    @pytest.mark.parametrize(
        ("source", "mode", "path"),
        [
            ("import pandas as pd\npd.read_csv('a.csv')", "read", "a.csv"),
            ("import pandas\npandas.read_parquet(path='a.parquet')", "read", "a.parquet"),
            ("from pandas import read_csv as rc\nrc('a.csv')", "read", "a.csv"),
            ("import polars as pl\npl.scan_parquet('a/*.parquet')", "read", "a/*.parquet"),
            ("df.to_csv('a.csv', index=False)", "write", "a.csv"),
            ("df.write_parquet('a.parquet')", "write", "a.parquet"),
            ("open('a.txt')", "read", "a.txt"),
            ("open('a.txt', 'w')", "write", "a.txt"),
            ("open('a.txt', mode='ab')", "write", "a.txt"),
            ("import gzip\ngzip.open('a.gz', 'rt')", "read", "a.gz"),
            ("from pathlib import Path\nPath('a.txt').read_text()", "read", "a.txt"),
            ("from pathlib import Path\n(Path('a') / 'b.txt').write_text('x')", "write", "a/b.txt"),
            ("from pathlib import Path\nP = Path('a')\n(P / 'b.txt').open('w')", "write", "a/b.txt"),
            ("from pathlib import Path\nP = Path('a.txt')\nP.open()", "read", "a.txt"),
            ("import os\nopen(os.path.join('a', 'b'))", "read", "a/b"),
            ("D = 'data'\nopen(f'{D}/a.txt')", "read", "data/a.txt"),
            ("D = 'data'\nopen(D + '/a.txt')", "read", "data/a.txt"),
            ("import numpy as np\nnp.save('a.npy', x)", "write", "a.npy"),
            ("import numpy as np\nnp.load('a.npy')", "read", "a.npy"),
            ("import joblib\njoblib.dump(model, 'm.joblib')", "write", "m.joblib"),
            ("import matplotlib.pyplot as plt\nplt.savefig('a.png')", "write", "a.png"),
            ("fig.savefig('a.png')", "write", "a.png"),
            ("fig.write_html('a.html')", "write", "a.html"),
            ("chart.save('a.html')", "write", "a.html"),
            ("from PIL import Image\nImage.open('a.png')", "read", "a.png"),
            ("import json\njson.dump(x, open('a.json', 'w'))", "write", "a.json"),
            ("def load():\n    return open('a.txt')", "read", "a.txt"),
            ("N = 3\nopen(f'part-{N}.csv')", "read", "part-3.csv"),
        ],
    )
    def test_a_constant_path_is_found(self, source: str, mode: str, path: str) -> None:
        assert [(file.mode, file.path) for file in flow(source).files] == [(mode, path)]

    @pytest.mark.parametrize(
        "source",
        [
            "df.to_csv()",
            "import pandas as pd\npd.read_sql('select 1', c)",
            "import pandas as pd\npd.read_csv('https://example.org/a.csv')",
            "import webbrowser\nwebbrowser.open('x')",
            "open(3)",
            "model.save(x)",
        ],
    )
    def test_what_touches_no_file_of_the_project_is_left_out(self, source: str) -> None:
        assert flow(source).files == ()

    @pytest.mark.parametrize(
        "source",
        [
            "open(where)",
            "D = f()\nopen(D)",
            "D = 'a'\nD = 'b'\nopen(D)",
            "if c:\n    D = 'a'\nopen(D)",
            "def f(D):\n    open(D)\nD = 'a'",
            "D = 'a'\nopen(f'{D:>9}')",
        ],
    )
    def test_a_path_that_may_differ_is_not_guessed(self, source: str) -> None:
        assert [file.path for file in flow(source).files] == [None]

    @pytest.mark.parametrize(
        ("path", "is_"),
        [
            ("f'{D}/{Y}.csv'", "data/2013.csv"),
            ("P / 'a.csv'", "data/a.csv"),
            ("Path(D, 'x', f'{Y}.csv')", "data/x/2013.csv"),
            ("os.path.join(D, 'a.csv')", "data/a.csv"),
            ("D + '/a.csv'", "data/a.csv"),
            ("D + os.sep + 'a.csv'", "data/a.csv"),
            ("'%s/%d.csv' % (D, Y)", "data/2013.csv"),
            ("'%s/a.csv' % D", "data/a.csv"),
            ("'{}/{}.csv'.format(D, Y)", "data/2013.csv"),
            ("'/'.join([D, 'a.csv'])", "data/a.csv"),
            ("P.joinpath('a.csv')", "data/a.csv"),
            ("(P / 'a.csv').as_posix()", "data/a.csv"),
            ("str(P / 'a.csv')", "data/a.csv"),
            ("(P / 'a.txt').with_suffix('.csv')", "data/a.csv"),
            ("P.parent / 'a.csv'", "a.csv"),
            ("'a%s%%' % D", None),
            ("'{0}{0}'.format(D)", None),
            ("'{:>5}'.format(D)", None),
            ("'%s' % (D, Y)", None),
            ("f'{Y:05d}'", None),
            ("Y + Y", None),
            ("'a' + str(Y + 1)", None),
            ("D.upper()", None),
            ("P.with_suffix('csv')", None),
        ],
    )
    def test_a_path_is_computed_from_constants_of_other_cells_or_not_at_all(self, path: str, is_: str | None) -> None:
        above = "import os\nfrom pathlib import Path\nD = 'data'\nY = 2013", "P = Path(D)"
        assert [file.path for file in flow(*above, f"open({path})").files] == [is_]

    def test_a_path_assigned_in_another_cell_is_found_with_its_name(self) -> None:
        (file,) = flow("PATH = 'data/a.csv'", "import pandas as pd\ndf = pd.read_csv(PATH)").files
        assert (file.path, file.name, file.names, file.literal) == ("data/a.csv", "PATH", ("PATH",), False)

    def test_the_span_is_exactly_the_argument(self) -> None:
        source = "é = 1; df = pd.read_csv(\n    'a.csv',\n)"
        (file,) = flow("import pandas as pd", source).files
        assert source.split("\n")[file.span.line - 1][file.span.column - 1 : file.span.end_column - 1] == "'a.csv'"


class TestRecords:
    """Calls of `record` and `glue`, whatever they were imported as."""

    @pytest.mark.parametrize(
        ("source", "function"),
        [
            ("from proofbook import record\nrecord('auc', a)", "record"),
            ("from proofbook import record as r\nr('auc', a)", "record"),
            ("import proofbook\nproofbook.record('auc', a)", "record"),
            ("import proofbook as pb\npb.record(name='auc', value=a)", "record"),
            ("import scrapbook as sb\nsb.glue('auc', a)", "glue"),
            ("from scrapbook import glue\nglue('auc', a)", "glue"),
            ("import proofbook\nN = 'auc'\nproofbook.record(N, a)", "record"),
        ],
    )
    def test_a_record_is_recognised_with_its_name(self, source: str, function: str) -> None:
        assert [(found.function, found.name) for found in flow(source).records] == [(function, "auc")]

    def test_an_import_in_another_cell_counts(self) -> None:
        assert flow("from proofbook import record", "record('a', 1)").records[0].name == "a"

    def test_a_function_of_one_s_own_with_that_name_is_no_record(self) -> None:
        assert flow("from proofbook import record", "def record(*a): pass", "record('a', 1)").records == ()

    def test_a_computed_name_is_not_guessed(self) -> None:
        found = flow(
            "from proofbook import record", "for c in cs:\n    record(f'auc_{c}', 1, better='higher', **k)"
        ).records
        assert [(each.name, each.keywords, each.repeated) for each in found] == [(None, ("better", "**"), True)]


class TestTheRest:
    """Exits, await, syntax errors, other languages."""

    @pytest.mark.parametrize(
        "source",
        [
            "exit()",
            "quit()",
            "import sys\nsys.exit(0)",
            "import os\nos._exit(1)",
            "raise SystemExit",
            "from sys import exit as x\nx()",
        ],
    )
    def test_an_exit_is_seen(self, source: str) -> None:
        assert len(flow(source).exits) == 1

    def test_a_function_of_one_s_own_named_exit_is_none(self) -> None:
        assert flow("def exit(): pass\nexit()").exits == ()

    def test_await_at_the_top_level_is_legal(self) -> None:
        assert flow("await f()").top_level_await
        assert flow("await f()").problem is None
        assert not flow("async def f(): await g()").top_level_await

    @pytest.mark.parametrize("source", ["x = (", "return 1", "def", "if x:\npass", "x = 1\n  y = 2", "\0", "a b\nls"])
    def test_a_syntax_error_has_a_place_and_stops_nothing(self, source: str) -> None:
        first, second = flows(source, "y = 1")
        assert first.problem is not None
        assert first.problem.line >= 1
        assert first.tree is None
        assert set(second.defines) == {"y"}

    def test_the_place_of_a_syntax_error_is_that_in_the_cell(self) -> None:
        problem = flow("%matplotlib inline\nx = 1 +").problem
        assert problem is not None
        assert problem.line == 2

    @pytest.mark.parametrize(
        "source", ["(" * 5000, "-" * 5000 + "1", "x" + ".a" * 20000, "1" + "+1" * 20000, "[" * 150 + "]" * 150]
    )
    def test_depth_is_no_way_to_crash_it(self, source: str) -> None:
        assert flows(source, "y = 1")[1].defines

    def test_a_notebook_of_another_language_is_left_alone(self) -> None:
        found = cells.analyze(notebook("x <- 1", language="r"))
        assert [(cell.tree, cell.problem, cell.defines) for cell in found] == [(None, None, {})]

    def test_warnings_of_the_compiler_are_not_ours(self) -> None:
        assert flow("x = 1 is 1\ny = '\\d'").problem is None


class TestLoopsThatSurelyRun:
    """What goes through something that is plainly there leaves its names behind."""

    @pytest.mark.parametrize(
        "of", ["range(3)", "range(1, 4)", "[a]", "(1, *b)", "'ab'", "enumerate([1, 2])", "zip([1], 'a')", "sorted({1})"]
    )
    def test_the_variable_is_there_afterwards(self, of: str) -> None:
        assert not flow(f"for i in {of}:\n    if c: break\n    j = i").defines["i"].conditional
        assert flow(f"for i in {of}:\n    if c: break\n    j = i").defines["j"].conditional
        assert not flow(f"for i in {of}:\n    j = i").defines["j"].conditional

    @pytest.mark.parametrize(
        "of", ["xs", "range(n)", "range(0)", "range(3, 1)", "[]", "''", "[*a]", "zip([1], x)", "f()"]
    )
    def test_elsewhere_it_may_be_missing(self, of: str) -> None:
        assert flow(f"for i in {of}: pass").defines["i"].conditional

    @pytest.mark.parametrize("loop", ["while a:", "for i in b:", "for i in [1]:"])
    def test_a_break_may_stand_behind_what_the_loop_deletes(self, loop: str) -> None:
        cell = flow(f"x = 1\n{loop}\n    del x\n    if c: break\n    x = 2\nprint(x)")
        assert cell.defines["x"].conditional
        assert [use.possible for use in cell.uses if use.name == "x"][-1:] == [True]

    def test_what_the_loop_deletes_is_not_there(self) -> None:
        assert flow("for i in [1]: del i").defines["i"].conditional
