"""The way from any earlier record to this one, and back: Alembic's revisions, and how they are run."""

from collections.abc import Iterable
from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from core.errors import RecordUnusable

_LOCK = 0x53706F6B
"""PostgreSQL's number of the lock that migrations hold ("Spok")."""


def scripts() -> ScriptDirectory:
    """All revisions. Reads files: not for the event loop's thread."""
    directory = ScriptDirectory(str(Path(__file__).parent))
    directory.get_heads()  # reads them all
    return directory


def migrate(connection: Connection, revisions: ScriptDirectory, place: str, target: str = "head") -> None:
    """Bring the record to `target`, up or down ("base"), inside the transaction that `connection` is in.

    Whoever comes second waits for the first: on SQLite the transaction began with BEGIN IMMEDIATE, on
    PostgreSQL a lock is taken that ends with it. Either everything is done or nothing. Raises
    `RecordUnusable` where the record has a revision that is not among `revisions`; `place` names it.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    known = {script.revision for script in revisions.walk_revisions()}
    down = target == "base"

    def steps(heads: tuple[str, ...], _: MigrationContext) -> Iterable[RevisionStep]:
        # Alembic's own commands go this way; there is no public one to run revisions without files.
        at = heads[0] if heads else "base"
        return revisions._downgrade_revs(target, at) if down else revisions._upgrade_revs(target, at)

    context = MigrationContext.configure(connection, opts={"fn": steps, "transactional_ddl": True})
    if not known.issuperset(context.get_current_heads()):
        raise RecordUnusable(
            f"The record in {place} comes from a newer Spokenly: install that one, or set another place."
        )
    # Each revision is given its operations: Alembic's global `op` knows only one migration at a time.
    context.run_migrations(op=Operations(context))
