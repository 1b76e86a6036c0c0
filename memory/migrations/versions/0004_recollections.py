"""What visitors told is kept, with their profiles, ratings of turns, and summaries of the older part of a branch.

A turn says whether what was told in it has been drawn out; of turns that are here already, it has not.

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UNDRAWN = sa.text("NOT drawn")
RATED = sa.text("thumb IS NOT NULL")


def upgrade() -> None:
    op.add_column("users", sa.Column("recall", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("turns", sa.Column("drawn", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("turns", sa.Column("thumb", sa.Integer))
    op.add_column("turns", sa.Column("note", sa.Text, nullable=False, server_default=""))
    op.create_index("ix_turns_undrawn", "turns", ["conversation_id"], sqlite_where=UNDRAWN, postgresql_where=UNDRAWN)
    op.create_index("ix_turns_rated", "turns", ["conversation_id"], sqlite_where=RATED, postgresql_where=RATED)
    op.create_table(
        "recollections",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("user_id", sa.String(32), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("persona", sa.String(64), nullable=False),
        sa.Column("turn_id", sa.String(32), sa.ForeignKey("turns.id", ondelete="CASCADE")),
        sa.Column("topic", sa.String(32), nullable=False),
        sa.Column("matter", sa.String(64), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forgotten_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_recollections_matter", "recollections", ["user_id", "persona", "matter", "told_at", "id"])
    op.create_index("ix_recollections_turn", "recollections", ["turn_id"])
    op.create_table(
        "profiles",
        sa.Column("user_id", sa.String(32), sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("persona", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "summaries",
        sa.Column("turn_id", sa.String(32), sa.ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("turns", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    for table in ("summaries", "profiles", "recollections"):
        op.drop_table(table)
    op.drop_index("ix_turns_rated", "turns")
    op.drop_index("ix_turns_undrawn", "turns")
    for column in ("note", "thumb", "drawn"):
        op.drop_column("turns", column)
    op.drop_column("users", "recall")
