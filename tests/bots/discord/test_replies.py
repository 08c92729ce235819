"""What people are told when something fails."""

import logging
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest
from discord import Locale, app_commands

from bots.discord.place import LONGEST
from bots.discord.replies import _expected, fitted, trouble
from core.captions.markup import utf16
from core.errors import RecordAway, RecordUnusable, UserError


def refusal(kind: type[discord.HTTPException], status: int, code: int = 0) -> discord.HTTPException:
    response: Any = SimpleNamespace(status=status, reason="No")
    return kind(response, {"code": code, "message": "secret words"})


ASKED: Any = SimpleNamespace(locale=Locale.german)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (UserError("One sentence."), "One sentence."),
        (RecordAway("at /secret"), "Die Mitschriften sind gerade nicht erreichbar."),
        (refusal(discord.Forbidden, 403, 50013), "`/spokenly einrichten` shows what I lack"),
        (refusal(discord.NotFound, 404, 10062), "took too long"),
        (refusal(discord.HTTPException, 401, 50027), "took too long"),
        (refusal(discord.DiscordServerError, 503), "trouble of its own"),
        (aiohttp.ServerDisconnectedError(), "trouble of its own"),
        (app_commands.CommandNotFound("old", []), "has changed"),
    ],
)
def test_what_is_expected_is_a_sentence_without_anybodys_secrets(error: Exception, sentence: str) -> None:
    told = _expected(ASKED, error)
    assert told is not None
    assert sentence in told
    assert "secret" not in told


@pytest.mark.parametrize("error", [ValueError("secret"), RecordUnusable("/secret"), KeyError("secret")])
def test_everything_else_is_a_bug(error: Exception) -> None:
    assert _expected(ASKED, error) is None


async def test_nobody_is_answered_when_the_bot_is_closed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    closed: Any = SimpleNamespace(locale=Locale.german, client=SimpleNamespace(is_closed=lambda: True))
    await trouble(closed, RuntimeError("Session is closed"), doing="recap")
    assert [one.getMessage() for one in caplog.records] == ["discord.answer_not_given"]


def test_lines_fit_into_a_message() -> None:
    assert fitted(["one", "two"]) == "one\ntwo"
    assert utf16(fitted(["\U0001f600" * 100] * 30)) <= LONGEST
    assert fitted(["x" * 1000] * 3) == "x" * 1000 + "\n…"
