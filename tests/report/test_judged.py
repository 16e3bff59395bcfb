"""What the gate knows of noise, cause, policy and contracts, as the page shows it."""

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.model.record import Rule
from proofbook.model.run import Run
from proofbook.model.verdict import Cause, Comparison, GateResult, Noise
from proofbook.report import causes, history, judging, kinds, words
from proofbook.report.history import Point
from tests.report.conftest import make_history, make_judged
from tests.report.dom import Dom, problems
from tests.report.test_page import order, text_of

replace = msgspec.structs.replace


def section(html: str, name: str) -> str:
    start = html.index(f'<section id="{name}"')
    return html[start : html.index("</section>", start)]


def test_the_top_says_by_which_budget_it_was_judged_and_how_often_the_data_were_looked_at(judged):
    top = text_of(section(judged.page(), "verdict"))

    assert order(top, "False alarms", "1 per quarter", "1 per day (configuration)", "1.1% of runs at most")
    assert order(top, "Evaluation set ab12cd34", "looked at 3 times")


def test_what_stands_in_a_place_of_its_own_is_no_reason_as_well(judged):
    share = judged.gate.cause.shares[0]
    closing = "evaluation set ab12cd34 was looked at 3 times, this run included"
    reasons = (*judged.gate.reasons, closing, f"because {share.told}", "somebody else's line")
    top = text_of(section(judged.page(gate=replace(judged.gate, reasons=reasons)), "verdict"))

    assert closing not in top
    assert "because" not in top
    assert "somebody else's line" in top


def test_unknown_noise_is_said_at_the_top(judged):
    one = replace(judged.gate.comparisons[0], noise=Noise(source="none"))
    gate = replace(judged.gate, comparisons=(one,))
    line = "noise is unknown for the number that gates: the margin decides alone, whatever the budget of false alarms; "
    top = text_of(section(judged.page(gate=gate), "verdict"))

    assert line.rstrip() in top
    assert "False alarms" not in top, "no budget holds where nothing is known"


def test_the_cause_is_a_table_with_what_carries_it_and_what_was_skipped(judged):
    html = section(judged.page(), "cause")

    assert order(text_of(html), "Why it changed", "Production was built again 3 times for it, in 12.3 s")
    assert order(text_of(html), "Record", "Change", "Code", "Data", "Interaction", "Carried by")
    assert order(text_of(html), "auc", "-0.0218", "-0.0021", "-0.0191", "-0.0006", "features cell 7", "data/rows.txt")
    assert order(text_of(html), "What is not known", "environment: the old packages cannot be had")
    assert "Parameters" not in html, "a factor that no record knows is no column"
    assert html.count('class="pull-worse"') == 3
    assert "auc moved by -0.0218: code -0.0021, data -0.0191" in text_of(section(judged.page(), "verdict"))


def test_bars_pull_to_the_side_of_their_sign_and_are_as_long_as_their_share():
    auc = causes.causes(make_judged()).splits[0]
    code, data, interaction = auc.parts

    assert (data.start, data.width) == (0.0, 36.0)
    assert code.width == pytest.approx(36 * 0.0021 / 0.0191, abs=0.1)
    assert code.start + code.width == pytest.approx(36, abs=0.1)
    assert interaction.width < code.width


@pytest.mark.parametrize("amount", [math.nan, math.inf, -math.inf, 0.0, 1e308])
def test_no_amount_makes_a_bar_that_leaves_its_place(amount):
    gate = make_judged()
    share = gate.cause.shares[0]
    share = replace(share, factors=tuple(replace(factor, amount=amount) for factor in share.factors), change=amount)
    (split,) = causes.causes(replace(gate, cause=Cause(shares=(share,)))).splits

    assert all(0 <= part.start <= part.start + part.width <= 72 for part in split.parts)


def test_without_a_cause_there_is_no_section_of_it(judged):
    for cause in (None, Cause()):
        html = judged.page(gate=replace(judged.gate, cause=cause))

        assert 'id="cause"' not in html
        assert 'href="#cause"' not in html


def test_a_record_says_its_rule_where_that_came_from_noise_and_the_smallest_change_seen(judged):
    text = text_of(section(judged.page(), "records"))

    assert order(text, "auc", "higher is better; must be better than production; may be worse by 0.02; moves by 0.002")
    assert order(text, 'margin 0.02 by [gate.rules."auc*"], declared 0.005')
    assert order(text, "known from 20 comparable runs; one run moves by 0.0045 on the logit scale")
    assert order(text, "0.7431; noise does not explain what is below 0.7302 (false alarm: 0.55%)")
    assert order(text, "a loss of 0.0171: that much is refused in 8 of 10 cases")
    assert order(text, "Cause", "-0.0218: code -0.0021, data -0.0191")
    assert order(text, "brier", "Rule before", "lower is better", "Rule now", "lower is better; may be worse by 0.002")
    assert order(
        text, "production, built 6 times on the same data", "no change could have been told from noise", "Drift"
    )


def test_what_needs_a_look_stands_open_and_all_else_is_folded(judged):
    html = section(judged.page(), "records")

    assert html.index("<details open>") < html.index("worse by 0.0218, margin")
    folded = html[html.index("98.3% agree") - 40 : html.index("98.3% agree")]
    assert "<details>" in folded


def test_the_history_is_drawn_with_its_band_production_and_the_candidate(judged):
    html = section(judged.page(), "records")
    drawing = html[html.index('<svg class="past"') : html.index("</svg>", html.index('<svg class="past"'))]

    assert drawing.count('class="seen"') == 7
    assert drawing.count('class="was"') == drawing.count('class="is"') == drawing.count('class="band"') == 1
    assert 'class="level-margin"' in drawing
    assert "run 5 to run 13: 9 runs, from 0.7213 to 0.7461; production 0.7431; this run 0.7213" in drawing
    assert "noise explains 0.7302 to 0.7431" in drawing


def test_the_worse_a_value_is_the_lower_it_stands_where_higher_is_better():
    points = make_history()["evaluate", "auc"]
    noise = make_judged().comparisons[0].noise
    drawn = history.draw(points, candidate=13, production=11, noise=noise, rule=Rule(better="higher", margin=0.02))
    (candidate,) = [dot for dot in drawn.dots if dot.kind == "is"]
    top, height = drawn.band

    assert candidate.y > top + height, "it lies beyond what noise explains"
    assert [dot.kind for dot in drawn.dots[-2:]] == ["was", "is"], "and on top of the others"


def test_two_runs_are_no_history():
    assert history.draw([Point(run=1, value=1.0)] * 2, candidate=1, production=None, noise=None, rule=Rule()) is None


def test_a_number_that_never_was_another_is_not_drawn():
    points = [Point(run=run, value=0.0) for run in range(9)]

    assert history.draw(points, candidate=8, production=1, noise=None, rule=Rule(exact=True)) is None


def test_a_deviation_of_rounding_is_none():
    noise = Noise(source="reruns", runs=5, deviation=5e-17, baseline=0.7, level=0.01, bound=0.7, detectable=0.001)
    comparison = replace(make_judged().comparisons[0], noise=noise)

    assert "it does not move by itself" in dict(judging.judged(comparison, share=None))["Noise"]


def test_production_is_drawn_however_old_it_is():
    points = [Point(run=run, value=float(run % 5)) for run in range(1, 200)]
    drawn = history.draw(points, candidate=199, production=1, noise=None, rule=Rule())

    assert len(drawn.dots) == 60
    assert drawn.ends == ("run 1", "run 199")


def test_a_floor_far_away_does_not_flatten_the_rest():
    points = make_history()["evaluate", "auc"]

    for floor, shown in ((0.72, True), (-1000.0, False)):
        drawn = history.draw(points, candidate=13, production=11, noise=None, rule=Rule(floor=floor))
        assert ("bound" in drawn.shown) is shown


floats = st.floats(allow_nan=True, allow_infinity=True) | st.integers(-(10**18), 10**18).map(float)


@settings(max_examples=150, deadline=None)
@given(
    values=st.lists(floats, max_size=8),
    baseline=st.none() | floats,
    bound=st.none() | floats,
    rule=st.builds(Rule, better=st.sampled_from(["higher", "lower"]), margin=floats, floor=st.none() | floats),
)
def test_no_number_leads_out_of_the_drawing(values, baseline, bound, rule):
    points = [Point(run=run, value=value) for run, value in enumerate(values)]
    noise = Noise(source="interval", baseline=baseline, bound=bound)
    drawn = history.draw(points, candidate=len(values) - 1, production=0, noise=noise, rule=rule)

    if drawn is not None:
        places = [*(dot.y for dot in drawn.dots), *(line.y for line in drawn.lines), *(at for at, _ in drawn.ticks)]
        places += [drawn.band[0], drawn.band[0] + drawn.band[1]] if drawn.band else []
        assert all(0 <= place <= drawn.height for place in places)
        assert all(drawn.left <= dot.x <= drawn.right for dot in drawn.dots)


def test_what_tasks_took_is_folded_below_the_records(judged):
    html = section(judged.page(), "records")
    taken = html[html.index('<details class="taken">') :]

    assert (
        "<details" not in html[html.index('<details class="taken">') + 5 : html.index("</table>", html.index("taken"))]
    )
    assert order(
        text_of(taken), "What the tasks took: 1 figure is not as usual", "train", "duration", "14.1 s", "41.2 s"
    )
    assert 'class="past small"' in taken
    assert "duration" not in html[: html.index('<details class="taken">')]


def test_what_tasks_took_and_a_rule_asked_for_is_a_record_like_others(judged):
    taken = next(each for each in judged.gate.comparisons if each.kind == "resources")
    taken = replace(taken, gates=True, verdict="regressed", rule=Rule(ceiling=30.0))
    html = section(judged.page(gate=replace(judged.gate, comparisons=(taken,))), "records")

    assert 'class="taken"' not in html
    assert order(text_of(html), "duration", "41.2 s", "regressed", "never above 30")
    assert '<svg class="past"' in html


def test_the_policy_says_what_refuses_why_and_what_to_do(judged):
    html = judged.page()
    text = text_of(section(html, "policy"))

    assert order(text, "1 rule of release refuses this run, of 2", "committed", "refuses", "What a machine promotes")
    assert order(
        text, "Requires", "!ci || !run.code.dirty", "Where", "run.code.dirty is true", "Do", "commit, and build"
    )
    assert order(text, "the decision is at least no", "1 rule that lets it pass", "short")
    assert html.index('id="policy"') < html.index('id="records"')


def test_a_policy_that_lets_pass_stands_further_down(judged):
    ruling = judged.gate.policy
    ruling = replace(ruling, outcomes=tuple(replace(outcome, passes=True) for outcome in ruling.outcomes))
    html = judged.page(gate=replace(judged.gate, policy=ruling))

    assert "Every rule of release that was asked at the check lets this run pass." in text_of(html)
    assert html.index('id="records"') < html.index('id="policy"')


def test_contracts_say_what_failed_was_set_aside_and_warned(judged):
    html = judged.page()
    text = text_of(section(html, "contracts"))

    assert order(text, "contracts/weather.toml", "fails", "set aside", "warned", "1 row of data/weather", "weather.csv")
    assert order(text, "wind_speed", "outside of 0 to 120 mph", "1 of 2,010", "range: correct the file")
    assert order(text, "1 contract kept", "contracts/flights.toml", "12")
    assert html.index('id="contracts"') < html.index('id="records"')
    assert "such as" not in text, "the message names the value already"


def test_contracts_that_only_warn_stand_below_the_records(judged):
    ingest = judged.run.tasks[0]
    checked = tuple(
        replace(each, breaches=tuple(breach for breach in each.breaches if breach.policy == "warn"), set_aside=())
        for each in ingest.contracts
    )
    run = replace(judged.run, tasks=(replace(ingest, contracts=checked), *judged.run.tasks[1:]))
    html = judged.page(run=run)

    assert html.index('id="records"') < html.index('id="contracts"')
    assert "fails" not in section(html, "contracts")


def test_slices_of_predictions_are_a_table_worst_first(judged):
    html = section(judged.page(), "records")
    text = text_of(html)

    assert order(text, "slice", "rows", "production", "candidate", "loss", "by chance", "allowed by chance")
    assert order(text, "carrier=F9", "0.0935", "under 0.01%", "carrier=EV", "0.0022")
    assert order(text, "36,072 aligned, 0 added", "carrier=AS", "9 rows of one class")
    assert "0.0011, between -0.0009 and 0.0031" in text


def test_effects_of_a_profile_are_a_table_that_says_what_is_notable(judged):
    text = text_of(section(judged.page(), "records"))

    assert order(
        text, "column", "effect", "size", "notable from", "temperature", "0.912", "0.41", "▲ beyond", "0.3", "5"
    )
    assert order(text, "the whole table", "1% more")


def test_how_a_model_behaves_is_said_in_words(judged):
    text = text_of(section(judged.page(), "records"))

    assert order(text, "98.31% of the rows have the same answer", "0.412", "predicting took 0.2 s")


def test_evidence_that_the_page_does_not_know_is_readable_json(judged):
    html = section(judged.page(), "records")

    assert order(text_of(html), "Unheard of", '"b"', '"c"', "null")


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "slices",
        "interval",
        "loss",
        "by_chance",
        "effects",
        "agreement",
        "largest",
        "costs",
        "earlier",
        "value",
        "band",
        "similarity",
        "rule",
        "production",
        "candidate",
        "worst",
    ]
)


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(["predictions", "profile", "model", "resources", "figure", "table"]),
    content=ANY,
    data=st.data(),
)
def test_whatever_a_comparator_keeps_the_page_is_written(kind, content, data):
    evidence = data.draw(st.dictionaries(KEYS, ANY, max_size=4)) | {
        "slices": {"a": content},
        "effects": [{"size": content}],
    }
    comparison = Comparison(
        record="a", task="b", kind=kind, verdict="changed", gates=False, reason="", evidence=evidence
    )
    times = {"started": "2013-10-31T06:00:00Z", "finished": "2013-10-31T06:00:01Z", "seconds": 1.0}
    run = Run(number=2, pipeline="p", ending="succeeded", **times)
    gate = GateResult(run=2, manifest="", production=1, decision="go", reasons=(), comparisons=(comparison,))

    assert problems(_page(run, gate)) == []


def _page(run: Run, gate: GateResult) -> str:
    from proofbook.report import page

    def load(digest: str) -> bytes:
        raise LookupError(digest)

    return page.render(run, gate=gate, production=None, load=load)


def test_arranging_evidence_leaves_what_is_not_as_it_should_be():
    odd: dict[str, Any] = {"slices": [1], "interval": "?", "loss": "much", "by_chance": None, "metric": "auc"}

    assert kinds.arranged("predictions", odd) == {
        "interval": "?", "slices": [1], "loss": "much", "so bad by chance": None, "metric": "auc",
    }  # fmt: skip
    assert kinds.arranged("profile", {"effects": [7]}) == {"effects": [7]}
    assert kinds.arranged("no such kind", {"a": 1}) == {"a": 1}


def test_a_rule_that_is_not_readable_is_shown_as_it_is():
    comparison = Comparison(
        record="a", task="b", kind="json", verdict="changed", gates=True, reason="", evidence={"rule": {"candidate": 7}}
    )

    assert judging.judged(comparison, share=None) == (("Rule now", "7"),)


@pytest.mark.parametrize(
    ("number", "said"),
    [(0.0045123, "0.00451"), (12.0, "12"), (25_294.0, "25,294"), (1e20, "1e+20"), (-1234.5, "-1,234")],
)
def test_rough_numbers_have_three_digits(number, said):
    assert words.rough(number) == said


@pytest.mark.parametrize(("part", "said"), [(0.0109, "1.1%"), (0.9831, "98.31%"), (1.0, "100%"), (0.0, "0%")])
def test_shares_are_percentages(part, said):
    assert words.share(part) == said


def test_a_probability_is_never_quite_nothing():
    assert words.chance(0.0) == words.chance(1e-9) == "under 0.01%"


def test_tables_of_the_new_sections_have_headers(judged):
    html = judged.page()

    for name in ("cause", "contracts", "policy"):
        dom = Dom(section(html, name))
        assert dom.all("th")
        assert all("scope" in cell for cell in dom.all("th"))
