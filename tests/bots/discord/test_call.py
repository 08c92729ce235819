"""A call from its start to its recap, over real sockets, with people who speak through Opus and DAVE."""

import re

import pytest

from bots.discord import notices
from bots.discord.permissions import wanted
from bots.discord.voice.connection import VoiceLine
from tests.bots.discord.bench import scene
from tests.fakes.pitch import pitched


async def test_what_is_said_is_read_live_and_summed_up_at_the_end() -> None:
    async with scene() as home:
        home.guild.only(wanted().value)
        ann, ben = home.guild.member("Ann"), home.guild.member("Ben")
        async with home.running():
            await ann.join(home.lounge)
            await ben.join(home.lounge)
            call = await home.start(ann, keep="transcript")
            await home.until(lambda: home.lounge.status == notices.STATUS)
            assert f"Captions are on in <#{home.lounge.id}>" in home.text(home.thread)
            assert "kept for 30 days" in home.text(home.thread)
            assert f"<#{home.thread.id}>" in home.text(home.lounge)
            await ann.say(pitched(440))
            await home.until(lambda: "**Ann:** t440" in home.text(home.thread))
            await ben.say(pitched(600))
            await home.until(lambda: "**Ben:** *t600" in home.text(home.thread))
            await call.stop("Ann")
            *_, page, last = home.pages(home.thread)
            assert page.content.startswith("**Ann:** t440 t440 t440 t440 t440\n**Ben:** t600 t600 t600")
            assert page.content.endswith(notices.OVER)
            assert page.labels == []
            assert "are over.** Ann stopped them." in last.content
            assert "“t440 t440 t440 t440 t440” (Ann)" in last.content
            assert list(last.files) == ["transcript.md", "transcript.vtt"]
            assert last.files["transcript.vtt"].startswith(b"WEBVTT")
            assert b"t600 t600" in last.files["transcript.md"]
            assert home.guild.bot_in is None
            await home.until(lambda: home.lounge.status is None)
            assert home.calls.of(home.guild.id) is None
        assert home.store.said(str(call.record)) == ["t440 t440 t440 t440 t440", "t600 t600 t600 t600 t600"]
        assert "call" not in home.store.preferred[f"discord:{home.guild.id}"]
        assert not home.store.rules


async def test_nothing_is_kept_unless_somebody_chose_so() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        async with home.running():
            await ann.join(home.lounge)
            call = await home.start(ann)
            assert "Nothing of it is kept" in home.text(home.thread)
            await ann.say(pitched(440))
            await call.stop(None)
            assert home.pages(home.thread)[-1].files == {}
        assert home.store.opened == {}


async def test_somebody_who_opted_out_is_never_decrypted() -> None:
    async with scene() as home:
        ann, ben = home.guild.member("Ann"), home.guild.member("Ben")
        async with home.running():
            await home.calls.opt_out(home.guild.id, ben.id)
            await ann.join(home.lounge)
            await ben.join(home.lounge)
            call = await home.start(ann, keep="transcript")
            await home.until(lambda: "Ben is not captioned" in home.text(home.thread))
            counters = call._line.line.counters  # type: ignore[union-attr]  # the voice connection's own books
            heard = counters.heard
            await ben.say(pitched(600))
            assert counters.heard == heard, "no packet of theirs was opened"
            assert counters.dropped[ben.id] >= 50
            assert call.status().dropped >= 50
            assert call.status().left_out == ("Ben",)
            await ann.say(pitched(440))
            await call.stop("Ann")
            assert "t600" not in home.everything()
            assert home.store.said(str(call.record)) == ["t440 t440 t440 t440 t440"]


async def test_opting_out_takes_effect_in_the_middle_of_a_call_and_holds_after_a_restart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hushed: list[int] = []
    monkeypatch.setattr(VoiceLine, "hush", lambda _line, user: hushed.append(user))
    async with scene() as home:
        ann, ben = home.guild.member("Ann"), home.guild.member("Ben")
        await ann.join(home.lounge)
        await ben.join(home.lounge)
        async with home.running():
            call = await home.start(ann)
            await ben.say(pitched(600))
            await home.calls.opt_out(home.guild.id, ben.id)
            assert hushed == [ben.id], "nothing of theirs that waits is heard any more"
            await ben.say(pitched(700))
            await home.until(lambda: "Ben is not captioned" in home.text(home.thread))
            text = home.text(home.thread)
            assert "t600" in text
            assert "t700" not in text
            await call.stop(None)
        async with home.running():
            assert home.calls.opted_out(home.guild.id) == {ben.id}
            await home.start(ann)
            await ben.say(pitched(800))
            await home.calls.opt_in(home.guild.id, ben.id)
            await home.until(lambda: "not captioned" not in home.text(home.thread))
            await ben.say(pitched(900))
            await home.until(lambda: "t900" in home.text(home.thread))
            assert "t800" not in home.everything()


async def test_while_paused_nobody_is_heard() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        async with home.running():
            await ann.join(home.lounge)
            call = await home.start(ann)
            call.pause("Ann")
            assert call.paused
            await home.until(lambda: "Ann paused the captions" in home.text(home.thread))
            await ann.say(pitched(500))
            call.resume()
            await ann.say(pitched(700))
            await home.until(lambda: "t700" in home.text(home.thread))
            assert "t500" not in home.text(home.thread)
            assert "could not be heard" not in home.text(home.thread), "what was not to be heard is no loss"
            assert "paused" not in home.text(home.thread)


async def test_people_are_told_by_name_who_cannot_be_heard_and_what_to_do() -> None:
    async with scene() as home:
        ann, ben = home.guild.member("Ann"), home.guild.member("Ben")
        async with home.running():
            await ann.join(home.lounge)
            await ben.join(home.lounge)
            call = await home.start(ann)
            call.deaf(ben.id, True)
            await home.until(
                lambda: "Discord shows Ben speaking, but nothing can be heard" in home.everything()
            )
            assert "ask them to rejoin, or change the channel's region" in home.everything()
            assert call.status().deaf == ("Ben",)
            call.deaf(ben.id, False)
            await home.until(lambda: "Discord shows Ben" not in home.everything())


async def test_bots_are_not_captioned() -> None:
    async with scene() as home:
        ann, radio = home.guild.member("Ann"), home.guild.member("Radio", bot=True)
        async with home.running():
            await ann.join(home.lounge)
            await radio.join(home.lounge)
            await home.start(ann)
            await radio.say(pitched(900))
            await ann.say(pitched(440))
            await home.until(lambda: "t440" in home.text(home.thread))
            assert "t900" not in home.everything()


async def test_whoever_asks_how_it_goes_is_told() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        async with home.running():
            await ann.join(home.lounge)
            call = await home.start(ann)
            await ann.say(pitched(440))
            await home.until(lambda: "t440" in home.text(home.thread))
            status = call.status()
            assert (status.engine, status.heard, status.deaf) == ("Pitches", ("Ann",), ())
            assert status.state == "Spokenly is listening."
            assert status.posted == f"<#{home.thread.id}>"
            assert status.lateness is not None


async def test_two_who_have_the_same_name_are_told_apart() -> None:
    async with scene() as home:
        ann, other = home.guild.member("Ann"), home.guild.member("Ben", nick="Ann\u202e")
        async with home.running():
            await ann.join(home.lounge)
            await other.join(home.lounge)
            await home.start(ann)
            await ann.say(pitched(440))
            await other.say(pitched(600))
            await home.until(lambda: "t600" in home.text(home.thread))
            assert re.search(r"\*\*Ann:\*\* t440.*\n\*\*Ann \(2\):\*\* \*?t600", home.text(home.thread))


async def test_stop_asked_twice_is_one_end() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        async with home.running():
            await ann.join(home.lounge)
            call = await home.start(ann)
            home.calls.spawn(call.stop("Ann"))
            await call.stop("Ben")
            await call.stop("Ben")
            assert home.everything().count("are over.**") == 1
