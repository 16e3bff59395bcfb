"""The first schema: runs, records, results, gates, generations, events."""

import sqlalchemy as sa
from alembic import op

__all__ = ["downgrade", "upgrade"]

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "runs",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("pipeline", sa.Text, nullable=False),
        sa.Column("ending", sa.String(16), nullable=False),
        sa.Column("scope", sa.String(16)),
        sa.Column("manifest", sa.String(64), unique=True),
        sa.Column("started", sa.String(32), nullable=False),
        sa.Column("finished", sa.String(32)),
        sa.Column("seconds", sa.Float),
        sa.Column("commit", sa.String(64)),
        sa.Column("dirty", sa.Boolean, nullable=False),
        sa.Column("tasks", sa.Integer, nullable=False),
        sa.Column("ran", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("runs_by_ending", "runs", ["ending", "number"])
    op.create_table(
        "records",
        sa.Column("run", sa.Integer, sa.ForeignKey("runs.number"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("value", sa.Text),
        sa.Column("special", sa.String(8)),
        sa.Column("blob", sa.String(64)),
    )
    op.create_index("records_by_name", "records", ["name", "run"])
    _make_releases()


def _make_releases() -> None:
    op.create_table(
        "results",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("run", sa.Integer, sa.ForeignKey("runs.number"), nullable=False),
        sa.Column("result", sa.String(64), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("results_by_key", "results", ["task", "key", "id"])
    op.create_index("results_by_task", "results", ["task", "id"])
    op.create_table(
        "gates",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("run", sa.Integer, sa.ForeignKey("runs.number"), nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("result", sa.String(64), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("gates_by_run", "gates", ["run", "channel", "id"])
    op.create_table(
        "generations",
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("run", sa.Integer, sa.ForeignKey("runs.number"), nullable=False),
        sa.Column("manifest", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("decision", sa.String(16)),
        sa.Column("override", sa.Boolean, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("previous", sa.String(64)),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("body", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Never: an older Proofbook refuses the store instead."""
    raise NotImplementedError("a store is not led back to an older schema")
