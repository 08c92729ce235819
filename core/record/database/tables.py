"""The tables of the record, as typed models; the migrations make them, and a test holds the two equal.

A line's `id` is made of its call and its number, so that the same entry can't be written twice, and so that
ids fall in the order in which hits are shown: newest calls first, and in a call from its beginning. Both
full-text indexes can then stop after a page of hits instead of sorting all of them.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

from core.record.database.query import tsvector

ENTRIES = 1 << 24
"""Entries that a call may have: a line every second for half a year."""

SAID, UNHEARD, UNKEPT = "said", "unheard", "unkept"


def line_id(call: int, number: int) -> int:
    """The `id` of entry `number` (from 0) of a call; within the call, later entries have smaller ones."""
    if not 0 <= number < ENTRIES:
        raise ValueError(f"a call has entries 0 to {ENTRIES - 1}, no entry {number}")
    return call * ENTRIES + ENTRIES - 1 - number


class Moment(TypeDecorator[datetime]):
    """A time, aware of its zone on the way in, UTC on the way out, on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time in the record knows its zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


def clean(text: str) -> str:
    """`text` as every database takes it: NUL and halves of characters become U+FFFD."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Prose(TypeDecorator[str]):
    """Text as people write it. What a database would refuse is cleaned."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean(value)


class Words(TypeDecorator[str]):
    """The folded words of a line: text on SQLite, where FTS5 reads them, a tsvector on PostgreSQL.

    The tsvector is written by Spokenly and not by the server's own parser, whose idea of a word depends on
    its locale. It is never read back.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return tsvector(value) if value is not None and dialect.name == "postgresql" else value


# On SQLite only an "INTEGER PRIMARY KEY" counts by itself.
_Id = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """All tables. The names of constraints are fixed, so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class SpaceRow(Base):
    """Whose calls these are: a guild, a workspace, this machine.

    `settings` holds `retention_days` where it has a rule of its own.
    """

    __tablename__ = "space"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    name: Mapped[str] = mapped_column(Prose, unique=True)
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)


class CallRow(Base):
    """A call. `host`: which process keeps it ("machine/pid/start"); `alive_at`: when that last said so.

    Ids are never used again: whoever still writes to a deleted call must not write into another.
    """

    __tablename__ = "call"
    __table_args__ = (
        Index(None, "began", "id"),
        Index(None, "space_id", "began"),
        Index(None, "state"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    space_id: Mapped[int] = mapped_column(ForeignKey("space.id"))
    key: Mapped[str] = mapped_column(Prose, unique=True)
    title: Mapped[str] = mapped_column(Prose)
    began: Mapped[datetime] = mapped_column(Moment)
    ended: Mapped[datetime | None] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Prose)
    engine: Mapped[str] = mapped_column(Prose)
    owner: Mapped[str | None] = mapped_column(Prose)
    host: Mapped[str] = mapped_column(Prose)
    alive_at: Mapped[datetime] = mapped_column(Moment)


class SpeakerRow(Base):
    """Somebody in a call. `key`: `Speaker.id`; `known`: the name casefolded; `first`: their first line.

    `lines` counts what they said, so that nobody counts a million lines to show a list of calls.
    """

    __tablename__ = "speaker"
    __table_args__ = (UniqueConstraint("call_id", "key"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(Prose)
    name: Mapped[str] = mapped_column(Prose)
    known: Mapped[str] = mapped_column(Prose, index=True)
    identity: Mapped[str | None] = mapped_column(Prose, index=True)
    first: Mapped[int | None] = mapped_column(Integer)
    lines: Mapped[int] = mapped_column(Integer)


class LineRow(Base):
    """An entry of a call: what was said, could not be heard, or was not kept.

    `words`: what stands now, folded, for the index.
    """

    __tablename__ = "line"
    __table_args__ = (
        CheckConstraint(f"id = call_id * {ENTRIES} + {ENTRIES - 1} - number", name="id"),
        Index(None, "call_id", "start", "number"),
        Index("ix_line_words", "words", postgresql_using="gin").ddl_if(dialect="postgresql"),
    )

    id: Mapped[int] = mapped_column(_Id, primary_key=True, autoincrement=False)
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(Text)
    speaker_id: Mapped[int | None] = mapped_column(ForeignKey("speaker.id"), index=True)
    start: Mapped[float] = mapped_column()
    end: Mapped[float] = mapped_column()
    heard: Mapped[str | None] = mapped_column(Prose)
    corrected: Mapped[str | None] = mapped_column(Prose)
    language: Mapped[str | None] = mapped_column(Prose)
    confidence: Mapped[float | None] = mapped_column()
    engine: Mapped[str | None] = mapped_column(Prose)
    words: Mapped[str | None] = mapped_column(Words)


class RecapRow(Base):
    """The recap of a call. It may quote anybody, so it goes whole when somebody is forgotten."""

    __tablename__ = "recap"

    call_id: Mapped[int] = mapped_column(
        ForeignKey("call.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    made: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class PreferenceRow(Base):
    """What a space is set up with, under a key: JSON, of whatever shape whoever keeps it there wants."""

    __tablename__ = "preference"

    space: Mapped[str] = mapped_column(Prose, primary_key=True)
    key: Mapped[str] = mapped_column(Prose, primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)


class AuditRow(Base):
    """What was changed or taken out, how much, and by which process; never names or words."""

    __tablename__ = "audit"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    action: Mapped[str] = mapped_column(Text)
    space: Mapped[str | None] = mapped_column(Prose)
    calls: Mapped[int] = mapped_column(Integer)
    lines: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(Prose)
