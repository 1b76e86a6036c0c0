"""Alembic's environment: runs on the connection that `memory.upgrade` passes in."""

from alembic import context

from memory.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite cannot alter tables in place
)
with context.begin_transaction():
    context.run_migrations()
