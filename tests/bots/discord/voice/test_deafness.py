"""Somebody speaks and cannot be heard: it is noticed, mended where it can be, and said where it can't."""

import asyncio

import davey
import pytest

from bots.discord.voice.connection import VoiceLine
from bots.discord.voice.listener import Phase
from tests.bots.discord.voice.scene import SPEECH, Scene, scene
from tests.bots.discord.voice.test_connection import speech
from tests.bots.discord.voice.test_troubles import in_a_call
from tests.fakes.discord import Member
from tests.fakes.discord.voice import udp
from tests.fakes.discord.voice.rtp import answer


async def talk(who: Member, seconds: int) -> None:
    for _ in range(seconds):
        await who.say(SPEECH)


def break_keys(who: Member) -> None:
    """Their client goes on with keys that nobody else has."""
    who.person.member.crypt.encrypt = lambda packet, ssrc: packet + bytes(8) + b"\x0d\xfa\xfa"  # type: ignore[method-assign]  # that is the fault


async def test_somebody_whose_sound_cannot_be_opened_is_said_to_be_unheard_and_then_heard_again() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        encrypt = ann.person.member.crypt.encrypt
        break_keys(ann)
        await talk(ann, 25)
        assert s.ears.deafness == [(ann.id, True)]
        ann.person.member.crypt.encrypt = encrypt  # type: ignore[method-assign]  # it is whole again
        await talk(ann, 3)
        await asyncio.sleep(3)
        if s.ears.deafness != [(ann.id, True), (ann.id, False)]:
            await ann.join(s.lounge)
            await talk(ann, 3)
            await asyncio.sleep(3)
        assert s.ears.deafness == [(ann.id, True), (ann.id, False)]


async def test_others_are_heard_while_somebody_is_not() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        ben = s.guild.member("Ben")
        await ben.join(s.lounge)
        break_keys(ann)
        before = s.ears.seconds(ben.id)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(talk(ann, 30))
            tasks.create_task(talk(ben, 30))
        assert s.ears.deafness == [(ann.id, True)]
        # The remedies cost the others little.
        assert s.ears.seconds(ben.id) - before > 27
        assert s.guild.bot_in is not None


async def test_keys_of_our_own_that_are_gone_are_got_again_without_a_new_session() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        (line,) = s.client.voice_clients
        assert isinstance(line, VoiceLine)
        line._hearing.dave._session = davey.DaveSession(1, s.fake.bot_id, s.lounge.id)
        await talk(ann, 10)
        assert await speech(s, ann) >= 1
        assert line._hearing.dave.counts.recoveries == 1
        assert s.voice.counters["identify"] == 1
        assert s.ears.deafness == []


async def test_a_wrong_key_of_the_whole_connection_is_mended_by_a_new_session() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        down = s.session.down
        assert down is not None
        s.session.rekey(down.mode, bytes(32))
        await talk(ann, 20)
        assert await speech(s, ann) >= 1
        assert s.ears.deafness == []
        assert s.voice.counters["identify"] == 2


async def test_sound_that_silently_stops_coming_is_noticed() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        await asyncio.sleep(5)
        s.session.udp_dead = True
        await talk(ann, 30)
        assert await speech(s, ann) >= 1
        assert s.voice.counters["identify"] >= 2


async def test_sound_that_stops_in_the_middle_of_a_sentence_is_missed_by_the_answers_to_pings() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        await asyncio.sleep(6)  # a ping was answered
        async with asyncio.TaskGroup() as tasks:
            # Nobody begins to speak after this, so Discord shows nothing new.
            tasks.create_task(ann.say(SPEECH * 40))
            await asyncio.sleep(2)
            s.session.udp_dead = True
            before = s.ears.seconds(ann.id)
        assert s.ears.seconds(ann.id) - before > 10
        assert s.voice.counters["identify"] == 2


async def test_a_server_that_answers_no_pings_is_not_left_for_its_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        udp, "answer", lambda data, address: answer(data, address) if len(data) == 74 else None
    )
    async with scene() as s:
        await in_a_call(s)
        await asyncio.sleep(60)
        assert s.voice.counters["identify"] == 1


async def test_somebody_who_opted_out_is_never_missed() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        s.ears.unwelcome.add(ann.id)
        break_keys(ann)
        await talk(ann, 20)
        assert s.ears.deafness == []
        assert s.voice.counters["identify"] == 1


async def test_somebody_muted_or_silent_with_a_camera_is_never_missed() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        ann.camera()
        await asyncio.sleep(20)
        ann.mute()
        await talk(ann, 10)
        assert s.ears.deafness == []
        assert s.voice.counters["identify"] == 1
        assert s.ears.stood == [Phase.CONNECTING, Phase.HEARING]


async def test_everybody_unheard_is_a_reason_to_join_again() -> None:
    async with scene() as s:
        ann = await in_a_call(s)

        async def broken(s: Scene) -> None:
            """Whatever session there is: its sound is under another key than was told."""
            while True:
                await asyncio.sleep(0.1)
                down = s.session.down
                if down is not None and down.key != bytes(32):
                    s.session.rekey(down.mode, bytes(32))

        breaking = s.tasks.create_task(broken(s))
        joined = len(s.fake.rooms.asked_for)
        await talk(ann, 30)
        assert (ann.id, True) in s.ears.deafness
        assert len(s.fake.rooms.asked_for) > joined
        tried = s.voice.counters["identify"]
        await talk(ann, 60)
        # After that it is not tried again and again.
        assert s.voice.counters["identify"] == tried
        breaking.cancel()


async def test_deafness_stays_said_for_as_long_as_it_lasts_and_is_over_when_they_leave() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        break_keys(ann)
        await talk(ann, 15)
        assert s.ears.deafness == [(ann.id, True)]
        begun = s.voice.counters["identify"]
        await talk(ann, 30)
        # The remedies have ended her line more than once meanwhile; she is as unheard as before.
        assert begun >= 2
        assert s.ears.deafness == [(ann.id, True)]
        await ann.leave()
        await asyncio.sleep(0.5)
        assert s.ears.deafness == [(ann.id, True), (ann.id, False)]


async def test_deafness_is_over_for_who_opts_out_and_may_be_said_anew() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        (line,) = s.client.voice_clients
        assert isinstance(line, VoiceLine)
        break_keys(ann)
        await talk(ann, 15)
        s.ears.unwelcome.add(ann.id)
        line.hush(ann.id)
        assert s.ears.deaf_to == set()
        await talk(ann, 5)
        assert s.ears.deaf_to == set()
        s.ears.unwelcome.clear()
        await talk(ann, 15)
        assert s.ears.deafness == [(ann.id, True), (ann.id, False), (ann.id, True)]


async def test_deafness_is_over_for_who_left_while_no_session_ran() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        break_keys(ann)
        await talk(ann, 15)
        assert s.ears.deaf_to == {ann.id}
        s.faults.refuse_resume = 4006
        s.session.drop()
        await ann.leave()
        await asyncio.sleep(10)
        assert s.ears.deaf_to == set()


async def test_a_speaker_on_a_stage_who_was_never_told_of_is_said_to_be_unheard() -> None:
    async with scene() as s:
        stage = s.guild.stage()
        s.faults.hide_speaking = "all"
        people = [s.guild.member(name) for name in ("Ann", "Ben", "Cleo")]
        for one in people:
            await one.join(stage)
            one.come_forward()
        async with asyncio.TaskGroup() as tasks:
            talking = tasks.create_task(talk(people[0], 30))
            await asyncio.sleep(1)
            await s.join(stage)
            await talking
        assert s.ears.deafness == [(None, True)]
        assert s.voice.counters["identify"] == 2
        assert s.guild.bot_in is not None


async def test_somebody_who_opted_out_and_talks_while_the_bot_joins_is_blamed_on_nobody() -> None:
    async with scene() as s:
        s.faults.hide_speaking = "all"
        ann, ben = s.guild.member("Ann"), s.guild.member("Ben")
        s.ears.unwelcome.add(ben.id)
        await ann.join(s.lounge)
        await ben.join(s.lounge)
        async with asyncio.TaskGroup() as tasks:
            talking = tasks.create_task(talk(ben, 30))
            await asyncio.sleep(1)
            await s.join()
            await talking
        assert s.ears.deafness == []
        assert s.voice.counters["identify"] == 1
