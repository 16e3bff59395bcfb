"""What a pipeline keeps: blobs, runs, results, channels. The only room that speaks to a database."""

from proofbook.store.store import Store
from proofbook.store.values import Damage, Generation, RecordPoint, RunSummary

__all__ = ["Damage", "Generation", "RecordPoint", "RunSummary", "Store"]
