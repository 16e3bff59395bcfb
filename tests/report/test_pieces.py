"""Words, drawings, scales, grids, evidence."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.model.record import Record, Rule
from proofbook.model.run import TaskRun
from proofbook.model.verdict import Comparison
from proofbook.report import evidence, grids, words
from proofbook.report.allowance import Allowance
from proofbook.report.graph import draw
from proofbook.report.pictures import Album
from proofbook.report.scale import scale
from proofbook.report.sources import Sources
from tests.report.conftest import parquet, parquet_of, picture


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.4, "0.40 s"),
        (41.24, "41.2 s"),
        (59.96, "1 min 00 s"),
        (192, "3 min 12 s"),
        (3840, "1 h 04 min"),
        (-1, "unknown"),
        (math.nan, "unknown"),
    ],
)
def test_durations_are_said_as_a_person_would(seconds, said):
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (18_211, "18.2 kB"),
        (401_000_000, "401 MB"),
        (999_999, "1 MB"),
        (3 * 10**15, "3e+03 TB"),
    ],
)
def test_sizes_are_said_as_a_person_would(count, said):
    assert words.size(count) == said


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Rule(better="higher", margin=0.005, floor=0.7), "higher is better; may be worse by 0.005; never below 0.7"),
        (Rule(better="lower", ceiling=2), "lower is better; never above 2"),
        (Rule(exact=True, informs=True), "must be exactly equal; never gates"),
        (Rule(tolerance=1e-6, key=("carrier", "hour")), "equal within 1e-06 relative; rows matched by carrier, hour"),
        (Rule(), ""),
        (Rule(informs=True), ""),
    ],
)
def test_a_rule_is_a_sentence(rule, said):
    assert words.rule(rule) == said


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (Record(name="a", kind="scalar", value=0.74131234), "0.741312"),
        (Record(name="a", kind="scalar", special="nan"), "NaN"),
        (Record(name="a", kind="scalar", value=True), "true"),
        (Record(name="a", kind="scalar", value=336_776), "336,776"),
        (Record(name="a", kind="scalar"), "none"),
        (Record(name="a", kind="text", value="two\nlines"), "two lines"),
        (Record(name="a", kind="json", value={"a": [1]}), '{"a": [1]}'),
        (Record(name="a", kind="table", value={"rows": 19, "columns": {"x": "int", "y": "int"}}), "19 rows, 2 columns"),
        (Record(name="a", kind="figure", blob="0" * 64), "figure"),
        (Record(name="a", kind="model", value={"path": "m.joblib", "size": 7}), "m.joblib · 7"),
        (Record(name="a", kind="scalar", unreadable="no such encoder"), "unreadable: no such encoder"),
    ],
)
def test_a_record_is_said_in_one_line(record, said):
    assert words.recorded(record) == said


def test_a_number_that_is_a_name_has_no_thousands_mark():
    assert [words.parameter(each) for each in (2013, [2013, 0.5], "a")] == ["2013", "2013, 0.5", "a"]
    assert words.value(2013) == "2,013"


def test_a_digest_within_a_text_is_cut_to_its_beginning():
    assert words.shortened(f"was {'0a' * 32}, is {'b1' * 29}b… now") == "was 0a0a0a0a0a0a…, is b1b1b1b1b1b1… now"
    assert words.shortened("run 0a1b2c3d, 336776 flights") == "run 0a1b2c3d, 336776 flights"


def test_a_name_goes_on_after_an_underscore_and_is_escaped():
    assert words.breakable("average_<b>") == "average_<wbr>&lt;b&gt;"


def test_moments_are_dates_and_what_is_none_stays():
    assert words.moment("2013-10-31T06:00:00.000Z") == "31 Oct 2013, 06:00 UTC"
    assert words.moment("soon") == "soon"


def tasks_of(edges: dict[str, tuple[str, ...]]) -> list[TaskRun]:
    return [TaskRun(name=name, status="ran", upstream=upstream) for name, upstream in edges.items()]


def overlap(one, other) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 14), st.booleans())
def test_no_boxes_overlap_and_every_edge_goes_onward(data, count, down):
    tasks = [
        TaskRun(
            name=f"task {number}",
            status="ran",
            upstream=tuple(
                f"task {other}"
                for other in data.draw(st.sets(st.integers(0, max(number - 1, 0)), max_size=3))
                if other < number
            ),
        )
        for number in range(count)
    ]
    drawing = draw(tasks, down=down)

    assert not any(overlap(one, other) for one, other in itertools.combinations(drawing.nodes, 2))
    assert all(
        node.x >= 0 and node.y >= 0 and node.x + node.width <= drawing.width and node.y + node.height <= drawing.height
        for node in drawing.nodes
    )
    assert len(drawing.edges) == sum(len(task.upstream) for task in tasks)
    place = {node.name: node.y if down else node.x for node in drawing.nodes}
    assert all(place[upstream] < place[task.name] for task in tasks for upstream in task.upstream)


def test_a_pipeline_with_a_circle_or_an_unknown_upstream_is_drawn_all_the_same():
    drawing = draw(tasks_of({"a": ("b", "a", "nowhere"), "b": ("a",)}), down=True)

    assert [node.name for node in drawing.nodes] == ["a", "b"]
    assert len(drawing.edges) == 1


def test_six_tasks_fit_a_telephone_when_drawn_downward():
    edges = {
        "ingest": (),
        "profile": ("ingest",),
        "features": ("ingest",),
        "train": ("features",),
        "evaluate": ("train", "features"),
        "for_the_business": ("evaluate", "profile"),
    }

    assert draw(tasks_of(edges), down=True).width <= 336


def test_a_long_name_is_cut_in_the_drawing_and_whole_in_its_title():
    node = draw(tasks_of({"a" * 100: ()}), down=True).nodes[0]

    assert node.label.endswith("…")
    assert node.name == "a" * 100


def scalar(value) -> Record:
    return Record(name="auc", kind="scalar", value=value)


def test_the_scale_shows_where_both_stand_and_what_is_allowed():
    drawn = scale(scalar(0.74), scalar(0.72), rule=Rule(better="higher", margin=0.005, floor=0.7))

    assert drawn.bounds[0] < drawn.candidate < drawn.allowed[0] < drawn.production
    assert drawn.allowed[0] + drawn.allowed[1] == 120

    drawn = scale(scalar(0.13), scalar(0.131), rule=Rule(better="lower", margin=0.002))
    assert drawn.allowed[0] == 0
    assert drawn.production < drawn.candidate < drawn.allowed[1]


@pytest.mark.parametrize("value", [None, True, "text", math.nan, math.inf, 10**400])
def test_there_is_no_scale_for_what_is_no_finite_number(value):
    assert scale(scalar(value), scalar(1.0), rule=Rule(floor=0)) is None


def test_there_is_no_scale_without_a_rule_of_size():
    assert scale(scalar(1.0), scalar(2.0), rule=Rule(exact=True)) is None
    assert scale(scalar(1.0), scalar(1.0), rule=Rule(floor=1.0)) is None


def test_rows_are_matched_by_key_when_fields_are_compared():
    before = grids.sample(parquet())
    after = grids.Sample(columns=before.columns, rows=tuple(reversed(before.rows)), height=16, width=4)

    assert grids.of_sample(after, other=before, key=("carrier",), allowance=Allowance()).differs == frozenset()
    assert grids.of_sample(after, other=before, allowance=Allowance()).differs


def test_a_column_that_is_new_stands_out():
    before = grids.sample(parquet())
    fewer = grids.Sample(columns=before.columns[:3], rows=tuple(row[:3] for row in before.rows), height=16, width=3)

    assert {column for _, column in grids.of_sample(before, other=fewer, allowance=Allowance()).differs} == {3}


def long_table(rows: int, *, width: int = 1) -> grids.Sample:
    return grids.sample(parquet_of({"n": list(range(rows)), "text": ["x" * width] * rows}))


def test_fifty_rows_stand_open_and_the_rest_is_folded_with_what_differs_there():
    before, after = long_table(87), long_table(87)
    after = grids.Sample(
        columns=after.columns, rows=(*after.rows[:60], (60, "other"), *after.rows[61:]), height=87, width=2
    )
    grid = grids.of_sample(after, other=before, allowance=Allowance())

    assert (grid.open, len(grid.rows), grid.caption) == (50, 87, "")
    assert grid.folded == "37 more rows, of which 1 differ from the other side"


def test_a_few_rows_more_than_fifty_are_not_worth_folding():
    grid = grids.of_sample(long_table(55), allowance=Allowance())

    assert (grid.open, grid.folded) == (55, "")


def test_a_table_of_thousands_of_rows_is_cut_and_says_so():
    grid = grids.of_sample(long_table(3_000), allowance=Allowance())

    assert (len(grid.rows), grid.caption) == (500, "first 500 of 3,000 rows")


def test_tables_of_one_page_stay_within_bounds_and_each_shows_its_first_rows():
    allowance = Allowance(tables=20_000)
    lengths = [len(grids.of_sample(long_table(400, width=200), allowance=allowance).rows) for _ in range(3)]

    assert lengths[0] > lengths[1] == lengths[2] == 12


def test_nan_is_nan_on_both_sides():
    one = grids.Sample(columns=("a",), rows=((math.nan,),), height=1, width=1)

    assert grids.of_sample(one, other=one, allowance=Allowance()).differs == frozenset()


def evidence_of(blobs, content: dict, kind: str = "table"):
    comparison = Comparison(record="a", task="b", kind=kind, verdict="changed", gates=True, reason="", evidence=content)
    return evidence.blocks(comparison, sources=Sources(blobs.get, album=Album()))


def test_evidence_is_laid_out_by_its_shape(blobs):
    digest = blobs.put(picture())
    (block,) = evidence_of(
        blobs,
        {
            "worst_rows": [{"carrier": "EV", "change": 0.03}],
            "columns": {"x": {"rows": 1, "largest": 2}, "y": {"rows": 3, "largest": 4}},
            "difference": digest,
            "lines": ["- a", "+ b\nc"],
            "count": 3,
            "nested": {"a": {"b": {"c": {"d": 1}}}},
            "empty": [],
        },
    )
    kinds = {name: inner.kind for name, inner in block.fields}

    assert kinds == {
        "Worst rows": "table",
        "Columns": "table",
        "Difference": "picture",
        "Lines": "code",
        "Count": "value",
        "Nested": "fields",
    }


def test_the_worst_rows_come_first_with_their_key_and_both_sides(blobs):
    worst = [{"candidate": 19, "column": "len", "production": 50, "row": {"species": "virginica", "hour": 7}}]
    (block,) = evidence_of(blobs, {"columns": {}, "rows": {"added": 0, "gone": []}, "worst": worst})

    assert [name for name, _ in block.fields] == ["Worst", "Rows"]
    grid = block.fields[0][1].grid
    assert grid.columns == ("row", "column", "production", "candidate")
    assert grid.rows == (("species=virginica, hour=7", "len", "50", "19"),)
    assert block.fields[1][1].label == "0 added", "what is empty is not shown, a zero is"


def test_what_a_scalar_was_and_is_does_not_stand_there_twice(blobs):
    assert evidence_of(blobs, {"production": 1, "candidate": 2}, kind="scalar") == ()


def test_the_difference_of_a_figure_stands_among_the_figures_only(blobs):
    assert evidence_of(blobs, {"difference": "a" * 64}, kind="figure") == ()
    assert evidence_of(blobs, {}) == ()
