"""The Switchboard starts, finds and ends calls. It is the bulkhead: a bug ends one call, not all."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from core.captions.board import Board
from core.captions.publisher import Outlet
from core.engines.gate import MakeGate
from core.engines.pool import Lender
from core.errors import UserError
from core.metrics import Metrics
from core.session import Session

log = logging.getLogger(__name__)


class Switchboard:
    """Owns the task of every session. Use as an async context: leaving it drains, or cancels on an error."""

    def __init__(
        self, pool: Lender, *, calls: int, drain: float, metrics: Metrics, gate: MakeGate | None = None
    ) -> None:
        self._pool = pool
        self._gate = gate
        self._calls = calls
        self._drain = drain
        self._metrics = metrics
        self._sessions: dict[str, Session] = {}
        self._tasks = asyncio.TaskGroup()
        self._draining = False

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.drain()
        await self._tasks.__aexit__(kind, error, trace)

    def start(
        self,
        call: str,
        board: Board,
        *,
        began: float,
        language: str,
        outlets: Sequence[Outlet] = (),
        ended: Callable[[], None] = lambda: None,
    ) -> Session:
        """Begin a call under a name that is not in use; `ended` is called when its last word is shown.

        Raises `UserError` when Spokenly is stopping or has as many calls as it takes.
        """
        if self._draining:
            raise UserError("Spokenly is stopping; try again in a minute.")
        if len(self._sessions) >= self._calls:
            raise UserError(f"Spokenly is captioning {self._calls} calls already, which is all it takes.")
        if call in self._sessions:
            raise ValueError("this call runs already")
        session = Session(
            board,
            self._pool,
            began=began,
            language=language,
            metrics=self._metrics,
            outlets=outlets,
            name=call,
            gate=self._gate,
        )
        self._sessions[call] = session
        self._metrics.calls.set(len(self._sessions))
        self._tasks.create_task(self._keep(call, session, ended), name="session")
        return session

    def find(self, call: str) -> Session | None:
        """The running session of a call."""
        return self._sessions.get(call)

    def drain(self) -> None:
        """Take no new calls and let the running ones say their last words, for `drain` seconds at most."""
        self._draining = True
        for session in self._sessions.values():
            session.close(self._drain)

    async def _keep(self, call: str, session: Session, ended: Callable[[], None]) -> None:
        try:
            await session.run()
        except Exception:
            # The bulkhead: one call's bug must not end the others. It is loud in the log and in Sentry.
            log.exception("session.bug")
            session.board.notify(
                "bug", "Captions stopped because of a fault in Spokenly. Share again to go on."
            )
        finally:
            del self._sessions[call]
            self._metrics.calls.set(len(self._sessions))
            ended()
