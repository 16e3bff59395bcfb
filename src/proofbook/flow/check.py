"""Hold a stored run against a channel, and keep what the gate said."""

from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from proofbook.exceptions import NotFoundError
from proofbook.flow import cause as causes
from proofbook.flow import evaluation, past, policy
from proofbook.gate.decision import judge
from proofbook.model.configuration import GateConfiguration
from proofbook.model.verdict import GateResult
from proofbook.release import rulings
from proofbook.store import Store

__all__ = ["check", "exit_code"]


def check(
    store: Store,
    reference: str | int = "latest",
    *,
    against: str = "production",
    must_exist: bool = False,
    configuration: GateConfiguration | None = None,
    cause: causes.When | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> GateResult:
    """
    Judge a run as every door does, save the word, return it.

    Args:
        store: Holds the run, production and their payloads.
        reference: Number, digest, channel, or `latest`.
        against: The channel to compare with. One that never held a run leaves nothing to compare with: the first run.
        must_exist: Refuse a channel that never held a run, where its name was given by hand and may be mistyped.
        configuration: The budget of false alarms, the schedule, and which parameters say what data are read; without
            it nothing is built again.
        cause: When production is built again to find out why records changed, in place of what the configuration says.
        say: Told in one line what takes time.

    Raises:
        NotFoundError: There is no such run, or no such channel.
        StoreError: A manifest is damaged, or the store cannot be written.
    """
    number = store.number(reference)
    candidate = store.run(number)
    generation = store.generation(against)
    if generation is None and must_exist:
        known = ", ".join(store.channels()) or "none yet"
        raise NotFoundError(f"no run was ever put into the channel {against!r}; channels that hold one: {known}")
    production = None if generation is None else store.run(generation.run)
    stranger = production if production is not None and production.pipeline != candidate.pipeline else None
    if stranger is not None:
        production = generation = None
    aligned = evaluation.Aligned(production=production)
    if configuration is not None:
        aligned = evaluation.align(store, candidate, production, gate=configuration, say=say)
    collected = past.collect(
        store, candidate, aligned.production, configuration=configuration or GateConfiguration(), channel=against
    )
    result = judge(
        candidate,
        aligned.production,
        manifests=(store.manifest(number), None if generation is None else generation.manifest),
        load=store.blobs,
        keep=store.blobs.put,
        channel=against,
        earlier=collected.earlier,
        past=collected.past,
        budget=collected.budget,
        looks=collected.looks,
        rules=(configuration or GateConfiguration()).rules,
    )
    result = evaluation.told(result, aligned)
    if stranger is not None:
        said = (
            f"{against} holds run {stranger.number} of {stranger.pipeline}, another pipeline: nothing to compare with; "
            f"give {candidate.pipeline} a channel of its own, `proofbook promote --channel NAME`"
        )
        result = replace(result, reasons=(said, *result.reasons))
    when = cause or (configuration.cause if configuration is not None else "never")
    result = causes.explain(
        store, result, candidate=candidate, production=production, when=when, gate=configuration, say=say
    )
    rules = partial(policy.load, store.folder.parent)
    ruling = rulings.rule(
        store, rules, "check", candidate, gate=result, channel=against, by=policy.person(), ci=policy.in_ci()
    )
    result = rulings.hold(result, ruling)
    store.save_gate(result)
    return result


def exit_code(result: GateResult, *, strict: bool = False) -> int:
    """What a command ends with: 0 for `go`, 4 for `no`, and 4 for `review` only where `strict` is set."""
    refused = result.decision == "no" or (strict and result.decision == "review")
    return 4 if refused else 0
