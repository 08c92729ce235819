"""Private calls: chosen at the start or by the server, told wherever captions are, and shown nowhere else."""

from typing import Any

import pytest

from bots.discord.setup import GuildSetup
from bots.discord.translations import en
from bots.discord.words import TONGUES
from tests.bots.discord.commands.test_setup import fill, overview
from tests.bots.discord.commands.world import World, world
from tests.fakes.discord import Channel, Member


async def asked(here: World, by: Member, name: str, **options: Any) -> str:
    answer = await by.command(f"captions {name}", options, channel=here.general)
    await answer.settle()
    assert answer.ephemeral
    return answer.text


def text(channel: Channel) -> str:
    return "\n".join(one.content for one in channel.posted)


async def test_a_call_is_private_when_whoever_starts_it_says_so() -> None:
    async with world() as here:
        ann, boss = await here.ann(), await here.person("Boss", "manage_guild")
        assert en.PRIVATE in await asked(here, ann, "start", where="here", private=True)
        assert here.call.private
        for by in (ann, boss):
            assert await asked(here, by, "share") == en.PRIVATE
        bridge = here.calls.house.bridge
        assert bridge.code(here.calls.sharing.source(here.call)) is None
        assert en.PRIVATE in await asked(here, ann, "status")


async def test_the_first_message_and_the_page_say_so() -> None:
    async with world() as here:
        ann = await here.ann()
        await asked(here, ann, "start", where="here", private=True)
        await here.until(lambda: here.page_of(here.general) is not None)
        first, page = here.general.posted[0].content, here.page_of(here.general)
        assert "Captions are on" in first
        assert en.PRIVATE in first
        assert page.content.endswith(en.PRIVATE)
        await here.calls.opt_out(here.guild.id, ann.id)
        here.call.pause("Ann")
        await here.until(lambda: "Ann paused the captions" in page.content)
        await here.until(lambda: "Ann is not captioned" in page.content)
        assert page.content.endswith(en.PRIVATE), "what is always so comes last"


@pytest.mark.parametrize("options", [{}, {"private": False}])
async def test_a_call_is_not_private_unless_somebody_says_so(options: dict[str, Any]) -> None:
    async with world() as here:
        ann = await here.ann()
        told = await asked(here, ann, "start", where="here", **options)
        await here.until(lambda: here.page_of(here.general) is not None)
        told += await asked(here, ann, "status") + text(here.general)
        assert "private" not in told
        assert "The code is" in await asked(here, ann, "share")


@pytest.mark.parametrize("locale", TONGUES)
async def test_who_wants_to_share_it_is_told_in_their_language(locale: str) -> None:
    async with world() as here:
        ann = await here.ann(locale=str(locale))
        await asked(here, ann, "start", where="here", private=True)
        assert await asked(here, ann, "share") == TONGUES[locale].texts[en.PRIVATE]  # type: ignore[index]  # one of them


async def test_whoever_may_not_share_calls_does_not_learn_whether_it_is_private() -> None:
    async with world() as here:
        ann, eve = await here.ann(), await here.person("Eve")
        await asked(here, ann, "start", where="here", private=True)
        assert "Only who started the captions" in await asked(here, eve, "share")


async def test_in_a_server_that_is_set_up_so_every_call_is_private() -> None:
    async with world() as here:
        boss = await here.ann("manage_guild")
        assert "Calls can be shown elsewhere: yes, with a code" in (await overview(here, boss)).text
        saved = await fill(here, boss, "record", private=["yes"])
        assert "Calls can be shown elsewhere: no, they are private" in saved.text
        assert here.calls.setup(here.guild.id) == GuildSetup(private=True)
        assert here.shelf.kept[f"discord:{here.guild.id}"]["setup"]["private"] is True
        form = await boss.press(saved.message, "spokenly:setup:record")
        assert [one["value"] for one in form.fields["private"]["options"] if one.get("default")] == ["yes"]
        assert en.PRIVATE in await asked(here, boss, "start", where="here")
        assert await asked(here, boss, "share") == en.PRIVATE
        await asked(here, boss, "stop")
        await fill(here, boss, "record", private=["no"])
        await asked(here, boss, "start", where="here")
        assert not here.call.private


async def test_nobody_who_starts_captions_undoes_what_a_server_is_set_up_for() -> None:
    async with world() as here:
        ann = await here.ann()
        await here.calls.change_setup(here.guild.id, GuildSetup(private=True))
        told = await asked(here, ann, "start", where="here", private=False)
        assert told.startswith("Calls in this server are private")
        assert here.calls.of(here.guild.id) is None
        assert here.general.posted == []
