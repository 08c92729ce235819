"""Spaces, calls, their speakers and lines, recaps, and what was changed."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_WORDS = sa.Text().with_variant(TSVECTOR(), "postgresql")
_TIME = sa.DateTime(timezone=True)

_FTS5 = (
    # The folded words hold letters and digits of every script, with a space between them: the tokenizer
    # "ascii" takes them as they are. Ranking is not used, so sizes need not be kept.
    """CREATE VIRTUAL TABLE line_words USING fts5(
        words, content='line', content_rowid='id', tokenize='ascii', columnsize=0
    )""",
    """CREATE TRIGGER line_written AFTER INSERT ON line WHEN new.words IS NOT NULL BEGIN
        INSERT INTO line_words (rowid, words) VALUES (new.id, new.words);
    END""",
    """CREATE TRIGGER line_deleted AFTER DELETE ON line WHEN old.words IS NOT NULL BEGIN
        INSERT INTO line_words (line_words, rowid, words) VALUES ('delete', old.id, old.words);
    END""",
    """CREATE TRIGGER line_corrected AFTER UPDATE OF words ON line
        WHEN old.words IS NOT NULL AND old.words IS NOT new.words
    BEGIN
        INSERT INTO line_words (line_words, rowid, words) VALUES ('delete', old.id, old.words);
        INSERT INTO line_words (rowid, words) VALUES (new.id, new.words);
    END""",
)


def upgrade(op: Operations) -> None:
    op.create_table(
        "space",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_space"),
        sa.UniqueConstraint("name", name="uq_space_name"),
        sqlite_autoincrement=True,
    )
    _calls(op)
    _lines(op)
    op.create_table(
        "recap",
        sa.Column("call_id", _ID, nullable=False, autoincrement=False),
        sa.Column("made", _TIME, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_recap"),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name="fk_recap_call_id", ondelete="CASCADE"),
    )
    op.create_table(
        "audit",
        sa.Column("id", _ID, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("space", sa.Text),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.Column("lines", sa.Integer, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    if op.get_context().dialect.name == "sqlite":
        for statement in _FTS5:
            op.execute(statement)
    else:
        op.create_index("ix_line_words", "line", ["words"], postgresql_using="gin")


def _calls(op: Operations) -> None:
    op.create_table(
        "call",
        sa.Column("id", _ID, nullable=False),
        sa.Column("space_id", _ID, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("began", _TIME, nullable=False),
        sa.Column("ended", _TIME),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("engine", sa.Text, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("alive_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_call"),
        sa.UniqueConstraint("key", name="uq_call_key"),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name="fk_call_space_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_call_began_id", "call", ["began", "id"])
    op.create_index("ix_call_space_id_began", "call", ["space_id", "began"])
    op.create_index("ix_call_state", "call", ["state"])


def _lines(op: Operations) -> None:
    op.create_table(
        "speaker",
        sa.Column("id", _ID, nullable=False),
        sa.Column("call_id", _ID, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("known", sa.Text, nullable=False),
        sa.Column("identity", sa.Text),
        sa.Column("first", sa.Integer),
        sa.Column("lines", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_speaker"),
        sa.UniqueConstraint("call_id", "key", name="uq_speaker_call_id_key"),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name="fk_speaker_call_id", ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_speaker_known", "speaker", ["known"])
    op.create_index("ix_speaker_identity", "speaker", ["identity"])
    op.create_table(
        "line",
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("call_id", _ID, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("speaker_id", _ID),
        sa.Column("start", sa.Double, nullable=False),
        sa.Column("end", sa.Double, nullable=False),
        sa.Column("heard", sa.Text),
        sa.Column("corrected", sa.Text),
        sa.Column("language", sa.Text),
        sa.Column("confidence", sa.Double),
        sa.Column("engine", sa.Text),
        sa.Column("words", _WORDS),
        sa.PrimaryKeyConstraint("id", name="pk_line"),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name="fk_line_call_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["speaker_id"], ["speaker.id"], name="fk_line_speaker_id"),
        sa.CheckConstraint("id = call_id * 16777216 + 16777215 - number", name="ck_line_id"),
    )
    op.create_index("ix_line_call_id_start_number", "line", ["call_id", "start", "number"])
    op.create_index("ix_line_speaker_id", "line", ["speaker_id"])


def downgrade(op: Operations) -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TABLE line_words")
    for table in ("audit", "recap", "line", "speaker", "call", "space"):
        op.drop_table(table)
