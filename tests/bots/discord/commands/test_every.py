"""Every command once, in two languages: answered in time, for nobody else to see, and never by a bug."""

import logging
from pathlib import Path

import pytest

from bots.discord.words import TONGUES
from tests.bots.discord.commands.test_transcribe import WORDS
from tests.bots.discord.commands.world import keeping, world

COMMANDS = (
    "captions status",
    "captions pause",
    "captions resume",
    "captions share",
    "captions detach",
    "captions start",
    "captions stop",
    "privacy optout",
    "privacy what-is-kept",
    "privacy optin",
    "privacy export",
    "privacy forget",
    "recap",
    "transcript",
    "spokenly setup",
)


@pytest.mark.real_time
@pytest.mark.parametrize("locale", ["en-US", "ja"])
async def test_every_command_is_answered_in_time_and_privately(
    locale: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with keeping(tmp_path) as secretary, world(secretary=secretary) as here:
        ann = await here.person("Ann Unmistakable", "manage_guild", locale=locale)
        await here.start(ann, {"where": "here", "keep": "transcript"})
        here.say(ann, "Something unmistakable that is kept.")
        for name in COMMANDS:
            answer = await ann.command(name, channel=here.general)
            assert answer.late is not None, name
            assert answer.late < 3, name
            assert answer.ephemeral, name
            assert answer.text, name
            assert not answer.message.pinged, name
        answer = await ann.menu("Transcribe", ann.post(here.general, files={"a.wav": WORDS}))
        assert "w1 w2 w3" in answer.text
    told = " ".join(
        f"{one.getMessage()} {vars(one)}" for one in caplog.records if one.name.startswith(("bots", "core"))
    )
    assert "nmistakable" not in told
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


async def test_a_command_that_fails_by_a_bug_says_so_in_the_persons_language(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world() as here:
        ann = await here.ann(locale="fr")

        def broken(guild: int) -> None:
            raise LookupError(f"what was said in {guild}")

        monkeypatch.setattr(here.calls, "of", broken)
        answer = await ann.command("captions status", channel=here.general)
        assert answer.ephemeral
        assert answer.text.startswith("Quelque chose n'a pas marché dans Spokenly.")
        (record,) = [one for one in caplog.records if one.levelno >= logging.ERROR]
        assert (record.getMessage(), record.__dict__["doing"]) == (
            "discord.interaction_bug",
            "captions status",
        )


def test_the_languages_besides_english() -> None:
    assert {str(locale).split("-")[0] for locale in TONGUES} == {"de", "fr", "es", "ja"}
