"""What Discord takes as an application command, and as the name of a webhook."""

from typing import Any

import discord
import pytest

from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.client import Bot, running
from tests.fakes.discord.registry import problems


def command(**more: Any) -> dict[str, Any]:
    return {"name": "captions", "description": "Live captions", "type": 1, **more}


def option(**more: Any) -> dict[str, Any]:
    return {"name": "language", "description": "Which", "type": 3, **more}


GOOD: list[dict[str, Any]] = [
    command(),
    command(name="字幕"),
    command(name="ลบ"),
    command(name_localizations={"de": "untertitel", "ja": "字幕"}),
    command(options=[option(required=True), option(name="other")]),
    command(
        options=[
            option(
                name="start",
                type=1,
                options=[option(choices=[{"name": "English", "value": "en"}], max_length=2)],
            )
        ]
    ),
    command(options=[option(name="a", type=2, options=[option(name="b", type=1, options=[option()])])]),
    {"name": "Transcribe this message", "type": 3, "description": ""},
]


@pytest.mark.parametrize("one", GOOD)
def test_a_good_command_is_registered(one: dict[str, Any]) -> None:
    assert problems([one]) == []


BAD: dict[str, dict[str, Any]] = {
    "capital": command(name="Captions"),
    "space": command(name="live captions"),
    "long name": command(name="x" * 33),
    "no description": command(description=""),
    "long description": command(description="x" * 101),
    "translated capital": command(name_localizations={"de": "Untertitel"}),
    "translated description": command(description_localizations={"de": "x" * 101}),
    "locale": command(name_localizations={"es": "x"}),
    "options": command(options=[option(name=f"o{number}") for number in range(26)]),
    "twice": command(options=[option(), option()]),
    "order": command(options=[option(name="a"), option(name="b", required=True)]),
    "choices": command(options=[option(choices=[{"name": str(n), "value": str(n)} for n in range(26)])]),
    "choice": command(options=[option(choices=[{"name": "x" * 101, "value": "x"}])]),
    "choice locale": command(
        options=[option(choices=[{"name": "x", "value": "x", "name_localizations": {"xx": "x"}}])]
    ),
    "choice type": command(options=[option(type=6, choices=[{"name": "x", "value": "x"}])]),
    "both": command(options=[option(autocomplete=True, choices=[{"name": "x", "value": "x"}])]),
    "deep": command(
        options=[
            option(
                name="a",
                type=2,
                options=[option(name="b", type=2, options=[option(name="c", type=1)])],
            )
        ]
    ),
    "size": command(options=[option(name=f"o{number}", choices=[
        {"name": "x" * 90, "value": "y" * 90} for _ in range(25)]) for number in range(2)]),
    "menu": {"name": "x" * 33, "type": 3, "description": ""},
    "menu with description": {"name": "Transcribe", "type": 3, "description": "x"},
}  # fmt: skip


@pytest.mark.parametrize("one", BAD.values(), ids=BAD.keys())
def test_a_bad_command_is_not(one: dict[str, Any]) -> None:
    assert problems([one])


def test_there_are_limits_for_all_of_them_together() -> None:
    assert problems([command(name=f"c{number}") for number in range(101)])
    assert problems([{"name": f"m{number}", "type": 3} for number in range(16)])
    assert problems([command(), command()])


@pytest.mark.parametrize("name", ["Discordia", "clyde", "", "x" * 81])
async def test_a_webhook_is_not_called_like_discord(name: str) -> None:
    async with FakeDiscord() as fake:
        chat = fake.guild().text()
        async with running(Bot(fake), fake) as bot:
            channel = bot.get_channel(chat.id)
            assert isinstance(channel, discord.TextChannel)
            with pytest.raises(discord.HTTPException) as caught:
                await channel.create_webhook(name=name)
            assert (caught.value.status, caught.value.code) == (400, 50035)
            await channel.create_webhook(name="Ann")
