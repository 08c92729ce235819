"""Who is in which voice channel: what the fake Discord tells a bot of it, and how it lets one in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import discord
import pytest

from tests.fakes.discord import Channel, FakeDiscord, Guild, Limits
from tests.fakes.discord.client import running
from tests.recordings import tone


class Line(discord.VoiceProtocol):
    """Notes what Discord answers to op 4."""

    def __init__(self, client: discord.Client, channel: discord.abc.Connectable) -> None:
        super().__init__(client, channel)
        self.told: list[tuple[str, Any]] = []

    async def on_voice_state_update(self, data: Any, /) -> None:
        self.told.append(("state", data["channel_id"] and int(data["channel_id"])))

    async def on_voice_server_update(self, data: Any, /) -> None:
        self.told.append(("server", data["endpoint"]))

    async def connect(
        self,
        *,
        timeout: float,  # noqa: ASYNC109 - discord.py gives it so
        reconnect: bool,
        self_deaf: bool = False,
        self_mute: bool = False,
    ) -> None:
        assert isinstance(self.channel, discord.VoiceChannel | discord.StageChannel)
        await self.channel.guild.change_voice_state(
            channel=self.channel, self_mute=self_mute, self_deaf=self_deaf
        )
        await asyncio.sleep(1)

    async def disconnect(self, *, force: bool) -> None:
        assert isinstance(self.channel, discord.VoiceChannel | discord.StageChannel)
        await self.channel.guild.change_voice_state(channel=None)
        self.cleanup()


class Client(discord.Client):
    """Notes how people come, go and change."""

    def __init__(self, fake: FakeDiscord) -> None:
        intents = discord.Intents(guilds=True, voice_states=True)
        super().__init__(intents=intents, connector=fake.connector())
        self.seen: list[str] = []

    async def on_voice_state_update(
        self, member: discord.Member, before: discord.VoiceState, after: discord.VoiceState
    ) -> None:
        changed = [
            name
            for name in ("mute", "self_mute", "deaf", "self_deaf", "self_video", "suppress")
            if getattr(before, name) != getattr(after, name)
        ]
        where = after.channel.name if after.channel else None
        hand = ["hand"] if after.requested_to_speak_at else []
        self.seen.append(" ".join([member.display_name, str(where), *changed, *hand]))


@asynccontextmanager
async def home(limits: Limits | None = None) -> AsyncIterator[tuple[FakeDiscord, Client, Guild]]:
    async with FakeDiscord(limits=limits) as fake:
        guild = fake.guild()
        async with running(Client(fake), fake) as client:
            yield fake, client, guild


async def join(client: Client, channel: Channel) -> Line:
    await asyncio.sleep(0.1)
    found = client.get_channel(channel.id)
    assert isinstance(found, discord.VoiceChannel | discord.StageChannel)
    return await found.connect(cls=Line)


def kinds(line: Line) -> list[str]:
    return [kind for kind, _ in line.told]


async def test_the_bot_is_told_its_state_then_its_server() -> None:
    async with home() as (fake, client, guild):
        lounge = guild.voice()
        line = await join(client, lounge)
        state, server = line.told
        assert state == ("state", lounge.id)
        assert server[0] == "server"
        assert server[1].endswith(f".discord.media:{fake.voice.port}")
        assert guild.bot_in == lounge
        await line.disconnect(force=True)
        await asyncio.sleep(1)
        assert kinds(line) == ["state", "server"]
        assert guild.bot_in is None


async def test_the_order_can_be_the_other_way_round_and_the_endpoint_can_be_missing() -> None:
    async with home() as (fake, client, guild):
        fake.rooms.server_first = True
        fake.rooms.away = True
        line = await join(client, guild.voice())
        assert [kind for kind, _ in line.told] == ["server", "state"]
        assert line.told[0] == ("server", None)
        fake.rooms.away = False
        fake.rooms.tell_server(guild.id)
        await asyncio.sleep(1)
        assert line.told[2][1] is not None


@pytest.mark.parametrize("why", ["full", "no permission", "not seen", "silent"])
async def test_who_is_not_let_in_is_not_answered(why: str) -> None:
    async with home() as (fake, client, guild):
        lounge, ann = guild.voice(limit=1), guild.member("Ann")
        await asyncio.sleep(0.1)
        if why == "full":
            guild.bot("move_members", "manage_channels", allow=False)
            await ann.join(lounge)
        elif why == "silent":
            fake.rooms.silent = True
        else:
            lounge.deny(None, "connect" if why == "no permission" else "view_channel")
        found = client.get_channel(lounge.id)
        assert isinstance(found, discord.VoiceChannel)
        line = await found.connect(cls=Line)
        assert line.told == []
        assert len(fake.rooms.asked_for) == 1


async def test_who_may_move_people_finds_room_in_a_full_channel() -> None:
    async with home() as (_, client, guild):
        lounge = guild.voice(limit=1)
        await guild.member("Ann").join(lounge)
        assert kinds(await join(client, lounge)) == ["state", "server"]


@pytest.mark.parametrize("again", [False, True])
async def test_asking_for_the_channel_one_is_in_already(again: bool) -> None:
    async with home() as (fake, client, guild):
        fake.rooms.again = again
        lounge = guild.voice()
        line = await join(client, lounge)
        await line.connect(timeout=1, reconnect=False)
        assert kinds(line)[2:] == (["state", "server"] if again else ["state"])


async def test_a_moderator_moves_and_disconnects_the_bot() -> None:
    async with home() as (_, client, guild):
        one, two = guild.voice("one"), guild.voice("two")
        line = await join(client, one)
        guild.move_bot(two)
        await asyncio.sleep(1)
        assert line.told[2] == ("state", two.id)
        assert line.told[3][0] == "server"
        guild.disconnect_bot()
        await asyncio.sleep(1)
        assert line.told[4:] == [("state", None)]


async def test_a_deleted_channel_puts_everybody_out() -> None:
    async with home() as (fake, client, guild):
        lounge, ann = guild.voice(), guild.member("Ann")
        line = await join(client, lounge)
        await ann.join(lounge)
        guild.delete(lounge)
        await asyncio.sleep(1)
        assert line.told[2:] == [("state", None)]
        assert fake.state.guilds[guild.id].voice_states == {}
        assert ann.person.channel is None


async def test_people_come_go_mute_and_film_with_their_names() -> None:
    async with home() as (_, client, guild):
        lounge, other = guild.voice("Lounge"), guild.voice("Other")
        ann = guild.member("Ann", nick="Ännchen")
        await asyncio.sleep(0.1)
        await ann.join(lounge, muted=True)
        await asyncio.sleep(0.1)
        dark, hushed = partial(ann.camera, on=False), partial(ann.in_voice, mute=True)
        for step in (ann.unmute, ann.camera, dark, hushed):
            step()
            await asyncio.sleep(0.1)
        await ann.join(other)
        await asyncio.sleep(0.1)
        await ann.leave()
        await asyncio.sleep(0.1)
        assert client.seen == [
            "Ännchen Lounge",
            "Ännchen Lounge self_mute",
            "Ännchen Lounge self_video",
            "Ännchen Lounge self_video",
            "Ännchen Lounge mute",
            "Ännchen Other",
            "Ännchen None",
        ]


async def test_on_a_stage_one_listens_until_one_comes_forward() -> None:
    async with home() as (_, client, guild):
        stage, ann = guild.stage(), guild.member("Ann")
        await asyncio.sleep(0.1)
        await ann.join(stage)
        assert ann.person.muted
        await asyncio.sleep(0.1)
        ann.camera()
        await asyncio.sleep(0.1)
        assert not stage.speakers[ann.id].self_mute
        ann.camera(on=False)
        await asyncio.sleep(0.1)
        ann.raise_hand()
        await asyncio.sleep(0.1)
        ann.come_forward()
        assert not ann.person.muted
        await asyncio.sleep(0.1)
        assert client.seen == [
            "Ann Stage",
            *["Ann Stage self_video"] * 2,
            "Ann Stage hand",
            "Ann Stage suppress",
        ]


async def test_the_bot_asks_to_speak_and_comes_forward_with_permission_only() -> None:
    async with home() as (_, client, guild):
        stage = guild.stage()
        await join(client, stage)
        me = client.guilds[0].me
        assert me.voice is not None
        assert me.voice.suppress
        await me.request_to_speak()
        await me.edit(suppress=False)
        await asyncio.sleep(1)
        assert not me.voice.suppress
        await me.edit(suppress=True)
        guild.bot("mute_members", allow=False)
        await asyncio.sleep(1)
        with pytest.raises(discord.Forbidden):
            await me.edit(suppress=False)


async def test_a_bot_that_comes_later_learns_who_is_there() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        lounge, ann = guild.voice(), guild.member("Ann")
        await ann.join(lounge, muted=True)
        async with running(Client(fake), fake) as client:
            channel = client.get_channel(lounge.id)
            assert isinstance(channel, discord.VoiceChannel)
            assert [one.display_name for one in channel.members] == ["Ann"]
            (member,) = channel.members
            assert member.voice is not None
            assert member.voice.self_mute


async def test_a_bot_that_logs_off_leaves_and_one_that_was_cut_off_leaves_later() -> None:
    async with FakeDiscord(limits=Limits(resume=60)) as fake:
        guild = fake.guild()
        lounge = guild.voice()
        async with running(Client(fake), fake) as client:
            await join(client, lounge)
            fake.gateway.drop()
            await asyncio.sleep(5)
            assert fake.gateway.resumed == 1
            assert guild.bot_in == lounge
        await asyncio.sleep(1)
        assert guild.bot_in is None
        async with running(Client(fake), fake) as client:
            await join(client, lounge)
            fake.gateway.refuse.extend([503] * 100)
            fake.gateway.drop()
            await asyncio.sleep(59)
            assert guild.bot_in == lounge
            await asyncio.sleep(2)
            assert guild.bot_in is None
            fake.gateway.refuse.clear()


async def test_what_somebody_says_goes_to_the_voice_server() -> None:
    async with home() as (fake, _, guild):
        lounge = guild.voice()
        ann, ben = guild.member("Ann"), guild.member("Ben")
        await ann.join(lounge)
        await ben.join(lounge)
        await ann.say(tone(0.2, 48_000).tobytes())
        await asyncio.sleep(0.1)
        assert len(fake.voice.people[ben.id].heard[ann.id]) == 15
        ann.in_voice(mute=True)
        await ann.say(tone(0.2, 48_000).tobytes())
        assert len(fake.voice.people[ben.id].heard[ann.id]) == 15
