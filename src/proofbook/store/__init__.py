"""What a pipeline keeps: blobs, runs, results, channels. The only room that speaks to a database."""

from proofbook.store.aside import Aside
from proofbook.store.livelog import Tail
from proofbook.store.store import Store
from proofbook.store.values import Damage, Generation, Purpose, RecordPoint, Replay, RunSummary

__all__ = ["Aside", "Damage", "Generation", "Purpose", "RecordPoint", "Replay", "RunSummary", "Store", "Tail"]
