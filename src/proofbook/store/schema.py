"""The tables as this version of Proofbook knows them; the migrations lead there."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, MetaData, String, Table, Text

__all__ = ["REVISIONS", "events", "gates", "generations", "metadata", "records", "replays", "results", "runs"]

REVISIONS = ("0001", "0002")
"""Every revision that this version knows, oldest first; the last is the one it works with."""

metadata = MetaData()

runs = Table(
    "runs",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("pipeline", Text, nullable=False),
    Column("ending", String(16), nullable=False),
    Column("scope", String(16)),
    Column("manifest", String(64), unique=True),
    Column("started", String(32), nullable=False),
    Column("finished", String(32)),
    Column("seconds", Float),
    Column("commit", String(64)),
    Column("dirty", Boolean, nullable=False, default=False),
    Column("tasks", Integer, nullable=False, default=0),
    Column("ran", Integer, nullable=False, default=0),
    Index("runs_by_ending", "ending", "number"),
    # a number is never given twice, whatever is deleted
    sqlite_autoincrement=True,
)

records = Table(
    "records",
    metadata,
    Column("run", Integer, ForeignKey("runs.number"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("task", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("value", Text),
    Column("special", String(8)),
    Column("blob", String(64)),
    Column("eval_set", String(64)),
    Index("records_by_name", "name", "run"),
    Index("records_by_eval_set", "eval_set", "run"),
)

results = Table(
    "results",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("task", Text, nullable=False),
    Column("key", String(64), nullable=False),
    Column("run", Integer, ForeignKey("runs.number"), nullable=False),
    # empty: an attempt, which takes earlier results out of account until there is a later one
    Column("result", String(64), nullable=False),
    Index("results_by_key", "task", "key", "id"),
    Index("results_by_task", "task", "id"),
    sqlite_autoincrement=True,
)

gates = Table(
    "gates",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", Integer, ForeignKey("runs.number"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("decision", String(16), nullable=False),
    Column("result", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    Index("gates_by_run", "run", "channel", "id"),
    sqlite_autoincrement=True,
)

generations = Table(
    "generations",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("run", Integer, ForeignKey("runs.number"), nullable=False),
    Column("manifest", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text),
    Column("at", String(32), nullable=False),
    Column("decision", String(16)),
    Column("override", Boolean, nullable=False, default=False),
)

replays = Table(
    "replays",
    metadata,
    Column("id", Integer, primary_key=True),
    # of the run that was built again
    Column("manifest", String(64), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("variant", Text, nullable=False),
    Column("records", String(64), nullable=False),
    # for whose sake, where it was for that of one run
    Column("run", Integer, ForeignKey("runs.number")),
    Column("at", String(32), nullable=False),
    Index("replays_by_manifest", "manifest", "purpose", "id"),
    sqlite_autoincrement=True,
)

# the audit: each event names the one before it by its hash, and is a blob as well
events = Table(
    "events",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("previous", String(64)),
    Column("hash", String(64), nullable=False, unique=True),
    Column("body", Text, nullable=False),
)
