"""All calls of one bot: at most one in a server, because a bot is in at most one voice channel there."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

from bots.discord import notices
from bots.discord.book import Book, Mark, space
from bots.discord.call import DiscordCall
from bots.discord.closing import follow, keep_in
from bots.discord.ending import farewell
from bots.discord.house import House, guarded
from bots.discord.setup import GuildSetup
from bots.discord.sharing import Sharing
from bots.discord.starting import allow, marked, resumed, terms
from bots.discord.statuses import Statuses
from bots.discord.where import announce, chosen, opened
from bots.discord.wish import Chat, Terms, Voice, Wish
from core.errors import RecordAway, UserError
from core.record.secretary import Secretary

log = logging.getLogger(__name__)

BEAT = 300.0
"""Seconds between two signs of life of a running call."""

FAREWELL = 5.0
"""Seconds to say good-bye on Discord when Spokenly is stopped."""


class Calls:
    """Starts calls, finds them, and knows how every server is set up and who is not to be captioned.

    Use as an async context. Leaving it leaves every voice channel; the calls that ran stay marked, to be
    joined again (`resume`).
    """

    def __init__(self, house: House, book: Book) -> None:
        self.house = house
        self.book = book
        self.secretary: Secretary | None = house.secretary
        """Who keeps records; None where Spokenly keeps none (SPOKENLY_KEEP=never)."""
        self.begun: Callable[[DiscordCall], None] = lambda _call: None
        """Told of every call that has begun."""
        self.sharing = Sharing(house, book, self.spawn)
        self._statuses = Statuses(house.client)
        self._calls: dict[int, DiscordCall] = {}
        self._starting: dict[int, DiscordCall] = {}
        self._ends: dict[DiscordCall, asyncio.Task[None]] = {}
        self._begins: set[asyncio.Task[Any]] = set()
        self._tasks = asyncio.TaskGroup()
        self._beating: asyncio.Task[None] | None = None
        self._closing = False

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._beating = self._tasks.create_task(self._beat(), name="discord beat")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        if self._beating is not None:
            self._beating.cancel()
        await self.sharing.close()
        deadline = asyncio.get_running_loop().call_later(self.house.settings.drain, self._hurry)
        try:
            for call in tuple(self._calls.values()):
                self._tasks.create_task(self._rest(call), name="discord rest")
            await self._tasks.__aexit__(kind, error, trace)
        finally:
            deadline.cancel()

    def _hurry(self) -> None:
        for task in (*self._ends.values(), *self._begins):
            task.cancel()

    # What commands and buttons ask

    async def start(self, wish: Wish) -> DiscordCall:
        """Join and caption; returns when the bot is in the channel and hears.

        Raises `UserError` with a sentence for whoever asked.
        """
        setup = self.setup(wish.channel.guild.id)
        allow(wish, setup)
        place = chosen(wish, setup.where)
        threaded = (setup.where if wish.where is None else wish.where) == "thread"
        async with self._beginning(wish.channel, terms(wish, setup, self.house, place)) as call:
            days = setup.days(self.house.settings.retention_days)
            target = await opened(place, call.channel, call.began, threaded=threaded)
            keeps, private = call.record is not None, call.private
            await announce(call.channel, target, keeps=keeps, days=days, private=private)
            call.showing.open(target)
        return call

    def of(self, guild: int) -> DiscordCall | None:
        """The call that runs in a server."""
        return self._calls.get(guild)

    def beginning(self, guild: int) -> DiscordCall | None:
        """The call that is just being started in a server; who ends it now never sees it begin."""
        return self._starting.get(guild)

    def busy(self, guild: int) -> bool:
        """Whether a call runs in a server, or begins, or ends."""
        return guild in {*self._calls, *self._starting, *(call.channel.guild.id for call in self._ends)}

    def running(self) -> tuple[DiscordCall, ...]:
        """All that run."""
        return tuple(self._calls.values())

    def setup(self, guild: int) -> GuildSetup:
        """How a server is set up."""
        return self.book.setup(guild)

    async def change_setup(self, guild: int, setup: GuildSetup) -> None:
        """From now on a server is set up so. Raises `UserError` when it can't be kept now."""
        try:
            await self.book.set_up(guild, setup)
            if self.secretary is not None:
                await self.secretary.store.set_retention(space(guild), setup.retention_days)
        except RecordAway as error:
            raise UserError(f"That can't be kept now: {error} Try again in a minute.") from error

    def opted_out(self, guild: int) -> frozenset[int]:
        """Who is not to be captioned in a server, by Discord's ids."""
        return frozenset(self.book.left_out(guild))

    def leave_out(self, guild: int, user: int) -> None:
        """Caption somebody no more from this moment on; `opt_out` writes it down too."""
        self.book.left_out(guild).add(user)
        if (call := self.of(guild)) is not None:
            call.drop(user)

    async def opt_out(self, guild: int, user: int) -> None:
        """Caption somebody no more, from this moment and in every later call, until `opt_in`.

        Raises `UserError` when it holds only until Spokenly is restarted, because it can't be kept now.
        """
        self.leave_out(guild, user)
        await self.book.leave_out(guild, user)

    async def opt_in(self, guild: int, user: int) -> None:
        """Caption somebody again. Raises `UserError` when that can't be kept now; then nothing changed."""
        await self.book.take_in(guild, user)
        if (call := self.of(guild)) is not None:
            call.look()

    def forget(self, user: int) -> None:
        """Take back what somebody said, in all calls that run or are just ending."""
        for call in {*self._calls.values(), *self._ends}:
            if not call.forget(user):
                self.spawn(call.showing.settle(call.board))

    # What Discord and a restart do

    async def resume(self, mark: Mark, channel: Voice, place: Chat) -> DiscordCall:
        """Join a call again that ran when Spokenly stopped. Raises `UserError`."""
        terms = await resumed(mark, self.house, self.book.heard_in(mark.record or ""))
        async with self._beginning(channel, terms) as call:
            call.showing.open(place)
        return call

    def spawn(self, work: Coroutine[Any, Any, object]) -> None:
        """Have something done beside; a bug in it is loud and ends nothing else."""
        self._tasks.create_task(guarded(work), name="discord beside")

    def moved(self, call: DiscordCall, channel: Voice) -> None:
        """The bot was moved to another voice channel."""
        before, unshared = call.channel, self.sharing.moved(call, channel)
        if follow(call, channel, self.end, unshared=unshared):
            self.spawn(self._follow(call, before))

    async def _follow(self, call: DiscordCall, before: Voice) -> None:
        await self.book.heard(before.guild.id, call.record, call.heard_in)
        await self._mark(call)
        await self._statuses.show(before, on=False)
        await self._statuses.show(call.channel, on=True)

    @asynccontextmanager
    async def _beginning(self, channel: Voice, terms: Terms) -> AsyncIterator[DiscordCall]:
        """A call that hears; the body finds it a place. What fails is undone."""
        guild = channel.guild.id
        if self.of(guild) is not None:
            raise UserError("Captions run in this server already: a bot can hear one channel of it.")
        if guild in self._starting:
            raise UserError("Captions are just being started here.")
        self._still_open()
        call = DiscordCall(self.house, channel, terms, left_out=self.book.left_out(guild), end=self.end)
        self._starting[guild] = call
        task = asyncio.current_task()
        assert task is not None
        self._begins.add(task)
        begun = False
        try:
            await call.begin(self._tasks)
            self._still_open()
            if call.doomed is not None:
                raise UserError(call.doomed)
            yield call
            self._still_open()
            begun = True
        finally:
            self._begins.discard(task)
            del self._starting[guild]
            if not begun:
                call.abandon()
                await call.leave()
        self._calls[guild] = call
        keep_in(call, self.end)  # its channel may have been closed since the place was chosen
        await self._mark(call)
        self.spawn(self._statuses.show(call.channel, on=True))
        self.begun(call)
        now = call.channel.guild.me.voice
        if now is not None and now.channel is not None and now.channel.id != call.place_id:
            self.moved(call, now.channel)  # while it found its place
        if call.doomed is not None:
            self.end(call, call.doomed)

    def _still_open(self) -> None:
        """Raises `UserError` when Spokenly stops: what begins now would have nobody to end it."""
        if self._closing:
            raise UserError("Spokenly is being restarted: try again in a minute.")

    async def _mark(self, call: DiscordCall) -> None:
        """Remember that it runs."""
        place = call.showing.place
        if call.over or place is None:
            return
        await self.book.mark(call.channel.guild.id, marked(call, place.id))
        await self.book.heard(call.channel.guild.id, call.record, call.heard_in)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            for call in self.running():
                await self._mark(call)

    # The end

    def end(self, call: DiscordCall, why: str) -> asyncio.Task[None] | None:
        """Begin the end of a call, for a reason (a sentence). Asked again, it is the same end."""
        if call in self._ends:
            return self._ends[call]
        call.shut()
        if self._calls.get(call.channel.guild.id) is not call:
            # It is still beginning, or over already.
            call.doomed = call.doomed or why
            return None
        task = self._tasks.create_task(self._finish(call, why), name="discord end")
        self._ends[call] = task
        task.add_done_callback(lambda _: self._ends.pop(call, None))
        return task

    async def _finish(self, call: DiscordCall, why: str) -> None:
        guild = call.channel.guild.id
        place = call.showing.place or call.channel
        try:
            try:
                await self._statuses.show(call.channel, on=False)  # only who is in the channel may
            finally:
                try:
                    await call.leave()
                finally:
                    del self._calls[guild]  # another may begin while this one's last words are heard
                    keeping = await call.finish()
                    self.sharing.ended(call)
            if self.of(guild) is None:
                await self.book.mark(guild, None)
            await farewell(self.house, place, call.channel.mention, why, keeping, lambda: call.forgets)
        except Exception:
            # The bulkhead: what one call ends with must not end the others.
            log.exception("discord.end_bug")
        finally:
            self.sharing.ended(call)

    def drain(self) -> None:
        """Spokenly stops: the pages say so. Last words still come in."""
        for call in self.running():
            call.showing.end(notices.RESTING)

    async def _rest(self, call: DiscordCall) -> None:
        """Leave, and stay marked. The last words of a session that goes on beside are seen out."""
        try:
            async with asyncio.timeout(FAREWELL):
                await self._mark(call)
                await self._statuses.show(call.channel, on=False)
        except TimeoutError:
            log.info("discord.left_without_a_word")
        except Exception:
            # What one call stumbles over must not keep the others from leaving.
            log.exception("discord.rest_bug")
        await call.leave()
        await call.rest()
