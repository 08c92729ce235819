"""A Session: one captioned call, from its first frame to its last word."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from math import inf

from core.audio.frame import Heard, Left, Speaker
from core.audio.tape import Tape
from core.captions.board import Board
from core.captions.caption import Caption, Gap
from core.captions.publisher import FAREWELL, Outlet, Publisher
from core.engines.gate import MakeGate
from core.engines.pool import Lender
from core.metrics import Metrics
from core.track import Track

log = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds that the last words of a call may take, unless Spokenly itself must stop."""

LAST_SHOW = 30.0
"""Seconds that a busy place is still tried for, as long as the last words may take so long: else they could
stand nowhere."""


class Session:
    """Sends what is heard to each speaker's Track and what was said to the Board.

    `began` is the loop's time at which the call's clock stood at zero. Publishers are the outer tasks and
    tracks the inner ones, so every speaker has the last word and every reader sees it before `run` ends.
    """

    def __init__(
        self,
        board: Board,
        pool: Lender,
        *,
        began: float,
        language: str,
        metrics: Metrics,
        outlets: Sequence[Outlet] = (),
        name: str = "",
        gate: MakeGate | None = None,
    ) -> None:
        """`name` tells it from other calls; `gate` makes what each speaker's sound passes first."""
        self.name = name
        self.board = board
        self.paid = 0.0
        """Seconds of sound that went to an engine which is paid for."""
        self._gate = gate
        self._pool = pool
        self._began = began
        self._language = language
        self._metrics = metrics
        self._publishers = [Publisher(board, outlet) for outlet in outlets]
        self._patience = PATIENCE
        self._until = inf  # when the last words should stand, once it is closed
        self._tracks: dict[str, Track] = {}
        self._backlogs: dict[str, Track] = {}
        # All that run, those included whose speakers have left.
        self._heard: dict[Track, asyncio.Task[None]] = {}
        self._notes: dict[str, str] = {}  # of the engines, by the speaker's id
        self._running: asyncio.TaskGroup | None = None
        self._closing = asyncio.Event()
        self._limit: asyncio.Timeout | None = None
        self._loop = asyncio.get_running_loop()

    @property
    def now(self) -> float:
        """Seconds since the call began."""
        return self._loop.time() - self._began

    def hear(self, heard: Heard) -> None:
        """Take what a source heard; never waits. After `close` nothing is heard any more."""
        if self._closing.is_set():
            return
        track = self._tracks.get(heard.speaker.id)
        if isinstance(heard, Left):
            if track is not None:
                track.close()
                del self._tracks[heard.speaker.id]
            return
        if track is None:
            track = Track(
                heard.speaker,
                call=self,
                pool=self._pool,
                language=self._language,
                metrics=self._metrics,
                gate=self._gate() if self._gate else None,
            )
            self._tracks[heard.speaker.id] = track
            if self._running is not None:
                self._start(track, self._running)
        track.hear(heard)

    def hush(self, speaker: Speaker) -> None:
        """Somebody wants to be heard no more: what nobody has read of them is neither shown nor marked.

        What comes of them after that is heard as if they had just come.
        """
        for tracks in (self._tracks, self._backlogs):
            tracks.pop(speaker.id, None)
        for track, task in self._heard.items():  # those as well that only see their last words out
            if track.speaker.id == speaker.id:
                track.hush()
                task.cancel()

    def close(self, patience: float = PATIENCE) -> None:
        """The sources have ended: `run` ends after the last words, which may take `patience` seconds.

        Called again, the smaller patience counts.
        """
        self._patience = min(self._patience, patience)
        self._until = min(self._until, self._loop.time() + patience)
        if self._limit is not None:
            self._limit.reschedule(min(self._limit.when() or inf, self._loop.time() + patience))
        self._closing.set()

    def waiting(self, speaker: Speaker) -> float:
        """Seconds of a speaker's audio that nobody has taken yet: a source that replays should wait."""
        track = self._tracks.get(speaker.id)
        return 0.0 if track is None else track.waiting

    async def run(self) -> None:
        """Caption until `close`, then see the last words out.

        Cancelling is the same without patience: what was not settled is not shown. A bug in a track or an
        outlet ends the session with an ExceptionGroup.
        """
        async with asyncio.TaskGroup() as publishing:
            for publisher in self._publishers:
                publishing.create_task(publisher.run(), name="publisher")
            try:
                await self._tracks_to_their_end()
            finally:
                for publisher in self._publishers:
                    publisher.close(max(FAREWELL, min(LAST_SHOW, self._until - self._loop.time())))

    async def _tracks_to_their_end(self) -> None:
        try:
            async with asyncio.timeout(None) as patience, asyncio.TaskGroup() as tracks:
                self._running = tracks
                for track in self._tracks.values():
                    self._start(track, tracks)
                await self._closing.wait()
                for track in self._tracks.values():
                    track.close()
                for track in self._heard:
                    track.end()
                patience.reschedule(self._loop.time() + self._patience)
                self._limit = patience
        except TimeoutError:
            log.warning("session.impatient", extra={"tracks": len(self._tracks)})
        finally:
            self._running = self._limit = None

    def _start(self, track: Track, group: asyncio.TaskGroup) -> None:
        self._heard[track] = task = group.create_task(track.run(), name="track")
        task.add_done_callback(lambda _: self._forget(track))
        if self._closing.is_set():
            track.end()

    def _forget(self, track: Track) -> None:
        self._heard.pop(track, None)
        if self._backlogs.get(track.speaker.id) is track:
            del self._backlogs[track.speaker.id]

    # What a track needs of its call

    def show(self, caption: Caption) -> None:
        lateness = max(0.0, self.now - caption.end) if caption.text else None
        if lateness is not None:
            self._metrics.caption_lateness["final" if caption.final else "interim"].observe(lateness)
            if caption.final:
                self._metrics.captions.inc()
        shown = self.board.partials.get(caption.speaker.id)
        if shown is not None and shown.text == caption.text:
            # The words were there already: only their mark is new, and readers did not wait for it.
            lateness = None
        self.board.show(caption, lateness)

    def mark(self, gap: Gap) -> None:
        self.board.mark(gap)

    def commit(self, speaker: Speaker) -> Caption | None:
        shown = self.board.partials.get(speaker.id)
        if shown is None:
            return None
        kept = replace(shown, final=True, stable=len(shown.text))
        self.board.show(kept)
        return kept

    def streamed(self, seconds: float) -> None:
        self.paid += seconds

    def catch_up(self, speaker: Speaker, backlog: Tape) -> None:
        before = self._backlogs.get(speaker.id)
        if before is not None and before.catch_up(backlog):
            return
        track = Track(
            speaker,
            call=self,
            pool=self._pool,
            language=self._language,
            metrics=self._metrics,
            backlog=backlog,
        )
        track.close()
        self._backlogs[speaker.id] = track
        if self._running is not None:
            self._start(track, self._running)

    def notify_engine(self, speaker: Speaker, note: str | None) -> None:
        if note is None:
            self._notes.pop(speaker.id, None)
        else:
            self._notes[speaker.id] = note
        # One is enough: they say the same of the same engine.
        self.notify("engine", next(iter(self._notes.values()), None))

    def notify(self, key: str, sentence: str | None) -> None:
        self.board.notify(key, sentence)
