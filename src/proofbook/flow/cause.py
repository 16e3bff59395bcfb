"""
Why records changed: production is built again with parts of the candidate in place of its own.

What the gate calls: it decides whether that is done at all, and nothing that goes wrong in it ends the gate.
"""

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from proofbook.exceptions import CancelledError, ProofbookError
from proofbook.flow import configuration as configurations
from proofbook.flow.search import Search, When
from proofbook.model.configuration import Configuration, GateConfiguration
from proofbook.model.run import Run
from proofbook.model.verdict import Cause, GateResult, Share
from proofbook.store import Store

__all__ = ["When", "explain", "find"]

_NOTHING = (
    "nothing that was recorded of the two runs differs (code, data, parameters, environment): what changed is chance, "
    "time, or data that no task declares"
)


def explain(
    store: Store,
    result: GateResult,
    *,
    candidate: Run,
    production: Run | None,
    when: When,
    gate: GateConfiguration | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> GateResult:
    """
    What the gate said, with the cause where one is called for. Never raises: what went wrong is said in `skipped`.

    Args:
        store: Holds both runs.
        result: What the gate said, not yet saved.
        candidate: The run that was judged.
        production: What it was compared with; None: there is nothing to explain.
        when: What calls for it.
        gate: In place of that part of the project's configuration.
        say: Told in one line what takes time.
    """
    if production is None or production.number == candidate.number or not _called_for(result, when):
        return result
    try:
        settings = configurations.load(store.folder.parent)
        settings = settings if gate is None else replace(settings, gate=gate)
        cause = find(
            store,
            result,
            candidate=candidate,
            production=production,
            when=when,
            configuration=settings,
            say=say,
        )
    except (CancelledError, KeyboardInterrupt):
        cause = Cause(skipped=("the search for the cause was interrupted",))
    except Exception as error:  # noqa: BLE001 - the gate's word does not depend on why
        cause = Cause(skipped=(f"the cause could not be looked for: {_line(error)}",))
    told = tuple(f"because {share.told}" for share in cause.shares if _regressed(result, share))
    return replace(result, cause=cause, reasons=(*result.reasons, *told[:_TOLD]))


_TOLD = 3
"""Causes that are told among the gate's reasons; all of them are in `cause`."""


def _called_for(result: GateResult, when: When) -> bool:
    if when == "regression":
        return any(found.gates and found.verdict == "regressed" for found in result.comparisons)
    return when == "always"


def _regressed(result: GateResult, share: Share) -> bool:
    return any(
        (found.task, found.record, found.verdict) == (share.task, share.record, "regressed")
        for found in result.comparisons
    )


def find(
    store: Store,
    result: GateResult,
    *,
    candidate: Run,
    production: Run,
    when: When,
    configuration: Configuration,
    say: Callable[[str], None],
) -> Cause:
    """
    The cause, as far as it can be told within `gate.cause_budget` seconds.

    Raises:
        CancelledError: It was interrupted.
        ReplayError: One of the runs cannot be built again at all.
    """
    search = Search(
        store,
        result,
        candidate=candidate,
        production=production,
        when=when,
        configuration=configuration,
        say=say,
    )
    if not search.moved:
        return Cause(skipped=("no number that both runs recorded differs",))
    if not search.factors:
        return Cause(skipped=(_NOTHING, *search.unseen))
    return asyncio.run(search.go())


def _line(error: Exception) -> str:
    said = " ".join(str(error).split())[:300]
    return said if isinstance(error, ProofbookError) else f"{type(error).__name__}: {said}"
