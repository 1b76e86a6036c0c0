"""The owner of a turn under way, so that a turn whose process died can be told from one that is being written.

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PENDING = sa.text("state = 'pending'")


def upgrade() -> None:
    # Never in batches: SQLite would copy the table and drop the old one, and with it every row that refers to it.
    op.add_column("turns", sa.Column("owner", sa.String(32)))
    op.create_index("ix_turns_pending", "turns", ["owner"], sqlite_where=PENDING, postgresql_where=PENDING)
    op.drop_index("ix_turns_conversation", "turns")
    op.create_index("ix_turns_conversation", "turns", ["conversation_id", "created_at", "id"])


def downgrade() -> None:
    op.execute("UPDATE turns SET state = 'stopped' WHERE state = 'interrupted'")
    op.drop_index("ix_turns_conversation", "turns")
    op.create_index("ix_turns_conversation", "turns", ["conversation_id", "created_at"])
    op.drop_index("ix_turns_pending", "turns")
    op.drop_column("turns", "owner")
