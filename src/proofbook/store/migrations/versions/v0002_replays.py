"""Replays, and the evaluation set that a record was measured on."""

import sqlalchemy as sa
from alembic import op

__all__ = ["downgrade", "upgrade"]

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the table, and the column with its index."""
    op.create_table(
        "replays",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("manifest", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("variant", sa.Text, nullable=False),
        sa.Column("records", sa.String(64), nullable=False),
        sa.Column("run", sa.Integer, sa.ForeignKey("runs.number")),
        sa.Column("at", sa.String(32), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("replays_by_manifest", "replays", ["manifest", "purpose", "id"])
    op.add_column("records", sa.Column("eval_set", sa.String(64)))
    op.create_index("records_by_eval_set", "records", ["eval_set", "run"])


def downgrade() -> None:
    """Never: an older Proofbook refuses the store instead."""
    raise NotImplementedError("a store is not led back to an older schema")
