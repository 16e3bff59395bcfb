"""What the benchmarks make of what they measured: the arithmetic and the page, without measuring anything."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def _reachable(monkeypatch):
    """The benchmarks are scripts beside each other, not a package; they go when the test ends."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(BENCHMARKS)):
            del sys.modules[name]


def document(**more):
    machine = {
        "processor": "one", "cores": 2, "memory_gib": 8, "system": "here", "file_system": "ext4", "python": "3.11.0",
        "load_before": 0.1, "versions": {"proofbook": "1"},
    }  # fmt: skip
    return {"machine": machine, "taken": {}, "reach": [], "beside": None, "unit": "s", **more}


def test_a_ratio_is_one_of_medians():
    from processes import Taken
    from rounds import Result

    result = Result("a test", machine={})
    for seconds in (10.0, 11.0, 90.0):
        result.add("slow", Taken(seconds=seconds, cpu=0))
    for seconds in (1.0, 1.1, 5.0):
        result.add("fast", Taken(seconds=seconds, cpu=0))

    assert result.ratio("slow", "fast") == pytest.approx(10.0)


@pytest.mark.parametrize(("value", "bound", "word"), [(12.1, {"least": 12.0}, "reached"), (11.9, {"least": 12.0}, "MISSED"),
                                                      (0.2, {"most": 0.3}, "reached"), (0.4, {"most": 0.3}, "MISSED")])  # fmt: skip
def test_a_figure_is_reached_or_missed(tmp_path, capsys, value, bound, word):
    from rounds import Result, arguments

    result = Result("a test", machine=document()["machine"])
    result.reach("a claim", value, **bound)
    result.end(arguments("").parse_args(["--json", str(tmp_path / "it.json")]))

    assert capsys.readouterr().out.strip().startswith(word)
    assert json.loads((tmp_path / "it.json").read_text())["reach"][0]["reached"] == (word == "reached")


def test_a_missed_figure_ends_a_strict_benchmark_with_1():
    from rounds import Result, arguments

    result = Result("a test", machine=document()["machine"])
    result.reach("a claim", 1.0, least=2.0)

    with pytest.raises(SystemExit) as ended:
        result.end(arguments("").parse_args(["--strict"]))
    assert ended.value.code == 1


def test_the_page_shows_every_run_and_says_what_was_missed():
    import page

    lines = [
        {"claim": "twice as fast", "value": value, "least": 2.0, "most": None, "reached": value >= 2}
        for value in (3, 1)
    ]
    text = "before\n<!-- reach -->\n\nold\n\n<!-- end -->\nafter\n"

    filled = page.fill(text, [{"flights": document(reach=[line])} for line in lines])

    assert "| twice as fast | ≥ 2 | 3 | **1, missed** |" in filled
    assert filled.startswith("before\n")
    assert filled.endswith("after\n")
    assert "old" not in filled


def test_the_page_says_not_measured_where_there_is_no_figure():
    import page

    text = "<!-- flights -->\n\n| old | figures |\n\n<!-- end -->\n"

    assert page.fill(text, [{}]) == "<!-- flights -->\n\nNot measured yet.\n\n<!-- end -->\n"


def test_every_place_of_the_page_has_a_table():
    import page

    text = (BENCHMARKS.parent / "docs" / "benchmarks.md").read_text(encoding="utf-8")

    assert {match["name"] for match in page._PLACE.finditer(text)} == set(page._TABLES)


def test_the_phases_of_a_chain_add_up_to_the_whole_build():
    import profile_build

    events = [{"event": "run_started", "at": 11.0}, {"event": "run_finished", "at": 19.0}]
    for name, start in (("a", 11.5), ("b", 15.0)):
        for event, later in (
            *(("task_started", 0.0), ("kernel_started", 0.5), ("cell_started", 0.75)),
            *(("cell_finished", 2.75), ("task_finished", 3.0)),
        ):
            events.append({"event": event, "task": name, "at": start + later, "seconds": 1.5})

    run, chain = profile_build._by_events(events, began=10.0, ended=20.0)

    assert sum(chain.values()) == pytest.approx(10.0)
    assert chain["cells"] == pytest.approx(3.0)
    assert run["cells"] == pytest.approx(3.0)
    assert chain["between cells"] == pytest.approx(1.0)


def test_a_flat_script_does_what_the_notebooks_do(tmp_path):
    import projects

    first = projects.Step(
        name="first", cells=["number = start + 1", "open(product['n'], 'w').write(str(number))"],
        products={"n": "output/first.txt"}, params={"start": 1},
    )  # fmt: skip
    second = projects.Step(
        name="second", cells=["open(product['n'], 'w').write(open(upstream['first']['n']).read() * 2)"],
        products={"n": "output/second.txt"}, upstream=["first"],
    )  # fmt: skip

    script = projects.flat([first, second], tmp_path)
    said = subprocess.run([sys.executable, script], check=True, capture_output=True, text=True).stdout

    assert (tmp_path / "output/second.txt").read_text() == "22"
    assert len(said.split()) == 2


def taken(code, folder):
    """`timed` of a Python process; from a process of its own, for it adopts orphans and reaps every child."""
    measure = (
        "import json, pathlib, sys\nfrom processes import timed\n"
        "it = timed([sys.executable, '-c', sys.argv[1]], cwd=pathlib.Path(), variables={'PATH': '/bin'})\n"
        "print(json.dumps([it.cpu, it.own_cpu, it.own_peak, it.left]))"
    )
    words = [sys.executable, "-c", measure, code]
    done = subprocess.run(
        words, cwd=folder, env={"PYTHONPATH": str(BENCHMARKS)}, check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)


def test_a_measured_process_says_what_it_used_itself_and_with_its_children(tmp_path):
    burn = "import time\nwhile time.process_time() < 0.2: pass"

    cpu, own_cpu, own_peak, left = taken(
        f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {burn!r}])", tmp_path
    )

    assert cpu > own_cpu + 0.15
    assert own_peak > 1 << 20
    assert left == 0


def test_what_a_measured_process_leaves_behind_is_counted(tmp_path):
    code = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1)'])"

    assert taken(code, tmp_path)[3] == 1
