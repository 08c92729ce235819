"""One captioned call: from the voice channel to the page that people read, and to its end."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Collection
from datetime import UTC, datetime

import discord

from bots.discord import notices
from bots.discord.ears import Ears
from bots.discord.guests import Guests, identity
from bots.discord.house import House, Line
from bots.discord.keeping import Keeping
from bots.discord.setup import Keep
from bots.discord.showing import Showing
from bots.discord.translations import en
from bots.discord.voice.listener import Gone, Phase, Reason, Standing
from bots.discord.where import wider
from bots.discord.wish import Chat, Status, Terms, Voice
from core.audio.frame import Speaker
from core.captions.board import Board
from core.errors import UserError
from core.record.kept import Opening
from core.session import Session

log = logging.getLogger(__name__)

RESTART = 3.0
"""Seconds between two starts of a session that bugs keep ending."""

EXPLAIN = 30.0
"""Seconds that people are told of what is over: a fault, a move."""


class DiscordCall:
    """A call that is captioned, from `Calls.start` until `stop`. It is the `Listener` of its voice line."""

    def __init__(
        self,
        house: House,
        channel: Voice,
        terms: Terms,
        *,
        left_out: Collection[int],
        end: Callable[["DiscordCall", str], asyncio.Task[None] | None],
    ) -> None:
        """`left_out` may change at any time. `end` begins the end of the call, for a reason (a sentence)."""
        self._channel = channel
        self.heard_in = terms.heard_in or (channel.id,)
        """The ids of the voice channels that it was in, this one among them."""
        self.board = Board()
        self.language, self.private, self.wide = terms.language, terms.private, terms.wide
        self.keep: Keep = terms.keep
        self.began, self.started_by, self.record = terms.began, terms.started_by, terms.record
        """The wall clock's time at second 0; Discord's id of who asked, if somebody did; its record's key."""
        self.over = False
        """It ends, or has ended."""
        self.showing = Showing(house.post, self._spare, self._give_up)
        self.forgets = 0
        """How often somebody has taken back what they said."""
        self.doomed: str | None = None
        """Why it must end as soon as it has begun."""
        self._house, self._terms, self._left_out, self._end = house, terms, left_out, end
        self._guests = Guests(channel.guild.id, house.client)
        self._key = secrets.token_hex(8)  # calls of one server may overlap while the earlier one ends
        self._ears = Ears(
            self._listening, self._guests.meet, self._deafness, left_out=left_out, bot=self._guests.is_bot
        )
        self.welcome, self.hear, self.lost = self._ears.welcome, self._ears.hear, self._ears.lost
        self.left, self.deaf = self._ears.left, self._ears.deaf
        self._keeping: Keeping | None = None
        self._line: Line | None = None
        self._session: Session | None = None
        self._sessions, self._started = 0, 0.0
        self._quiet = asyncio.Event()  # no session runs
        self._phase = Phase.CONNECTING
        self._paused_by: str | None = None
        self._zero = asyncio.get_running_loop().time() - (datetime.now(UTC) - terms.began).total_seconds()

    @property
    def channel(self) -> Voice:
        """Where people talk; the bot may be moved."""
        # Discord's session may have begun anew, with new objects for the same channels.
        now = self._house.client.get_channel(self._channel.id)
        if isinstance(now, discord.VoiceChannel | discord.StageChannel):
            self._channel = now
        return self._channel

    @property
    def place_id(self) -> int:
        """The id of the voice channel."""
        return self._channel.id

    @property
    def paused(self) -> bool:
        """Nothing is heard, until `resume`."""
        return self._paused_by is not None

    # Its life, as `Calls` leads it

    async def begin(self, tasks: asyncio.TaskGroup) -> None:
        """Join and hear; `tasks` own what that takes. Raises `UserError`; then `abandon` it."""
        self._start()
        secretary = self._house.secretary
        if self.keep == "transcript" and self.record is not None and secretary is not None:
            self._keeping = Keeping(secretary, self._opening(self.record), self.board, self._terms.first)
        if self._terms.lost:
            self.board.notify(notices.LOST, notices.RECORD_LOST)
        if self.private:
            self.board.notify(notices.PRIVATE, en.PRIVATE)
        self._line = await self._house.join(self._channel, self, tasks, lambda: self._give_up(notices.BROKEN))
        self.look()

    def _opening(self, key: str) -> Opening:
        guild = self.channel.guild
        title = f"{guild.name}: {self.channel.name}"
        return Opening(key, f"discord:{guild.id}", title, self.began, self.language, self._house.engine)

    async def leave(self) -> None:
        """Leave the voice channel."""
        line, self._line = self._line, None
        if line is not None:
            await line.disconnect()

    async def finish(self) -> Keeping | None:
        """See the last words and the last page out. Returns what keeps the record, if anything does."""
        self.shut()
        self.showing.end(notices.OVER)
        if self._session is not None:
            self._session.close()
            await self._quiet.wait()
        return self._keeping

    def shut(self) -> None:
        """From this moment nobody is heard; what was said until now is settled."""
        self.over = self._ears.shut = True
        self._ears.hush()

    async def rest(self) -> None:
        """See the last words out, and the record; the call may go on when the bot has begun anew."""
        self.shut()
        self.showing.end(notices.RESTING)
        if self._session is not None:
            self._session.close(self._house.settings.drain)
            await self._quiet.wait()
        if self._keeping is not None:
            await self._keeping.finish()

    def abandon(self) -> None:
        """It could not begin."""
        self.over = self._ears.shut = True
        self.showing.close()
        if self._session is not None:
            self._session.close(0.0)
        if self._keeping is not None:
            self._keeping.close()

    # What people do

    def close(self, by: str | None) -> asyncio.Task[None] | None:
        """Begin its end, and hear nobody any more. `by`: the name of who asked, for people; None: nobody."""
        return self._end(self, notices.stopped(by))

    async def stop(self, by: str | None) -> None:
        """`close` it; returns when last words, last page, the record and the recap are posted."""
        if (end := self.close(by)) is not None:
            await asyncio.wait([end])

    def pause(self, by: str) -> None:
        """Hear nobody until `resume`; `by` is shown."""
        self._paused_by, self._ears.shut = by, True
        self._ears.hush()
        self.board.notify(notices.PAUSED, notices.paused(by))

    def resume(self) -> None:
        """Go on after a pause."""
        self._paused_by, self._ears.shut = None, self.over
        self.board.notify(notices.PAUSED, None)

    def status(self) -> Status:
        """How it is doing."""
        return Status(
            engine=self._house.engine,
            since=self.began,
            state=notices.state(self._phase, self._paused_by),
            heard=tuple(speaker.name for speaker in self._ears.heard.values()),
            deaf=self._ears.deaf_to,
            left_out=self._out(),
            lateness=self.board.lateness,
            dropped=sum(self._ears.dropped.values()),
            posted="" if self.showing.place is None else self.showing.place.mention,
        )

    # What Discord tells

    def standing(self, standing: Standing) -> None:
        """How the voice line stands."""
        if isinstance(standing, Gone):
            if standing.reason is not Reason.LEFT and not self.over:
                self._end(self, notices.gone(standing))
            return
        self._phase = standing
        self.board.notify(notices.LINE, notices.standing(standing))

    def moved(self, channel: Voice, *, unshared: bool = False) -> None:
        """The bot was moved to another voice channel; it goes on there. `unshared`: shown nowhere else."""
        before, self._channel, self.wide = self._channel, channel, False
        self.heard_in = tuple(dict.fromkeys((*self.heard_in, channel.id)))
        place, why = self.showing.place, notices.moved(channel.name)
        away = place is not None and wider(place, channel)
        if place is not None and (away or place.id == before.id):
            self.showing.move(channel, self.board, notices.KEPT_IN if away else why)
        self.explain(notices.MOVED, f"{why} {notices.UNSHARED}" if unshared else why)
        self.look()

    def look(self) -> None:
        """Look who is in the channel: somebody came or left, or wants to be left out."""
        out = notices.left_out(self._out())
        self.board.notify(notices.OUT, out and notices.OUT_ELSEWHERE, inside=out)

    def drop(self, user: int) -> None:
        """Somebody does not want to be captioned any more: what nobody has read of them never appears."""
        if self._session is not None and (speaker := self._ears.heard.get(user)) is not None:
            self._session.hush(speaker)
        if self._line is not None:
            self._line.hush(user)
        self._ears.left(user)
        self.look()

    def forget(self, user: int) -> bool:
        """Take back what somebody said until now. False: nothing shows its pages any more; `settle` them."""
        self.drop(user)
        self.forgets += 1
        self.showing.erase(identity(user))
        self.board.erase(identity(user))
        return self._session is not None

    def _out(self) -> tuple[str, ...]:
        present = self.channel.voice_states
        return tuple(self._guests.name(user) for user in present if user in self._left_out)

    def _deafness(self, _speaker: Speaker, _deaf: bool) -> None:
        self.board.notify(notices.DEAF, notices.unheard(self._ears.deaf_to))

    def _spare(self) -> Chat | None:
        """Another place when the present one is gone: the voice channel's own chat."""
        place = self.showing.place
        return None if place is None or place.id == self.channel.id else self.channel

    def _give_up(self, why: str) -> None:
        # What nobody can see must not be listened to.
        if not self.over:
            self._end(self, why)

    # Its sessions: one, unless a bug ends it

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        self._started = loop.time()
        self._session = self._house.switchboard.start(
            f"discord:{self._key}:{self._sessions}",
            self.board,
            began=self._zero,
            language=self.language,
            outlets=(self.showing,),
            ended=self._session_ended,
        )
        self._sessions += 1
        self._quiet.clear()

    def _session_ended(self) -> None:
        self._session = None
        self._quiet.set()
        if notices.BUG in self.board.notices:
            self.board.notify(notices.BUG, notices.STUMBLED)

    def _listening(self) -> Session | None:
        """The session that hears. One that a bug has ended begins anew, but not in a rush."""
        if self._session is None and not self.over and self._sessions:
            loop = asyncio.get_running_loop()
            if loop.time() - self._started > RESTART:
                try:
                    self._start()
                except UserError:
                    self._started = loop.time()
                    return None
                self.explain(notices.BUG, notices.STUMBLED)
        return self._session

    def explain(self, key: str, sentence: str) -> None:
        """Tell people something for a while, or until there is something newer to tell."""

        def over() -> None:
            if self.board.notices.get(key) == sentence:
                self.board.notify(key, None)

        self.board.notify(key, sentence)
        asyncio.get_running_loop().call_later(EXPLAIN, over)
