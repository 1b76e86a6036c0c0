"""Which reply a user chose among those that several modes gave to one question.

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "comparisons",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("user_id", sa.String(32), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("persona", sa.String(64), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("modes", sa.JSON, nullable=False),
        sa.Column("best", sa.JSON, nullable=False),
        sa.Column("blind", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_comparisons_user", "comparisons", ["user_id", "persona"])


def downgrade() -> None:
    op.drop_table("comparisons")
