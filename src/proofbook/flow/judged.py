"""A run with the gate's word on it, as it stands now: what tests and summaries are made of."""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from proofbook.exceptions import NotFoundError
from proofbook.flow import check, configuration
from proofbook.model.run import Run
from proofbook.model.verdict import GateResult
from proofbook.store import Store

__all__ = ["Judged", "judged"]


class Judged(Struct, frozen=True, kw_only=True):
    """A sealed run beside production."""

    run: Run
    production: Run | None
    """None where the channel holds nothing yet."""
    gate: GateResult
    strict: bool
    """Whether `review` counts as a refusal here."""
    load: Callable[[str], bytes]
    """The bytes of a blob, by digest."""


def judged(root: Path, reference: str = "latest", *, channel: str | None = None) -> Judged:
    """
    A run and the gate's word on it; it is judged again where production has moved since.

    Args:
        root: The folder of the pipeline.
        reference: Number, `latest`, channel, or beginning of a digest.
        channel: What it is compared with; None: as configured.

    Raises:
        NotFoundError: There is no store, no such run, or no such channel.
        ProofbookError: The store or the configuration cannot be read.
    """
    settings = configuration.load(root).gate
    against = channel or settings.channel

    def load(digest: str) -> bytes:
        with Store.open(root, create=False) as store:
            return store.blobs.get(digest)

    with Store.open(root, create=False) as store:
        number = store.number(reference)
        generation = store.generation(against)
        if generation is None and channel not in (None, settings.channel, "production"):
            known = ", ".join(store.channels()) or "none yet"
            raise NotFoundError(f"no run was ever put into the channel {channel!r}; channels that hold one: {known}")
        word = store.gate(number, channel=against)
        if word is None or word.production_manifest != (generation.manifest if generation else None):
            word = check.check(store, number, against=against, configuration=settings)
        production = None if word.production is None else store.run(word.production)
        return Judged(run=store.run(number), production=production, gate=word, strict=settings.strict, load=load)
