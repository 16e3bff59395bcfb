"""Runs as the store would give them: real executed notebooks, pictures and tables, values built by hand."""

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from PIL import Image, ImageDraw

from proofbook.exceptions import NotFoundError
from proofbook.model.contract import Breach, Checked, SetAside
from proofbook.model.policy import Look, Outcome, Ruling
from proofbook.model.record import Record, Rule
from proofbook.model.run import CellRun, Code, Environment, Failure, Product, Run, TaskRun
from proofbook.model.verdict import Budget, Cause, Comparison, Factor, GateResult, Noise, Share
from proofbook.report.history import Point

MATERIAL = Path(__file__).parent / "material"


@dataclass
class Blobs:
    """What the store's `blobs` does, in memory."""

    contents: dict[str, bytes] = field(default_factory=dict)

    def put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        self.contents[digest] = content
        return digest

    def get(self, digest: str) -> bytes:
        if digest not in self.contents:
            raise NotFoundError(f"blob {digest[:12]} is not in the store")
        return self.contents[digest]


@dataclass
class Case:
    """All that `render` takes."""

    run: Run
    gate: GateResult | None
    production: Run | None
    load: Callable[[str], bytes]
    history: dict | None = None

    def page(self, **changes) -> str:
        from proofbook.report import page

        values = {
            "gate": self.gate,
            "production": self.production,
            "load": self.load,
            "history": self.history,
            **changes,
        }
        return page.render(values.pop("run", self.run), **values)


@pytest.fixture
def blobs() -> Blobs:
    return Blobs()


@pytest.fixture
def good(blobs) -> Case:
    run = make_run(blobs, number=12, auc=0.7444, shift=3)
    return Case(run, make_gate(blobs, run, "go"), make_run(blobs, number=11), blobs.get)


@pytest.fixture
def regressed(blobs) -> Case:
    run = make_run(blobs, number=13, auc=0.7213, shift=14)
    return Case(run, make_gate(blobs, run, "no"), make_run(blobs, number=11), blobs.get)


@pytest.fixture
def first(blobs) -> Case:
    run = make_run(blobs, number=1)
    gate = GateResult(
        run=1,
        manifest="0" * 64,
        decision="review",
        reasons=("no production run yet: look at this run, then `proofbook promote 1`",),
    )
    return Case(run, gate, None, blobs.get)


@pytest.fixture
def failed(blobs) -> Case:
    run = make_failed(blobs, number=14)
    reasons = ("train failed in cell 5: ValueError: could not convert string to float: 'UA'", "auc is missing")
    comparisons = (
        Comparison(
            record="train",
            task="train",
            kind="task",
            verdict="inconclusive",
            gates=True,
            failed=True,
            reason=reasons[0],
        ),
        Comparison(
            record="auc",
            task="evaluate",
            kind="scalar",
            verdict="inconclusive",
            gates=True,
            failed=True,
            reason="missing: its task did not run",
            production="0.7431",
            rule=Rule(better="higher", margin=0.005),
        ),
    )
    gate = GateResult(
        run=14,
        manifest="a" * 64,
        production=11,
        production_manifest="b" * 64,
        decision="no",
        reasons=reasons,
        comparisons=comparisons,
    )
    return Case(run, gate, make_run(blobs, number=11), blobs.get)


def notebook(name: str) -> bytes:
    """One of the executed notebooks that `material/make.py` made."""
    return (MATERIAL / f"{name}.json").read_bytes()


def picture(shift: int = 0, *, only_difference: bool = False) -> bytes:
    """A curve that bends with `shift`; or where it differs from the one that does not."""
    image = Image.new("RGB", (420, 300), "white")
    draw = ImageDraw.Draw(image)
    if not only_difference:
        draw.line([(40, 20), (40, 260), (400, 260)], fill="#444444", width=2)
        draw.line([(40, 260), (400, 20)], fill="#bbbbbb", width=1)
    for bend, colour in ((0, "#d0d0d0"), (shift, "#c0392b")) if only_difference else ((shift, "#4c72b0"),):
        points = [(40 + 360 * x, 260 - 240 * x ** (0.42 + bend / 60)) for x in np.linspace(0, 1, 60)]
        draw.line(points, fill=colour, width=4)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def parquet(shift: int = 0, *, rows: int = 16) -> bytes:
    """Calibration by carrier."""
    carriers = ["9E", "AA", "AS", "B6", "DL", "EV", "F9", "FL", "HA", "MQ", "OO", "UA", "US", "VX", "WN", "YV"][:rows]
    return parquet_of(
        {
            "carrier": carriers,
            "flights": [1573 + 97 * n for n in range(rows)],
            "predicted": [round(0.18 + 0.01 * (n % 7), 4) for n in range(rows)],
            "observed": [round(0.18 + 0.012 * (n % 7) + (shift / 400 if n in (3, 5) else 0), 4) for n in range(rows)],
        }
    )


def parquet_of(columns: dict[str, list]) -> bytes:
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def cells_of(content: bytes, *, peak: int) -> tuple[CellRun, ...]:
    """What the executed notebook says of its own cells."""
    found = []
    for number, cell in enumerate(json.loads(content)["cells"], start=1):
        if cell["cell_type"] != "code":
            continue
        facts = cell["metadata"]["papermill"]
        seconds = facts["duration"] or 0.0
        found.append(
            CellRun(
                number=number,
                id=cell["id"],
                status=facts["status"],
                seconds=seconds,
                cpu_seconds=round(seconds * 0.9, 3),
                peak_memory=peak + number * 1_700_000,
            )
        )
    return tuple(found)


def task(blobs: Blobs, name: str, upstream: tuple[str, ...], material: str | None, **values) -> TaskRun:
    content = notebook(material) if material else None
    values.setdefault("status", "ran")
    values.setdefault("reason", "its parameter as_of changed")
    return TaskRun(
        name=name,
        source=f"notebooks/{name}.ipynb",
        upstream=upstream,
        notebook=blobs.put(content) if content else None,
        cells=cells_of(content, peak=180_000_000) if content else (),
        started="2013-10-31T06:00:00.000Z",
        **values,
    )


def records(blobs: Blobs, *, auc: float, shift: int) -> tuple[Record, ...]:
    made = {"task": "evaluate", "cell": 4}
    return (
        Record(
            name="auc",
            kind="scalar",
            type="float",
            value=auc,
            rule=Rule(better="higher", margin=0.005, floor=0.7),
            **made,
        ),
        Record(
            name="brier",
            kind="scalar",
            type="float",
            value=0.1312 + shift / 9000,
            rule=Rule(better="lower", margin=0.002),
            **made,
        ),
        Record(name="flights", kind="scalar", type="int", value=28_889 + shift * 31, **made),
        Record(
            name="calibration by carrier",
            kind="table",
            value={"rows": 16, "columns": 4},
            blob=blobs.put(parquet(shift)),
            media="application/vnd.apache.parquet",
            rule=Rule(key=("carrier",), tolerance=0.02),
            **made,
        ),
        Record(name="ROC curve", kind="figure", blob=blobs.put(picture(shift)), media="image/png", **made),
        Record(
            name="question",
            kind="text",
            value="Will a flight leave more than 15 minutes late?",
            rule=Rule(exact=True),
            **made,
        ),
        Record(name="knobs", kind="json", value={"depth": 6, "rate": 0.1}, **made),
    )


def make_run(blobs: Blobs, *, number: int, auc: float = 0.7431, shift: int = 0) -> Run:
    tasks = (
        task(blobs, "ingest", (), "ingest", seconds=3.1, cpu_seconds=2.4, peak_memory=201_000_000),
        task(
            blobs,
            "profile",
            ("ingest",),
            "ingest",
            status="restored",
            reason="same inputs as in run 9",
            made_by=9,
            seconds=2.2,
            cpu_seconds=1.9,
            peak_memory=190_000_000,
        ),
        task(blobs, "features", ("ingest",), None, seconds=6.4, cpu_seconds=6.1, peak_memory=512_000_000),
        task(blobs, "train", ("features",), None, seconds=14.8, cpu_seconds=27.0, peak_memory=801_000_000),
        task(
            blobs,
            "evaluate",
            ("train", "features"),
            "evaluate",
            seconds=5.9,
            cpu_seconds=5.0,
            peak_memory=420_000_000,
            records=records(blobs, auc=auc, shift=shift),
            products={"table": Product(path="output/calibration.parquet", digest=blobs.put(b"calibration"), size=11)},
        ),
        task(
            blobs,
            "for_the_business",
            ("evaluate", "profile"),
            "ingest",
            status="up-to-date",
            reason="nothing changed",
            seconds=1.9,
        ),
    )
    return Run(
        number=number,
        pipeline="flights",
        ending="succeeded",
        started="2013-10-31T06:00:00.000Z" if number > 11 else "2013-09-30T06:00:00.000Z",
        finished="2013-10-31T06:00:31.400Z",
        seconds=31.4,
        parameters={"as_of": "2013-10-31" if number > 11 else "2013-09-30", "window_days": 180, "learning_rate": 0.1},
        data={
            f"data/flights-2013-{month:02d}.parquet": f"{month:02d}" * 32
            for month in range(1, 11 if number > 11 else 10)
        },
        code=Code(
            commit="4f2a9c01d3b8e6f7a5c4d3e2f1a0b9c8d7e6f5a4"
            if number > 11
            else "1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e",
            branch="main",
            dirty=number > 11,
            patch=blobs.put(PATCH) if number > 11 else None,
        ),
        environment=Environment(
            python="3.11.9",
            system="Linux 6.1 x86_64",
            cpus=2,
            lock="d" * 64,
            packages={
                "matplotlib": "3.11.2",
                "numpy": "2.3.4",
                "pandas": "3.1.1" if number > 11 else "3.0.2",
                "scikit-learn": "1.8.0",
            },
        ),
        tasks=tasks,
        findings=2,
    )


PATCH = b"""diff --git a/notebooks/train.ipynb b/notebooks/train.ipynb
--- a/notebooks/train.ipynb
+++ b/notebooks/train.ipynb
@@ -31,7 +31,7 @@
-    "learning_rate = 0.2\\n",
+    "learning_rate = 0.1\\n",
"""


def make_gate(blobs: Blobs, run: Run, decision: str) -> GateResult:
    found = {record.name: record for record in run.records}
    worse = decision == "no"
    common = {"task": "evaluate"}
    table_evidence = {
        "rows": {"aligned": 16, "differing": 2, "added": 0, "removed": 0},
        "schema": {"added": [], "removed": [], "retyped": {}},
        "columns": {"observed": {"rows": 2, "largest": 0.035}},
        "worst": [
            {"carrier": "B6", "column": "observed", "production": 0.216, "candidate": 0.251},
            {"carrier": "EV", "column": "observed", "production": 0.24, "candidate": 0.275},
        ],
    }
    comparisons = (
        Comparison(
            record="auc",
            kind="scalar",
            verdict="regressed" if worse else "improved",
            gates=True,
            reason="worse by 0.0218, more than the margin of 0.005" if worse else "better by 0.0013",
            production="0.7431",
            candidate=f"{found['auc'].value:.4f}",
            change="-0.0218" if worse else "+0.0013",
            rule=found["auc"].rule,
            **common,
        ),
        Comparison(
            record="brier",
            kind="scalar",
            verdict="pass",
            gates=True,
            reason="worse by 0.0003, within the margin of 0.002",
            production="0.1312",
            candidate=f"{found['brier'].value:.4f}",
            change="+0.0003",
            rule=found["brier"].rule,
            **common,
        ),
        Comparison(
            record="calibration by carrier",
            kind="table",
            verdict="changed",
            gates=False,
            reason="2 of 16 rows differ beyond 0.02 relative",
            production="16 rows",
            candidate="16 rows",
            change="2 of 16 rows",
            rule=found["calibration by carrier"].rule,
            evidence=table_evidence,
            **common,
        ),
        Comparison(
            record="ROC curve",
            kind="figure",
            verdict="changed",
            gates=False,
            reason="14 of 60 plotted values differ; similarity 0.973",
            production="figure",
            candidate="figure",
            change="similarity 0.973",
            evidence={
                "similarity": 0.973,
                "difference": blobs.put(picture(14, only_difference=True)),
                "differences": [{"path": "axes[0].lines[0].y[7]", "production": "0.412", "candidate": "0.398"}],
            },
            **common,
        ),
        Comparison(
            record="question",
            kind="text",
            verdict="pass",
            gates=True,
            reason="equal",
            production="text",
            candidate="text",
            change="no change",
            rule=found["question"].rule,
            **common,
        ),
        Comparison(
            record="flights",
            kind="scalar",
            verdict="changed",
            gates=False,
            reason="no rule declared",
            production="28,889",
            candidate="28,982",
            change="+93",
            **common,
        ),
    )
    reasons = (
        ("evaluate: auc regressed: 0.7431 to 0.7213, more than the margin of 0.005",)
        if worse
        else ("6 records compared; none that gates got worse", "auc improved by 0.0013")
    )
    return GateResult(
        run=run.number,
        manifest="a" * 64,
        production=11,
        production_manifest="b" * 64,
        decision=decision,
        reasons=reasons,
        comparisons=comparisons,
    )


def make_failed(blobs: Blobs, *, number: int) -> Run:
    run = make_run(blobs, number=number)
    content = notebook("train_failed")
    cells = json.loads(content)["cells"]
    position, cell = next(
        (n, c) for n, c in enumerate(cells, start=1) if c["metadata"]["papermill"]["status"] == "failed"
    )
    error = next(output for output in cell["outputs"] if output["output_type"] == "error")
    failure = Failure(
        kind="exception",
        message=f"{error['ename']}: {error['evalue']}",
        cell=position,
        cell_id=cell["id"],
        traceback="\n".join(error["traceback"]),
    )
    train = task(
        blobs,
        "train",
        ("features",),
        "train_failed",
        status="failed",
        reason=f"failed in cell {position}",
        failure=failure,
        seconds=2.9,
        cpu_seconds=2.2,
        peak_memory=260_000_000,
    )
    skipped = {"status": "skipped", "reason": "train failed"}
    tasks = (
        *run.tasks[:3],
        train,
        task(blobs, "evaluate", ("train", "features"), None, **skipped),
        task(blobs, "for_the_business", ("evaluate", "profile"), None, **skipped),
    )
    return Run(**{name: getattr(run, name) for name in run.__struct_fields__} | {"tasks": tasks, "ending": "failed"})


LEVEL = 0.011


def scalar(name: str, before: float, after: float, *, verdict: str, gates: bool = True, **more) -> Comparison:
    """A number that the gate compared."""
    values = {
        "task": "evaluate",
        "kind": "scalar",
        "production": f"{before:.4f}",
        "candidate": f"{after:.4f}",
        "change": f"{after - before:+.4f}",
        "evidence": {"production": before, "candidate": after},
        "reason": "",
        **more,
    }
    return Comparison(record=name, verdict=verdict, gates=gates, **values)


def make_judged(text: str = "") -> GateResult:
    """What the gate says where it knows all it can; `text` stands in every text that others wrote."""

    def said(plain: str) -> str:
        return text or plain

    noise = Noise(
        source="interval",
        runs=20,
        scale="logit",
        deviation=0.0045,
        baseline=0.7431,
        level=LEVEL / 2,
        bound=0.7302,
        detectable=0.0171,
    )
    rule = Rule(better="higher", margin=0.02, superiority=True, noise=0.002)
    comparisons = (
        scalar(
            "auc",
            0.7431,
            0.7213,
            verdict="regressed",
            reason=said("worse by 0.0218, margin 0.02; noise reaches no further than 0.7302"),
            rule=rule,
            declared=Rule(better="higher", margin=0.005),
            rule_from={"margin": said('[gate.rules."auc*"]')},
            noise=noise,
        ),
        scalar(
            "brier",
            0.1312,
            0.1315,
            verdict="changed",
            reason=said("worse by 0.0003, within the margin"),
            rule=Rule(better="lower", margin=0.002),
            evidence={
                "rule": {"production": {"better": "lower"}, "candidate": {"better": "lower", "margin": 0.002}},
            },
            noise=Noise(
                source="reruns", runs=6, deviation=0.0002, baseline=0.1310, level=LEVEL, drift=said("drift: x")
            ),
        ),
        scalar("flights", 28_889.0, 28_982.0, verdict="changed", gates=False, noise=Noise(source="none")),
        Comparison(
            record=said("forecasts"),
            task="evaluate",
            kind="predictions",
            verdict="changed",
            gates=True,
            reason=said("worse in 1 of 2 slices"),
            rule=Rule(truth=said("late"), prediction=said("p"), slices=(said("carrier"),), metric="auc", margin=0.005),
            evidence={
                "metric": "auc",
                "method": "DeLong",
                "loss": 0.0011,
                "interval": [-0.0009, 0.0031],
                "by_chance": 0.31,
                "rows": {"aligned": 36_072, "added": 0, "removed": 0, "other truth": 0},
                "slices": {
                    said("carrier=EV"): {
                        "rows": 5_464,
                        "production": 0.7677,
                        "candidate": 0.7655,
                        "loss": 0.0022,
                        "by_chance": 0.2,
                        "level": 0.01,
                    },
                    said("carrier=F9") + " ": {
                        "rows": 73,
                        "production": 0.8946,
                        "candidate": 0.8011,
                        "loss": 0.0935,
                        "by_chance": 0.00001,
                        "level": 0.005,
                    },
                },
                "slices_not_judged": {said("carrier=AS"): said("9 rows of one class, and auc takes 10")},
            },
        ),
        Comparison(
            record="flights profile",
            task="ingest",
            kind="profile",
            verdict="changed",
            gates=False,
            reason=said("temperature: mean moved"),
            evidence={
                "changes": [said("temperature: mean moved by 0.9 standard deviations")],
                "effects": [
                    {
                        "column": said("temperature"),
                        "effect": "distribution",
                        "size": 0.912345,
                        "limit": 0.41,
                        "usual": [0.1, 0.2, 0.3, 0.25, 0.28],
                        "words": said("mean moved by 0.9 standard deviations"),
                    },
                    {"column": "", "effect": "rows", "size": 0.01, "limit": 0.1, "usual": [], "words": said("1% more")},
                ],
            },
        ),
        Comparison(
            record="model",
            task="train",
            kind="model",
            verdict="changed",
            gates=False,
            reason=said("98.3% agree"),
            evidence={
                "agreement": 0.9831,
                "largest": 0.412345,
                "shift": 0.0012345,
                "calibration": 0.05,
                "worst": [{"row": 7, "production": said("on time"), "candidate": said("late")}],
                "costs": [said("predicting took 0.2 s, was 0.1 s")],
            },
        ),
        Comparison(
            record="duration",
            task="train",
            kind="resources",
            verdict="changed",
            gates=False,
            reason=said("41.2 s, usually 12 s to 16 s (8 runs)"),
            production="14.1 s",
            candidate="41.2 s",
            change="+192%",
            evidence={"value": 41.2, "earlier": [13.0, 14.1, 14.9, 13.8, 14.2], "band": [12.0, 16.0]},
        ),
        Comparison(
            record="plugin",
            task="evaluate",
            kind="json",
            verdict="changed",
            gates=False,
            reason=said("another shape"),
            evidence={said("unheard of"): {"a": [{"b": [said("c"), 1, None]}, 2]}, "slices": [said("no mapping")]},
        ),
    )
    shares = (
        Share(
            task="evaluate",
            record="auc",
            change=-0.0218,
            factors=(
                Factor(name="code", amount=-0.0021),
                Factor(name="data", amount=-0.0191),
                Factor(name="interaction", amount=-0.0006),
            ),
            carried_by=(said("features cell 7"), said("load (data/rows.txt)")),
        ),
        Share(task="elsewhere", record=said("rows"), change=0.0, factors=(Factor(name="data", amount=0.0),)),
    )
    return GateResult(
        run=13,
        manifest="a" * 64,
        production=11,
        production_manifest="b" * 64,
        decision="no",
        reasons=(said("auc in evaluate: worse by 0.0218, margin 0.02; noise reaches no further than 0.7302"),),
        comparisons=comparisons,
        budget=Budget(stated=said("1 per quarter"), runs=91.0, schedule=said("1 per day (configuration)"), level=LEVEL),
        looks={said("ab12cd34" * 8): 3},
        cause=Cause(
            shares=shares, replays=3, seconds=12.3, skipped=(said("environment: the old packages cannot be had"),)
        ),
        policy=make_ruling(said),
    )


def make_ruling(said: Callable[[str], str]) -> Ruling:
    outcomes = (
        Outcome(
            rule=said("committed"),
            at="check",
            passes=False,
            require=said("!ci || !run.code.dirty"),
            because=said("What a machine promotes was built from a commit, and from nothing else."),
            remedy=said("commit, and build again"),
            error=said(""),
            overridable=True,
            looks=(Look(part=said("run.code.dirty"), value=said("true")),),
        ),
        Outcome(rule=said("short"), at="seal", passes=True, require=said("true"), because=said("Nothing takes hours.")),
    )
    return Ruling(
        transition="check", run=13, manifest="a" * 64, channel="production", policy="c" * 64, outcomes=outcomes
    )


def make_contracts(text: str = "") -> tuple[Checked, ...]:
    """One contract that is kept, and one that is broken in each way that a policy knows."""

    def said(plain: str) -> str:
        return text or plain

    breaches = tuple(
        Breach(
            file=said("data/weather/2013-02.parquet"),
            column=said("wind_speed") if policy != "warn" else "",
            check=said("range"),
            policy=policy,
            count=1,
            of=2_010,
            example=said("1048.36058"),
            message=said("1 of 2,010 rows outside of 0 to 120 mph, first 1048.36058 in row 268"),
            cure=said("correct the file, or widen range in columns.wind_speed"),
        )
        for policy in ("warn", "quarantine", "fail")
    )
    aside = SetAside(
        file=said("data/weather/2013-02.parquet"), path=said(".proofbook/quarantine/7/weather.csv"), rows=1
    )
    return (
        Checked(contract=said("contracts/flights.toml"), digest="d" * 64, files=12),
        Checked(
            contract=said("contracts/weather.toml"), digest="e" * 64, files=12, breaches=breaches, set_aside=(aside,)
        ),
    )


def make_history(name: str = "auc", task: str = "evaluate") -> dict[tuple[str, str], list[Point]]:
    """What runs recorded of one number, the candidate's last."""
    values = [0.741, 0.7432, 0.7449, 0.7402, 0.7461, 0.7418, 0.7431, 0.7399, 0.7213]
    runs = [5, 6, 7, 8, 9, 10, 11, 12, 13]
    return {(task, name): [Point(run=run, value=value) for run, value in zip(runs, values, strict=True)]}


@pytest.fixture
def judged(blobs) -> Case:
    run = make_run(blobs, number=13, auc=0.7213, shift=14)
    ingest = msgspec.structs.replace(run.tasks[0], contracts=make_contracts())
    run = msgspec.structs.replace(run, tasks=(ingest, *run.tasks[1:]))
    return Case(run, make_judged(), make_run(blobs, number=11), blobs.get, history=make_history())
