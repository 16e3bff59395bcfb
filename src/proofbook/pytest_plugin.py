"""
pytest's door: `pytest --proofbook` makes a test of each comparison, and a project's own tests get the runs as fixtures.

A record that stops the release fails. One that a person must look at is skipped, with what was found as the reason,
unless `gate.strict` is set: then it fails as well. Everything else passes. Nothing of Proofbook is imported before
somebody asks for it: pytest loads this module wherever Proofbook is installed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from proofbook.flow.judged import Judged
    from proofbook.model.record import Record
    from proofbook.model.run import Run
    from proofbook.model.verdict import Comparison

__all__ = ["Recorded", "Records"]

_JUDGED = pytest.StashKey["Judged | str"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options."""
    group = parser.getgroup("proofbook", "comparisons of a Proofbook run with production")
    group.addoption(
        "--proofbook",
        metavar="RUN",
        nargs="?",
        const="latest",
        default=None,
        help="make a test of each comparison of RUN with production; RUN is a number, the beginning of a digest, a "
        "channel, or `latest`, which is the default; it is also the run that the fixtures give",
    )
    group.addoption(
        "--proofbook-root", metavar="DIR", default=None, help="folder of the pipeline (default: pytest's rootdir)"
    )
    group.addoption(
        "--proofbook-against", metavar="CHANNEL", default=None, help="compare with this channel (default: gate.channel)"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a path that was taken for a run."""
    reference = config.getoption("--proofbook")
    if reference is not None and ("/" in reference or Path(reference).exists()):
        raise pytest.UsageError(
            f"--proofbook takes a run, and {reference!r} is a file or folder: "
            "write --proofbook=latest, or put paths first"
        )


def _judged(config: pytest.Config) -> Judged | str:
    """The run that was asked for, beside production; or why there is none."""
    if _JUDGED not in config.stash:
        config.stash[_JUDGED] = _look(config)
    return config.stash[_JUDGED]


def _look(config: pytest.Config) -> Judged | str:
    from proofbook.exceptions import NotFoundError, ProofbookError
    from proofbook.flow.judged import judged

    root = Path(config.getoption("--proofbook-root") or config.rootpath).resolve()
    reference = config.getoption("--proofbook") or "latest"
    try:
        return judged(root, reference, channel=config.getoption("--proofbook-against"))
    except NotFoundError as error:
        if reference == "latest" and config.getoption("--proofbook-against") is None:
            return f"no run to look at yet: {error}"
        raise pytest.UsageError(str(error)) from None
    except ProofbookError as error:
        raise pytest.UsageError(str(error)) from None


# comparisons as tests


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the comparisons before all other tests."""
    if config.getoption("--proofbook") is None:
        return
    found = _judged(config)
    name = "proofbook" if isinstance(found, str) else f"proofbook run {found.run.number}"
    group: Comparisons = Comparisons.from_parent(session, name=name, nodeid=name, judged=found)
    items[:0] = group.collect()


class Comparisons(pytest.Collector):
    """All comparisons of one run."""

    def __init__(self, *, judged: Judged | str, **more: Any) -> None:
        super().__init__(**more)
        self.judged = judged

    def collect(self) -> list[pytest.Item]:
        """An item for each comparison, and one for what follows from all of them."""
        if isinstance(self.judged, str):
            return [Nothing.from_parent(self, name="comparisons", why=self.judged)]
        seen: dict[str, int] = {}
        made: list[pytest.Item] = []
        for comparison in self.judged.gate.comparisons:
            name = comparison.record if comparison.kind == "task" else f"{comparison.task}/{comparison.record}"
            seen[name] = seen.get(name, 0) + 1
            name = name if seen[name] == 1 else f"{name} ({seen[name]})"
            made.append(Compared.from_parent(self, name=name, comparison=comparison, strict=self.judged.strict))
        return [*made, Decided.from_parent(self, name="decision", judged=self.judged)]


class _Item(pytest.Item):
    """No function of anybody's: what it says is all there is to know, and no traceback."""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """What was found."""
        return str(excinfo.value) if isinstance(excinfo.value, _Refused) else str(super().repr_failure(excinfo, style))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is from, for a person."""
        return self.config.rootpath, None, f"{self.parent.name if self.parent else ''}: {self.name}"


class _Refused(Exception):  # noqa: N818  what a test says
    """What failed, in words."""


class Nothing(_Item):
    """Stands for the comparisons of a project that has no run yet."""

    def __init__(self, *, why: str, **more: Any) -> None:
        super().__init__(**more)
        self._why = why

    def runtest(self) -> None:
        """Say why there is nothing."""
        pytest.skip(self._why)


class Compared(_Item):
    """One record, candidate against production."""

    def __init__(self, *, comparison: Comparison, strict: bool, **more: Any) -> None:
        super().__init__(**more)
        self._comparison, self._strict = comparison, strict
        names = ("verdict", "gates", "reason", "production", "candidate", "change")
        said = {name: getattr(comparison, name) for name in names}
        self.user_properties += [(f"proofbook.{name}", value) for name, value in said.items() if value is not None]

    def runtest(self) -> None:
        """Fail where it stops the release, skip where a person must look."""
        from proofbook.gate.reasons import stops

        found = self._comparison
        if found.evidence:
            self.add_report_section("call", "evidence", json.dumps(found.evidence, indent=1, default=str)[:20_000])
        if stops(found):
            raise _Refused(self._said())
        if found.gates and found.verdict in {"changed", "inconclusive"}:
            if self._strict:
                raise _Refused(self._said())
            pytest.skip(f"for review, {found.verdict}: {found.reason}")

    def _said(self) -> str:
        found = self._comparison
        lines = [f"{found.verdict}: {found.reason}"]
        if found.production is not None or found.candidate is not None:
            lines.append(f"  production {found.production}, candidate {found.candidate}")
        if found.noise is not None and found.noise.detectable is not None:
            lines.append(f"  the smallest change that could have been seen: {found.noise.detectable:.3g}")
        return "\n".join(lines)


class Decided(_Item):
    """What follows from all comparisons, and from what else the gate looked at: the pipeline's end, policies."""

    def __init__(self, *, judged: Judged, **more: Any) -> None:
        super().__init__(**more)
        self._judged = judged
        self.user_properties.append(("proofbook.decision", judged.gate.decision))

    def runtest(self) -> None:
        """Fail on `no`, skip on `review`."""
        gate = self._judged.gate
        said = "; ".join(gate.reasons) or "no reason was given"
        if gate.decision == "no" or (gate.decision == "review" and self._judged.strict):
            raise _Refused(f"{gate.decision}: {said}")
        if gate.decision == "review":
            pytest.skip(f"review: {said}")


# fixtures


class Recorded:
    """One record of the run, and what production has under the same name."""

    def __init__(self, judged: Judged, *, record: Record, production: Record | None) -> None:
        self._judged, self.record, self._before = judged, record, production

    @property
    def value(self) -> Any:
        """The recorded value; of a table its shape and schema."""
        return _value(self.record)

    @property
    def production(self) -> Any:
        """The value that production recorded; None where it recorded none."""
        return None if self._before is None else _value(self._before)

    @property
    def comparison(self) -> Comparison:
        """What the gate found."""
        name = (self.record.task, self.record.name)
        return next(one for one in self._judged.gate.comparisons if (one.task, one.record) == name)

    def table(self) -> Any:
        """A recorded table, or predictions, as a Polars data frame. Raises TypeError for any other record."""
        if self.record.kind not in {"table", "predictions"} or self.record.blob is None:
            raise TypeError(f"record {self.record.name!r} is a {self.record.kind}, and no table")
        import io

        import polars as pl

        return pl.read_parquet(io.BytesIO(self._judged.load(self.record.blob)))


def _value(record: Record) -> Any:
    return float(record.special) if record.special else record.value


class Records(Mapping[str, Recorded]):
    """The records of a run: `records["auc"]`, or `records["evaluate/auc"]` where two tasks record one name."""

    def __init__(self, judged: Judged) -> None:
        self._judged = judged

    @cached_property
    def _all(self) -> dict[str, Recorded]:
        return dict(_by_path(self._judged))

    @cached_property
    def _short(self) -> dict[str, list[str]]:
        short: dict[str, list[str]] = {}
        for path in self._all:
            short.setdefault(path.partition("/")[2], []).append(path)
        return short

    def __getitem__(self, name: str) -> Recorded:
        """A record by its name. Raises KeyError that says what there is."""
        if name in self._all:
            return self._all[name]
        paths = self._short.get(name, [])
        if len(paths) == 1:
            return self._all[paths[0]]
        if paths:
            raise KeyError(f"{name!r} is recorded by more than one task: write one of {', '.join(paths)}")
        raise KeyError(f"no task recorded {name!r}; there are {', '.join(self._all) or 'no records'}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


def _by_path(judged: Judged) -> Iterator[tuple[str, Recorded]]:
    before = {}
    if judged.production is not None:
        before = {(task.name, record.name): record for task in judged.production.tasks for record in task.records}
    for task in judged.run.tasks:
        for record in task.records:
            production = before.get((task.name, record.name))
            yield f"{task.name}/{record.name}", Recorded(judged, record=record, production=production)


def _or_skip(config: pytest.Config) -> Judged:
    found = _judged(config)
    if isinstance(found, str):
        pytest.skip(found)
    return found


@pytest.fixture(scope="session")
def proofbook_run(pytestconfig: pytest.Config) -> Run:
    """The sealed run that `--proofbook` names, else the newest. Skips where there is none yet."""
    return _or_skip(pytestconfig).run


@pytest.fixture(scope="session")
def production(pytestconfig: pytest.Config) -> Run:
    """The run in production. Skips where there is none yet."""
    found = _or_skip(pytestconfig)
    if found.production is None:
        pytest.skip(f"no {found.gate.channel} run yet")
    return found.production


@pytest.fixture(scope="session")
def records(pytestconfig: pytest.Config) -> Records:
    """The records of `proofbook_run` by name, each with production's value beside it."""
    return Records(_or_skip(pytestconfig))
