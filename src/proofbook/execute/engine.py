"""The Papermill engine `proofbook`."""

from papermill.engines import NBClientEngine

__all__ = ["ProofbookEngine"]


class ProofbookEngine(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    """Runs a notebook and says truthfully how it ended."""
