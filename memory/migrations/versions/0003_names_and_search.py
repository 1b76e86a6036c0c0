"""Conversations can be pinned, archived and deleted with a way back; the words of every turn can be searched.

On SQLite the words are in an FTS5 table without content, which triggers keep in step: a turn has a number there, since
SQLite's own row numbers may change. The user's id is one of the words, so that a search never leaves what is his. On
PostgreSQL they are a generated column of the turns.

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

DELETED = sa.text("deleted_at IS NOT NULL")

OLD = "SELECT 'delete', number, user_id, old.question, old.reply FROM turn_numbers WHERE turn_id = old.id"
NEW = "SELECT number, user_id, new.question, new.reply FROM turn_numbers WHERE turn_id = new.id"
TAKE_OUT = f"INSERT INTO turn_words (turn_words, rowid, owner, question, reply) {OLD};"
PUT_IN = f"INSERT INTO turn_words (rowid, owner, question, reply) {NEW};"
SQLITE = (
    "CREATE TABLE turn_numbers (number INTEGER PRIMARY KEY, turn_id VARCHAR(32) NOT NULL UNIQUE, "
    "user_id VARCHAR(32) NOT NULL)",
    "CREATE VIRTUAL TABLE turn_words USING fts5 "
    "(owner, question, reply, content='', tokenize='unicode61 remove_diacritics 2')",
    "INSERT INTO turn_numbers (turn_id, user_id) SELECT t.id, c.user_id FROM turns t "
    "JOIN conversations c ON c.id = t.conversation_id ORDER BY t.created_at, t.id",
    "INSERT INTO turn_words (rowid, owner, question, reply) SELECT n.number, n.user_id, t.question, t.reply "
    "FROM turn_numbers n JOIN turns t ON t.id = n.turn_id ORDER BY n.number",
    "CREATE TRIGGER turns_added AFTER INSERT ON turns BEGIN "
    "INSERT INTO turn_numbers (turn_id, user_id) SELECT new.id, user_id FROM conversations "
    f"WHERE id = new.conversation_id; {PUT_IN} END",
    "CREATE TRIGGER turns_changed AFTER UPDATE OF question, reply ON turns "
    f"WHEN old.question <> new.question OR old.reply <> new.reply BEGIN {TAKE_OUT} {PUT_IN} END",
    f"CREATE TRIGGER turns_removed AFTER DELETE ON turns BEGIN {TAKE_OUT} "
    "DELETE FROM turn_numbers WHERE turn_id = old.id; END",
)

# A tsvector holds a mebibyte. The parser of PostgreSQL takes "either/or" for a path and a curly quotation mark for a
# letter, and what it takes for a capital depends on the database's locale: it gets plain words, whatever that is.
READ = 50_000  # characters of a question, and of a reply
SEARCHABLE = """
CREATE FUNCTION searchable(given text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT regexp_replace(
    lower(normalize(regexp_replace(normalize(left(given, {read}), NFKD), '[\\u0300-\\u036f]', '', 'g'), NFC)
        COLLATE {collation}) COLLATE {collation},
    '[^[:alnum:]]+', ' ', 'g')
$$
"""
WORDS = (
    "ALTER TABLE turns ADD COLUMN words tsvector GENERATED ALWAYS AS "
    "(to_tsvector('simple'::regconfig, searchable(question) || ' ' || searchable(reply))) STORED"
)


def upgrade() -> None:
    op.add_column("conversations", sa.Column("pinned", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("conversations", sa.Column("archived", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("conversations", sa.Column("deleted_at", sa.DateTime(timezone=True)))
    op.drop_index("ix_conversations_user_updated", "conversations")
    op.create_index("ix_conversations_listed", "conversations", ["user_id", "archived", "pinned", "updated_at", "id"])
    op.create_index(
        "ix_conversations_deleted", "conversations", ["deleted_at"], sqlite_where=DELETED, postgresql_where=DELETED
    )
    op.create_index("ix_turns_parent", "turns", ["parent_id", "conversation_id"])
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        icu = connection.scalar(sa.text("SELECT count(*) FROM pg_collation WHERE collname = 'und-x-icu'"))
        collation = '"und-x-icu"' if icu else '"default"'
        connection.exec_driver_sql(SEARCHABLE.format(read=READ, collation=collation))
        connection.exec_driver_sql(WORDS)
        op.create_index("ix_turns_words", "turns", ["words"], postgresql_using="gin")
    else:
        for statement in SQLITE:
            connection.exec_driver_sql(statement)


def downgrade() -> None:
    # An earlier version would show what was deleted again. The tree first: SQLite follows no chain of a thousand turns.
    gone = "conversation_id IN (SELECT id FROM conversations WHERE deleted_at IS NOT NULL)"
    op.execute(f"UPDATE turns SET parent_id = NULL WHERE {gone}")
    op.execute(f"DELETE FROM turns WHERE {gone}")
    op.execute("DELETE FROM conversations WHERE deleted_at IS NOT NULL")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_turns_words", "turns")
        op.drop_column("turns", "words")
        op.execute("DROP FUNCTION searchable")
    else:
        for trigger in ("turns_added", "turns_changed", "turns_removed"):
            op.execute(f"DROP TRIGGER {trigger}")
        op.execute("DROP TABLE turn_words")
        op.execute("DROP TABLE turn_numbers")
    op.drop_index("ix_turns_parent", "turns")
    op.drop_index("ix_conversations_deleted", "conversations")
    op.drop_index("ix_conversations_listed", "conversations")
    op.create_index("ix_conversations_user_updated", "conversations", ["user_id", "updated_at"])
    for column in ("deleted_at", "archived", "pinned"):
        op.drop_column("conversations", column)
