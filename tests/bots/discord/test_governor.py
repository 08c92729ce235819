"""One governor for everything that a bot token sends."""

import asyncio
from collections import Counter

import discord
import pytest

from bots.discord.chat import ChatPlace
from bots.discord.governor import LANES, Governor, Route
from bots.discord.outlet import ChatPages
from bots.discord.pace import Answer, Lane
from core.captions.board import Board
from core.captions.caption import Caption
from core.captions.publisher import Publisher
from core.errors import OutletBusy
from tests.bots.discord.chatroom import ANN, room
from tests.fakes.discord import Http, Slow

EDIT = Route.of("PATCH", "/channels/100000000000000001/messages/200000000000000002")


@pytest.mark.parametrize(
    ("method", "path", "kind", "major"),
    [
        ("PATCH", "/api/v10/channels/123456/messages/777777", "PATCH /channels/:id/messages/:id", "123456"),
        ("POST", "/channels/123456/messages", "POST /channels/:id/messages", "123456"),
        ("GET", "/api/v10/guilds/123456/members/999999", "GET /guilds/:id/members/:id", "123456"),
        ("POST", "/webhooks/123456/tok-en", "POST /webhooks/:id/:token", "123456/tok-en"),
        (
            "PATCH",
            "/webhooks/123456/t/messages/@original",
            "PATCH /webhooks/:id/:token/messages/@original",
            "",
        ),
        ("POST", "/interactions/123456/tok/callback", "POST /interactions/:id/:token/callback", ""),
        ("GET", "/", "GET /", ""),
        ("GET", "/users/@me", "GET /users/@me", ""),
    ],
)
def test_a_route_is_what_discord_counts_by(method: str, path: str, kind: str, major: str) -> None:
    route = Route.of(method, path)
    assert route.kind == kind
    assert route.major == (major or route.major)
    assert route.counts == (":token" not in kind)


async def test_limits_that_one_channel_taught_are_known_in_the_next() -> None:
    governor = Governor()
    lane = Lane(flying=1)
    governor.learn(EDIT, lane, Answer("hash", 2, 1, 5.0), 0.0)
    other = Route(EDIT.kind, "42")
    for _ in range(2):
        with governor.passage(other, "ben", urgent=True):
            pass
    shared = governor._shared(other, 0.0)
    assert shared.lane.limit == 2
    assert governor._shared(EDIT, 0.0).lane is lane


async def test_two_routes_of_one_bucket_share_its_limit() -> None:
    governor = Governor()
    delete = Route("DELETE /channels/:id/messages/:id", EDIT.major)
    governor.learn(EDIT, governor._shared(EDIT, 0.0).lane, Answer("hash", 5, 4, 5.0), 0.0)
    governor.learn(delete, governor._shared(delete, 0.0).lane, Answer("hash", 5, 3, 4.9), 0.0)
    assert governor._shared(delete, 0.0).lane is governor._shared(EDIT, 0.0).lane
    assert governor._shared(EDIT, 0.0).lane.left == 3
    assert governor._shared(EDIT, 0.0).lane.flying == 0


async def test_a_request_that_was_never_sent_holds_nothing() -> None:
    governor = Governor()
    with pytest.raises(RuntimeError), governor.passage(EDIT, "ann", urgent=True):
        raise RuntimeError
    assert governor._shared(EDIT, 0.0).lane.flying == 0


async def test_limits_of_channels_long_gone_are_forgotten() -> None:
    governor = Governor()
    for number in range(LANES * 2):
        assert governor.wait(Route(EDIT.kind, str(number)), "ann", urgent=True) == 0
    assert len(governor._lanes) <= LANES


async def test_calls_that_fill_the_whole_bots_limit_share_it_fairly_and_without_a_refusal() -> None:
    async with room() as here:
        chats = [here.guild.text(f"c{number}") for number in range(50)]
        await asyncio.sleep(1)
        board = Board()
        publishers = []
        async with asyncio.TaskGroup() as group:
            for channel in chats:
                chat = here.client.get_channel(channel.id)
                assert isinstance(chat, discord.TextChannel)
                publishers.append(Publisher(board, ChatPages(ChatPlace(chat, here.governor))))
                group.create_task(publishers[-1].run())
            for number in range(16):
                board.show(Caption(ANN, 0, 1, f"w{number}", final=number % 4 == 0))
                await asyncio.sleep(0.5)
            for publisher in publishers:
                publisher.close()
        edits = Counter(len(channel.posted[0].edits) for channel in chats)
        assert max(edits) - min(edits) <= 3
        assert sum(count * times for count, times in edits.items()) > 250  # in 8 s
        assert here.governor.refused == 0


async def test_a_refusal_freezes_only_the_limit_that_it_names() -> None:
    async with room() as here:
        other = here.guild.text("other")
        await asyncio.sleep(1)
        chat = here.client.get_channel(other.id)
        assert isinstance(chat, discord.TextChannel)
        beside = ChatPages(ChatPlace(chat, here.governor))
        await here.show()
        await beside.show(here.board)
        here.fake.rest.faults.add(Http(429, retry_after=20.0), f"PATCH /channels/{here.channel.id}/**")
        await asyncio.sleep(1)
        here.say("hello")
        with pytest.raises(OutletBusy):
            await here.pages.show(here.board)
        await beside.show(here.board)
        assert "hello" in other.posted[0].content


async def test_requests_of_others_are_counted_and_never_held_up() -> None:
    async with room() as here:
        assert isinstance(here.chat, discord.TextChannel)
        note = await here.chat.send("note")
        await here.show()
        for number in range(4):
            await note.edit(content=f"note {number}")
        here.say("hello")
        with pytest.raises(OutletBusy):
            await here.pages.show(here.board)  # the window of this channel's edits is nearly empty
        await here.show()
        assert here.governor.refused == 0
        assert [kept.lane.flying for kept in here.governor._lanes.values()] == [0] * len(here.governor._lanes)


async def test_a_command_is_answered_in_time_while_captions_run_at_full_pace() -> None:
    async with room() as here:
        tree = discord.app_commands.CommandTree(here.client)

        @tree.command()
        async def status(interaction: discord.Interaction) -> None:
            """How it goes."""
            await interaction.response.send_message("fine", ephemeral=True)

        await tree.sync()
        here.fake.rest.faults.add(Slow(0.3), "PATCH /channels/**", times=None)
        ann = here.guild.member("Ann")
        publisher = Publisher(here.board, here.pages)
        async with asyncio.TaskGroup() as group:
            group.create_task(publisher.run())
            for number in range(20):
                here.say(f"w{number}", final=False)
                await asyncio.sleep(0.2)
                answer = await ann.command("status", channel=here.channel)
                assert answer.late is not None
                assert answer.late < 1.0
            publisher.close()
        assert here.governor.refused == 0
