"""Calls as they are: people talk over each other, join in the middle, lose packets, stand on a stage."""

import asyncio

from bots.discord import notices
from tests.bots.discord.bench import scene
from tests.fakes.discord.voice.faults import live
from tests.fakes.pitch import pitched


async def test_everybody_is_heard_on_an_ordinary_day() -> None:
    async with scene() as home:
        ann, ben, cem, dee = (home.guild.member(name) for name in ("Ann", "Ben", "Cem", "Dee"))
        faults = live()
        faults.downlink.loss = 0.05
        home.fake.voice.faults.media, home.fake.voice.faults.downlink = faults.media, faults.downlink
        async with home.running():
            await ann.join(home.lounge)
            await cem.join(home.lounge, muted=True)
            async with asyncio.TaskGroup() as talk:
                talk.create_task(ann.say(pitched(440, seconds=20)))
                await home.start(cem)
                await ben.join(home.lounge)
                talk.create_task(ben.say(pitched(600, seconds=5)))
                await dee.join(home.lounge)
                dee.camera()
                talk.create_task(dee.say(pitched(700, seconds=5)))
                cem.unmute()
                talk.create_task(cem.say(pitched(800, seconds=5)))
            first = ("**Ann:** t440", "**Ben:** t600", "**Cem:** t800", "**Dee:** t700")
            await home.until(lambda: all(words in home.text(home.thread) for words in first))
            await home.call.stop(None)
            text = home.text(home.thread)
            assert text.count("t600") >= 20
            assert text.count("t700") >= 20
            assert text.count("t800") >= 20


async def test_a_stage_is_captioned_from_the_audience() -> None:
    async with scene() as home:
        stage = home.guild.stage("Stage")
        ann, ben = home.guild.member("Ann"), home.guild.member("Ben")
        async with home.running():
            await ann.join(stage)
            await ben.join(stage)
            ann.come_forward()
            await home.start(ann)
            await ann.say(pitched(440))
            await ben.say(pitched(600))
            await home.until(lambda: "**Ann:** t440" in home.text(home.thread))
            await home.call.stop("Ann")
            assert "t600" not in home.everything(), "who sits in the audience is not heard by anybody"
            assert notices.OVER in home.text(home.thread)
