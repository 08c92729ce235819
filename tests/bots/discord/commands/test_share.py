"""`/captions share`, `attach` and `detach`: one call, read in many places, from its command to its end."""

import asyncio
import re
from typing import Any, NoReturn

import pytest

from bots.discord import notices
from bots.discord.notices import OUT_ELSEWHERE, UNSHARED
from bots.discord.outlet import ChatPages
from core.address import ONLY_HERE
from core.bridge import BROKEN, ENDED, MOVED, REVOKED
from core.codes import LIFE, TRIES
from tests.bots.discord.commands.world import World, world
from tests.bots.discord.test_taking_back import move
from tests.bots.meet.house import house
from tests.core.test_bridge import Call
from tests.fakes.discord import Channel, Member
from tests.fakes.engine import speak


async def shared(here: World, by: Member) -> str:
    """The code that somebody is told, privately."""
    answer = await by.command("captions share", channel=here.general)
    assert answer.ephemeral
    found = re.search(r"\*\*([A-Z2-9]{4}-[A-Z2-9]{4})\*\*", answer.text)
    assert found, answer.text
    return found[1]


async def asked(by: Member, name: str, channel: Channel, **options: Any) -> str:
    answer = await by.command(f"captions {name}", options, channel=channel)
    await answer.settle()
    assert answer.ephemeral
    return answer.text


def text(channel: Channel) -> str:
    """All that stands there, without the invisible signs that keep names from being links."""
    return "\n".join(one.content for one in channel.posted).replace("\u200b", "")


async def test_a_call_is_read_in_another_channel_and_in_a_browser_until_it_ends() -> None:
    async with world() as here, house(bridge=here.calls.house.bridge) as h:
        ann = await here.ann()
        other = here.guild.text("other")
        await here.start(ann)
        call = here.call
        answer = await ann.command("captions share", channel=here.general)
        assert f"In a browser: {h.url}/room/" in answer.text
        assert answer.text.endswith(ONLY_HERE), "nobody else can open it"
        h.rooms.address = here.calls.house.bridge.address = "https://captions.example"
        answer = await ann.command("captions share", channel=here.general)
        code = answer.text[-8:]
        assert answer.text.endswith(f"In a browser: https://captions.example/room/{code}")
        ben = await here.person("Ben", there=False)
        assert "can be read here now" in await asked(ben, "attach", other, code=code.lower())
        _, seat = await h.ask("POST", "/api/shared", None, {"code": code})
        assert (seat["title"], seat["from"]) == ("Lounge in Home", "Discord")
        async with h.reader(seat["seat"], of="shared") as browser:
            here.say(ann, "Good morning.")
            await browser.until(lambda r: r.text == "Good morning.")
            await here.until(lambda: "**Ann:** Good morning." in text(other))
            assert "**Lounge in Home**, live from Discord" in text(other)
            assert not other.posted[-1].labels, "whoever reads elsewhere has no buttons of the call"
            told = "this call is shown elsewhere: #other in Home on Discord, a browser."
            await here.until(lambda: told in text(here.general))
            await call.stop("Ann")
            await browser.closed()
            assert browser.why == ENDED
        await here.until(lambda: ENDED in text(other))
        assert text(other).count("Good morning.") == 1


async def test_who_is_left_out_is_named_in_the_call_and_nowhere_else() -> None:
    async with world() as here, house(bridge=here.calls.house.bridge) as h:
        ann, carl = await here.ann(), await here.person("Carl")
        other = here.guild.text("other")
        await here.start(ann)
        await here.calls.opt_out(here.guild.id, carl.id)
        code = await shared(here, ann)
        await asked(ann, "attach", other, code=code)
        _, seat = await h.ask("POST", "/api/shared", None, {"code": code})
        async with h.reader(seat["seat"], of="shared") as browser:
            here.say(ann, "Good morning.")
            await browser.until(lambda r: OUT_ELSEWHERE in r.notices)
            await here.until(lambda: OUT_ELSEWHERE in text(other))
            await here.until(lambda: "Carl is not captioned" in text(here.general))
            assert not any("Carl" in told for told in browser.notices)
        assert "Carl" not in text(other)


async def test_places_of_elsewhere_do_not_go_with_a_call_into_a_closed_channel() -> None:
    async with world() as here, house(bridge=here.calls.house.bridge) as h:
        here.guild.bot("administrator")
        staff, other, third = here.guild.voice("Staff"), here.guild.text("other"), here.guild.text("third")
        staff.deny(here.guild.everybody, "view_channel", "connect")
        ann, boss = await here.ann(), await here.person("Bo", "administrator")
        await ann.command("captions start", {"where": "voice"}, channel=here.general)
        call = here.call
        code = await shared(here, ann)
        await asked(ann, "attach", other, code=code)
        _, seat = await h.ask("POST", "/api/shared", None, {"code": code})
        async with h.reader(seat["seat"], of="shared") as browser:
            here.say(ann, "Good morning.")
            await browser.until(lambda r: r.text == "Good morning.")
            move(here, staff)
            here.say(boss, "We will dismiss Carl.", 9.0)
            await browser.closed()
            assert browser.why == MOVED
            assert browser.text == "Good morning."
            assert not any("Staff" in told for told in browser.notices)
        await here.until(lambda: MOVED in text(other))
        assert "shows no call" in await asked(ann, "attach", third, code=code)
        await here.until(lambda: UNSHARED in text(staff))
        await here.until(lambda: "Carl" in text(staff))
        assert "Carl" not in text(other)
        assert "shown elsewhere" not in text(staff)
        anew = await shared(here, boss)
        await asked(boss, "attach", third, code=anew)
        here.say(boss, "Friends may hear this.", 19.0)
        await here.until(lambda: "Friends may hear this." in text(third))
        await call.stop("Bo")


async def test_places_of_elsewhere_go_with_a_call_into_a_channel_that_everybody_may_enter() -> None:
    async with world() as here:
        ann, other, den = await here.ann(), here.guild.text("other"), here.guild.voice("Den")
        call = await here.start(ann)
        await asked(ann, "attach", other, code=await shared(here, ann))
        move(here, den)
        here.say(ann, "Here we are.")
        await here.until(lambda: "Here we are." in text(other))
        assert UNSHARED not in call.board.notices[notices.MOVED]


async def test_a_move_says_nothing_of_sharing_where_nothing_is_shared() -> None:
    async with world() as here:
        here.guild.bot("administrator")
        ann, staff = await here.ann(), here.guild.voice("Staff")
        staff.deny(here.guild.everybody, "view_channel", "connect")
        await ann.command("captions start", {"where": "voice"}, channel=here.general)
        call = here.call
        await shared(here, ann)
        here.calls.house.bridge.revoke(here.calls.sharing.source(call))
        move(here, staff)
        assert call.board.notices[notices.MOVED] == notices.moved("Staff")


async def test_the_button_ends_the_sharing_for_everybody() -> None:
    async with world() as here:
        ann = await here.ann()
        other = here.guild.text("other")
        await here.start(ann)
        answer = await ann.command("captions share", channel=here.general)
        code = re.findall(r"\*\*(.*?)\*\*", answer.text)[0]
        await asked(ann, "attach", other, code=code)
        here.say(ann, "Before.")
        await here.until(lambda: "Before." in text(other))
        ended = await ann.press(answer.message, "spokenly:unshare")
        assert ended.ephemeral
        assert "shown nowhere else" in ended.text
        await here.until(lambda: REVOKED in text(other))
        here.say(ann, "After.", 2.0)
        await here.until(lambda: "After." in text(here.general))
        assert "After." not in text(other)
        assert "shown elsewhere" not in text(here.general)
        assert "shows no call" in await asked(ann, "attach", other, code=code)


async def test_only_who_started_the_captions_or_manages_shares_them() -> None:
    async with world() as here:
        ann = await here.ann()
        eve, boss = await here.person("Eve"), await here.person("Bo", "manage_channels")
        assert "No captions are running" in await asked(ann, "share", here.general)
        await here.start(ann)
        assert "Only who started the captions" in await asked(eve, "share", here.general)
        await here.go(ann)
        assert "Only who started the captions" in await asked(eve, "share", here.general)
        assert await shared(here, boss)


async def test_a_call_of_elsewhere_is_read_in_a_thread_and_taken_away() -> None:
    async with world() as here:
        ann, eve = await here.ann(there=False), await here.person("Eve", there=False)
        room = Call()
        code = here.calls.house.bridge.share(room)
        assert "No call of elsewhere" in await asked(ann, "detach", here.general)
        assert "“Standup” can be read here now" in await asked(ann, "attach", here.general, code=code.text)
        again = await asked(eve, "attach", here.general, code=code.text)
        assert "shown here already" in again
        room.say("@everyone **bold**")
        await here.until(lambda: "bold" in text(here.general))
        assert not any(one.pinged for one in here.general.posted)
        assert "**bold**" not in text(here.general)
        assert room.told == [["#general in Home on Discord"]]
        assert "Only who brought the call here" in await asked(eve, "detach", here.general)
        assert "not shown here any more" in await asked(ann, "detach", here.general)
        await here.until(lambda: "Ann ended this." in text(here.general))
        assert room.told[-1] == []


async def test_a_room_in_the_browser_is_read_in_a_channel_until_it_is_closed() -> None:
    async with world() as here, house(bridge=here.calls.house.bridge) as h:
        ann = await here.ann(there=False)
        made = await h.open(title="Weekly")
        _, told = await h.ask("POST", f"/api/rooms/{made['room']}/sharing", made["owner"])
        await asked(ann, "attach", here.general, code=told["code"]["text"])
        ben = await h.join(made["room"], "Ben")
        async with h.microphone(made["room"], ben["token"]) as microphone:
            await microphone.send(speak(3, after=1))
            await here.until(lambda: "**Ben:** w1 w2 w3" in text(here.general))
            h.rooms.opened(h.rooms.find(made["room"])).close("That was it.")
            await here.until(lambda: ENDED in text(here.general))
        assert text(here.general).count("w1 w2 w3") == 1


async def test_a_code_that_means_nothing_and_one_too_many_are_one_sentence() -> None:
    async with world() as here:
        ann = await here.ann()
        code = here.calls.house.bridge.share(Call())
        for _ in range(TRIES):
            assert "shows no call" in await asked(ann, "attach", here.general, code="AAAA-AAAA")
        assert "Too many codes" in await asked(ann, "attach", here.general, code="AAAA-AAAA")
        await asyncio.sleep(LIFE)
        assert "shows no call" in await asked(ann, "attach", here.general, code=code.text)


async def test_a_call_is_not_shown_where_it_is_shown_already_nor_where_nothing_may_be_written() -> None:
    async with world() as here:
        ann = await here.ann()
        await here.start(ann)
        code = await shared(here, ann)
        assert "shown here already" in await asked(ann, "attach", here.general, code=code)
        closed = here.guild.text("closed")
        closed.deny(ann, "send_messages")
        assert "You may not write" in await asked(ann, "attach", closed, code=code)
        silent = here.guild.text("silent")
        silent.deny(None, "send_messages")
        assert "I lack **Send Messages**" in await asked(ann, "attach", silent, code=code)


async def test_a_place_that_is_gone_is_forgotten_and_the_call_is_told() -> None:
    async with world() as here:
        ann = await here.ann(there=False)
        room = Call()
        code = here.calls.house.bridge.share(room)
        other = here.guild.text("other")
        await asked(ann, "attach", other, code=code.text)
        await here.until(lambda: bool(other.posted))
        here.guild.delete(other)
        room.say("Who reads this?")
        await here.until(lambda: room.told[-1] == [])
        assert here.calls.sharing.of(other.id) is None


async def test_a_fault_in_one_place_is_said_there_and_ends_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with world() as here:
        ann = await here.ann(there=False)
        room = Call()
        code = here.calls.house.bridge.share(room)
        other = here.guild.text("other")
        await asked(ann, "attach", here.general, code=code.text)
        monkeypatch.setattr(ChatPages, "_foot", broken)
        await asked(ann, "attach", other, code=code.text)
        await here.until(lambda: BROKEN in text(other))
        monkeypatch.undo()
        room.say("Still here.")
        await here.until(lambda: "Still here." in text(here.general))


def broken(*_: object) -> NoReturn:
    raise LookupError


async def test_when_the_bot_goes_calls_of_elsewhere_say_so() -> None:
    room = Call()
    async with world() as here:
        ann = await here.ann(there=False)
        code = here.calls.house.bridge.share(room)
        await asked(ann, "attach", here.general, code=code.text)
        room.say("Last words.")
    assert "Last words." in text(here.general)
    assert room.told[-1] == []
