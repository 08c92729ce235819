"""A whole voice connection: unmodified discord.py, a voice server that speaks the protocol, real Opus."""

import asyncio

import discord
import pytest

from bots.discord.voice.connection import VoiceLine
from bots.discord.voice.listener import Gone, Phase, Reason
from core.errors import UserError
from tests.bots.discord.voice.scene import SPEECH, Scene, scene
from tests.fakes.discord import Member
from tests.fakes.discord.voice import Media, Weather, live
from tests.fakes.discord.voice.rtp import GCM, XCHACHA


async def speech(s: Scene, who: Member) -> float:
    """Somebody speaks for a second; how much of it is heard."""
    before = s.ears.seconds(who.id)
    await who.say(SPEECH)
    await asyncio.sleep(0.5)
    return s.ears.seconds(who.id) - before


async def test_somebody_is_heard_in_an_encrypted_call() -> None:
    async with scene() as s:
        line = await s.join()
        ann = s.guild.member("Ann")
        await ann.join(s.lounge)
        assert await speech(s, ann) >= 1
        assert s.ears.stood == [Phase.CONNECTING, Phase.HEARING]
        assert line.standing is Phase.HEARING
        assert line.counters.undecryptable == 0


async def test_people_who_were_there_first_are_heard() -> None:
    async with scene() as s:
        ann, ben = s.guild.member("Ann"), s.guild.member("Ben")
        await ann.join(s.lounge)
        await ben.join(s.lounge)
        await s.join()
        await asyncio.sleep(1)
        assert await speech(s, ann) >= 1
        assert await speech(s, ben) >= 1


async def test_people_who_speak_at_once_are_heard_apart() -> None:
    async with scene() as s:
        await s.join()
        people = [s.guild.member(name) for name in ("Ann", "Ben", "Cleo")]
        for one in people:
            await one.join(s.lounge)
        async with asyncio.TaskGroup() as talk:
            heard = [talk.create_task(speech(s, one)) for one in people]
        assert all(one.result() >= 1 for one in heard)


async def test_somebody_who_speaks_while_the_bot_joins_is_heard_from_then_on() -> None:
    async with scene() as s:
        ann = s.guild.member("Ann")
        await ann.join(s.lounge)
        s.faults.hide_speaking = "all"
        async with asyncio.TaskGroup() as both:
            both.create_task(ann.say(SPEECH * 4))
            await asyncio.sleep(0.5)
            line = await s.join()
        await asyncio.sleep(0.5)
        # Whose stream it is was never told: the keys alone have told it.
        assert line.counters.identified == 1
        assert s.ears.seconds(ann.id) > 2


async def test_what_somebody_unknown_said_is_heard_when_it_is_told_who_it_was() -> None:
    async with scene() as s:
        stage = s.guild.stage()
        ann = s.guild.member("Ann")
        await ann.join(stage)
        ann.come_forward()
        s.faults.hide_speaking = "all"
        await s.join(stage)
        await ann.person.send([*_packets()])
        assert s.ears.seconds(ann.id) == 0
        s.faults.hide_speaking = ""
        s.voice.room(stage.id).speaking(ann.person, 1)
        await asyncio.sleep(0.5)
        assert s.ears.seconds(ann.id) >= 1


def _packets() -> tuple[bytes, ...]:
    from tests.fakes.discord.voice.encoder import frames  # noqa: PLC0415 - it loads a codec

    return frames(SPEECH)


async def test_a_stage_channel_is_heard_though_it_is_not_encrypted_and_the_bot_is_in_the_audience() -> None:
    async with scene() as s:
        stage = s.guild.stage()
        line = await s.join(stage)
        ann = s.guild.member("Ann")
        await ann.join(stage)
        ann.come_forward()
        assert await speech(s, ann) >= 1
        assert line.counters.plain == 0


@pytest.mark.parametrize("mode", [GCM, XCHACHA])
async def test_both_transport_encryptions_are_spoken(mode: str) -> None:
    async with scene() as s:
        s.faults.modes = (mode,)
        await s.join()
        ann = s.guild.member("Ann")
        await ann.join(s.lounge)
        assert await speech(s, ann) >= 1


async def test_gcm_is_preferred() -> None:
    async with scene() as s:
        await s.join()
        assert s.session.down is not None
        assert s.session.down.mode == GCM


async def test_a_voice_server_with_unknown_encryption_is_refused_in_one_sentence() -> None:
    async with scene() as s:
        s.faults.modes = ("aead_tomorrow",)
        with pytest.raises(UserError):
            await s.join()


async def test_an_ordinary_day_with_all_that_comes_on_the_socket() -> None:
    async with scene() as s:
        await s.join()
        s.voice.faults.media = live().media
        ann = s.guild.member("Ann")
        await ann.join(s.lounge)
        ann.camera()
        heard = await speech(s, ann)
        assert heard >= 1
        assert s.ears.gaps == []


async def test_padding_zeros_and_rtcp_are_dropped_and_counted() -> None:
    async with scene() as s:
        line = await s.join()
        s.voice.faults.media = Media(padding=0.3, padding_only=0.2, zeros=0.2, rtcp_every=5)
        ann = s.guild.member("Ann")
        await ann.join(s.lounge)
        assert await speech(s, ann) >= 1
        assert line.counters.empty > 5
        assert line.counters.foreign > 5
        assert line.counters.undecryptable == 0


async def test_five_per_cent_loss_and_packets_out_of_order_are_mended() -> None:
    async with scene() as s:
        await s.join()
        ann = s.guild.member("Ann")
        await ann.join(s.lounge)
        s.faults.downlink = Weather(loss=0.05, duplicated=0.05, reordered=0.05)
        await ann.say(SPEECH * 5)
        await asyncio.sleep(1)
        assert s.ears.seconds(ann.id) >= 5
        times = [at for at, _ in s.ears.pcm[ann.id]]
        assert times == sorted(times)


async def test_silence_is_not_loss() -> None:
    async with scene() as s:
        await s.join()
        ann = s.guild.member("Ann")
        await ann.join(s.lounge)
        await speech(s, ann)
        await asyncio.sleep(30)
        assert await speech(s, ann) >= 1
        assert s.ears.gaps == []
        assert max(at for at, _ in s.ears.pcm[ann.id]) > 30


async def test_somebody_who_comes_again_has_a_new_line() -> None:
    async with scene() as s:
        await s.join()
        ann = s.guild.member("Ann")
        await ann.join(s.lounge)
        await speech(s, ann)
        await ann.leave()
        await asyncio.sleep(0.2)
        assert s.ears.gone == [ann.id]
        await ann.join(s.lounge)
        assert await speech(s, ann) >= 1


async def test_somebody_who_joins_muted_is_heard_when_they_speak() -> None:
    async with scene() as s:
        await s.join()
        ann = s.guild.member("Ann")
        await ann.join(s.lounge, muted=True)
        await ann.say(SPEECH)
        assert s.ears.seconds(ann.id) == 0
        ann.unmute()
        assert await speech(s, ann) >= 1


async def test_nothing_of_somebody_who_opted_out_is_decrypted() -> None:
    async with scene() as s:
        line = await s.join()
        ann, ben = s.guild.member("Ann"), s.guild.member("Ben")
        s.ears.unwelcome.add(ann.id)
        await ann.join(s.lounge)
        await ben.join(s.lounge)
        async with asyncio.TaskGroup() as talk:
            talk.create_task(ann.say(SPEECH))
            talk.create_task(ben.say(SPEECH))
        await asyncio.sleep(0.5)
        assert ann.id not in s.ears.pcm
        assert line.counters.dropped == {ann.id: 55}
        assert s.ears.seconds(ben.id) >= 1
        opened = line._hearing.dave._session
        assert opened is not None
        stats = opened.get_decryption_stats(ann.id)
        assert stats is None or stats.attempts == 0
        s.ears.unwelcome.clear()
        assert await speech(s, ann) >= 1


async def test_keys_of_somebody_who_opted_out_are_not_even_tried_on_unknown_streams() -> None:
    async with scene() as s:
        s.faults.hide_speaking = "all"
        line = await s.join()
        ann, ben = s.guild.member("Ann"), s.guild.member("Ben")
        s.ears.unwelcome.add(ann.id)
        await ann.join(s.lounge)
        await ben.join(s.lounge)
        await ann.say(SPEECH)
        assert await speech(s, ben) >= 1
        opened = line._hearing.dave._session
        assert opened is not None
        stats = opened.get_decryption_stats(ann.id)
        assert stats is None or stats.attempts == 0
        assert line.counters.identified == 1


async def test_opting_out_takes_effect_in_the_middle_of_a_word() -> None:
    async with scene() as s:
        line = await s.join()
        ann = s.guild.member("Ann")
        await ann.join(s.lounge)
        async with asyncio.TaskGroup() as talk:
            talk.create_task(ann.say(SPEECH))
            await asyncio.sleep(0.5)
            s.ears.unwelcome.add(ann.id)
            heard = s.ears.seconds(ann.id)
        await asyncio.sleep(0.5)
        assert s.ears.seconds(ann.id) == heard
        assert s.ears.gone == [ann.id]
        assert line.counters.dropped[ann.id] > 20


async def test_the_socket_stays_open_through_an_hour_of_silence() -> None:
    async with scene() as s:
        await s.join()
        s.faults.udp_patience = 20
        ann = s.guild.member("Ann")
        await ann.join(s.lounge)
        await asyncio.sleep(600)
        assert await speech(s, ann) >= 1
        assert s.session.counters["ping"] > 100


async def test_the_bot_says_that_it_is_not_speaking_and_sends_silence_once() -> None:
    async with scene() as s:
        await s.join()
        await asyncio.sleep(0.1)
        assert s.session.counters["op 5"] == 1
        assert s.session.counters["taken"] == 5
        assert s.session.counters["nonce used twice"] == 0
        assert s.fake.rooms.asked_for[0]["self_deaf"] is False


async def test_leaving_leaves_nothing_behind() -> None:
    async with scene() as s:
        line = await s.join()
        await line.disconnect()
        assert s.ears.now == Gone(Reason.LEFT)
        await asyncio.sleep(0.1)
        assert s.guild.bot_in is None
        assert s.client.voice_clients == []
        assert s.voice.lines_of(s.fake.bot_id) == []
        await line.disconnect()


async def test_cancelling_whoever_owns_the_connection_is_leaving() -> None:
    async with scene() as s:

        async def call() -> None:
            async with asyncio.TaskGroup() as own:
                await (await s.channel()).connect(
                    cls=lambda client, where: VoiceLine(client, where, s.ears, own), self_mute=True
                )

        task = s.tasks.create_task(call())
        await s.ears.until(Phase.HEARING)
        task.cancel()
        await s.ears.until(Gone)
        await asyncio.sleep(0.1)
        await asyncio.sleep(0.1)
        assert s.guild.bot_in is None
        assert s.client.voice_clients == []


async def test_a_full_channel_is_said_in_one_sentence() -> None:
    async with scene() as s:
        ann = s.guild.member("Ann")
        await ann.join(s.lounge)
        s.lounge.limit(1)
        s.guild.only(1 << 20 | 1 << 10)
        with pytest.raises(UserError, match="full"):
            await s.join()
        assert s.ears.now == Gone(Reason.NO_ANSWER)
        assert s.client.voice_clients == []


async def test_joining_is_given_up_when_whoever_asked_goes_away() -> None:
    async with scene() as s:
        s.fake.rooms.silent = True
        async with asyncio.TaskGroup() as asking:
            task = asking.create_task(s.join())
            await asyncio.sleep(1)
            task.cancel()
        await s.ears.until(Gone)
        assert s.client.voice_clients == []


async def test_who_must_wait_to_ask_discord_at_all_joins_when_they_may() -> None:
    async with scene() as s:
        guild = (await s.channel()).guild
        while not s.client.is_ws_ratelimited():
            await guild.change_voice_state(channel=None)
        await s.join(patience=30.0)
        assert s.ears.now is Phase.HEARING


async def test_who_joins_late_has_all_the_time_that_joining_may_take() -> None:
    async with scene() as s:
        guild = (await s.channel()).guild
        while not s.client.is_ws_ratelimited():
            await guild.change_voice_state(channel=None)
        s.faults.silent_at = "select"
        began = asyncio.get_running_loop().time()
        with pytest.raises(UserError, match="reach"):
            await s.join(patience=12.0)
        assert asyncio.get_running_loop().time() - began == pytest.approx(70, abs=5)
        await asyncio.sleep(0.1)
        assert s.guild.bot_in is None


@pytest.mark.parametrize("step", ["connect", "identify", "select", "discovery"])
async def test_a_voice_server_that_falls_silent_while_joining_is_said_in_one_sentence(step: str) -> None:
    async with scene() as s:
        s.faults.silent_at = step  # type: ignore[assignment]  # one of its names
        with pytest.raises(UserError, match="reach"):
            await s.join()
        assert s.ears.now == Gone(Reason.UNREACHABLE)
        assert s.client.voice_clients == []
        await asyncio.sleep(0.1)
        assert s.guild.bot_in is None


@pytest.mark.parametrize("code", [4004, 4016, 4017, 4021])
async def test_a_refusal_is_final(code: int) -> None:
    async with scene() as s:
        s.faults.refuse_identify = code
        with pytest.raises(UserError):
            await s.join()
        assert s.ears.now == Gone(Reason.REFUSED, code)
        assert s.voice.counters["identify"] == 1


async def test_no_voice_server_yet_is_waited_for() -> None:
    async with scene() as s:
        s.fake.rooms.away = True

        async def later() -> None:
            await asyncio.sleep(20)
            s.fake.rooms.away = False
            s.fake.rooms.tell_server(s.guild.id)

        s.tasks.create_task(later())
        await s.join()
        assert s.ears.now is Phase.HEARING


async def test_the_order_of_the_two_messages_does_not_matter() -> None:
    async with scene() as s:
        s.fake.rooms.server_first = True
        await s.join()
        ann = s.guild.member("Ann")
        await ann.join(s.lounge)
        assert await speech(s, ann) >= 1


async def test_a_connection_that_is_cancelled_before_it_begins_leaves_nothing_behind() -> None:
    async with scene() as s:
        channel = await s.channel()
        lines: list[VoiceLine] = []
        made = asyncio.Event()

        async def call() -> None:
            async with asyncio.TaskGroup() as own:

                def make(client: discord.Client, where: discord.abc.Connectable) -> VoiceLine:
                    lines.append(VoiceLine(client, where, s.ears, own))
                    made.set()
                    return lines[0]

                own.create_task(channel.connect(cls=make, self_mute=True))

        task = s.tasks.create_task(call())
        await made.wait()
        task.cancel()
        await s.ears.until(Gone)
        await lines[0].disconnect()
        assert s.client.voice_clients == []


async def test_nobody_joins_for_a_call_that_is_about_to_end() -> None:
    async with scene() as s:
        channel = await s.channel()

        async with asyncio.TaskGroup() as own:
            pass
        with pytest.raises(UserError):
            await channel.connect(cls=lambda client, where: VoiceLine(client, where, s.ears, own))
        assert s.ears.now == Gone(Reason.LEFT)
        assert s.client.voice_clients == []


async def test_a_camera_tells_whose_stream_it_is() -> None:
    async with scene() as s:
        stage = s.guild.stage()
        s.faults.hide_speaking = "all"
        await s.join(stage)
        ann = s.guild.member("Ann")
        await ann.join(stage)
        ann.come_forward()
        ann.camera()
        assert await speech(s, ann) >= 1


async def test_a_voice_server_that_wants_packets_first_gets_some() -> None:
    async with scene() as s:
        s.faults.needs_packets = 5
        await s.join()
        ann = s.guild.member("Ann")
        await ann.join(s.lounge)
        assert await speech(s, ann) >= 1
