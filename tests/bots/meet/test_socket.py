import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest

from core.audio.frame import RATE, WIDTH
from tests.bots.meet.house import STEP, house
from tests.fakes.engine import ScriptedEngine, ScriptedRecognition, numbers, speak

WORDS = range(100, 140)


async def test_what_one_says_everybody_reads() -> None:
    async with house() as h:
        room = await h.room()
        ann, bob = await h.join(room, "Ann"), await h.join(room, "Bob")
        async with h.reader(room) as one, h.reader(room) as two:
            async with h.microphone(room, ann["token"]) as a, h.microphone(room, bob["token"]) as b:
                async with asyncio.TaskGroup() as both:
                    both.create_task(a.send(speak(range(100, 110), after=1.2)))
                    both.create_task(b.send(speak(range(200, 210), after=1.2)))
                await a.say("bye")
                await b.say("bye")
            for reader in (one, two):
                await reader.until(lambda r: r.room.get("state") == "ended" and len(r.entries) == 2)
                said = {entry["name"]: numbers(entry["text"]) for entry in reader.entries}
                assert said == {"Ann": list(range(100, 110)), "Bob": list(range(200, 210))}


@pytest.mark.parametrize("seed", range(8))
async def test_no_word_is_lost_or_doubled_when_the_connection_is_cut_again_and_again(seed: int) -> None:
    dice = random.Random(seed)
    pcm = speak(WORDS, after=1.0)
    size = STEP * WIDTH
    frames = [pcm[n : n + size] for n in range(0, len(pcm), size)]
    async with house() as h:
        room = await h.room()
        token = (await h.join(room, "Ann"))["token"]
        async with h.reader(room) as reader:
            sent = 0
            while sent < len(frames):
                async with h.microphone(room, token) as microphone:
                    wanted = microphone.answer["next"]
                    assert wanted <= sent
                    for number in range(wanted, sent):  # the replay comes at once
                        await microphone.frame(number, frames[number])
                    until = min(len(frames), sent + dice.randint(5, 80))
                    for number in range(sent, until):
                        await microphone.frame(number, frames[number])
                        await asyncio.sleep(STEP / RATE)
                    sent = until
                    if dice.random() < 0.5 and sent < len(frames):
                        # Frames that were sent into a line that was dead already.
                        sent = min(len(frames), sent + dice.randint(1, 20))
                    if sent >= len(frames):
                        break
                    microphone.cut()
                await asyncio.sleep(dice.choice([0.1, 2.0, 20.0]))
            async with h.microphone(room, token) as microphone:
                for number in range(microphone.answer["next"], len(frames)):
                    await microphone.frame(number, frames[number])
                await microphone.say("bye")
            await reader.until(lambda r: r.room["state"] == "ended" and len(numbers(r.text)) >= len(WORDS))
            assert numbers(reader.text) == list(WORDS)
            assert not [entry for entry in reader.entries if entry["kind"] == "gap"]


async def test_what_the_page_had_to_throw_away_is_shown_as_a_gap() -> None:
    async with house() as h:
        room = await h.room()
        token = (await h.join(room, "Ann"))["token"]
        async with h.reader(room) as reader, h.microphone(room, token) as microphone:
            following = await microphone.send(speak(range(100, 105)))
            await asyncio.sleep(4.0)
            await microphone.send(speak(range(200, 205), after=1.0), following + 100)
            await reader.until(lambda r: len(r.entries) == 3)
        kinds = [e["kind"] for e in sorted(reader.entries, key=lambda e: e["start"])]
        assert kinds == ["caption", "gap", "caption"]
        gap = next(e for e in reader.entries if e["kind"] == "gap")
        assert gap["end"] - gap["start"] == pytest.approx(4.0, abs=0.1)


async def test_who_does_not_come_back_in_time_has_left_and_the_room_ends() -> None:
    async with house(patience=30) as h:
        room = await h.room()
        token = (await h.join(room, "Ann"))["token"]
        async with h.reader(room) as reader:
            async with h.microphone(room, token) as microphone:
                await microphone.send(speak([100, 101]))
            await reader.until(lambda r: any("Nothing arrives from Ann" in n for n in r.notices))
            assert h.rooms.find(room).state == "live"
            begin = asyncio.get_running_loop().time()
            await reader.until(lambda r: r.room["state"] == "ended")
            assert asyncio.get_running_loop().time() - begin == pytest.approx(30, abs=1)
            assert not reader.notices


async def test_a_page_that_sends_nothing_is_named_unless_it_is_muted() -> None:
    async with house() as h:
        room = await h.room()
        token = (await h.join(room, "Ann"))["token"]
        async with h.reader(room) as reader, h.microphone(room, token) as microphone:
            await microphone.send(speak([100]))
            await asyncio.sleep(3.5)
            await reader.until(lambda r: r.notices)
            await microphone.send(speak([100]), 5)
            await reader.until(lambda r: not r.notices)
            await microphone.say("muted")
            await reader.until(lambda r: r.room["people"][0]["muted"])
            await asyncio.sleep(60)
            assert not h.rooms.find(room).board.notices


async def test_the_newest_tab_of_a_person_is_the_one_that_speaks() -> None:
    async with house() as h:
        room = await h.room()
        token = (await h.join(room, "Ann"))["token"]
        async with h.microphone(room, token) as old:
            await old.send(speak([100]))
            async with h.microphone(room, token) as new:
                assert new.answer == {"type": "ready", "next": 5}
                assert await old.closed() == 4009
                assert old.messages[-1] == {"type": "refused", "error": "You share from another tab now."}
                await new.send(speak([101]), 5)


async def test_a_new_share_begins_with_its_first_frame_although_the_old_one_only_broke() -> None:
    async with house() as h:
        room = await h.room()
        token = (await h.join(room, "Ann"))["token"]
        async with h.microphone(room, token, share="before the reload") as microphone:
            await microphone.send(speak(range(100, 103)))
        async with h.reader(room) as reader, h.microphone(room, token, share="after it") as microphone:
            assert microphone.answer["next"] == 0
            await microphone.send(speak(range(200, 203), after=1.0))
            await reader.until(lambda r: len(r.entries) == 2)
            assert numbers(reader.text) == [100, 101, 102, 200, 201, 202]


async def test_a_tab_that_was_duplicated_ends_the_share_of_the_first() -> None:
    async with house() as h:
        room = await h.room()
        token = (await h.join(room, "Ann"))["token"]
        async with h.microphone(room, token, share="first") as first:
            await first.send(speak([100]))
            async with h.microphone(room, token, share="second") as second:
                assert second.answer == {"type": "ready", "next": 0}
                assert await first.closed() == 4009
                async with h.microphone(room, token, share="first") as again:
                    assert again.answer["type"] == "refused"
                    assert await again.closed() == 4009
                async with h.reader(room) as reader:
                    await second.send(speak([200], after=1.0))
                    await reader.until(lambda r: 200 in numbers(r.text))
                    assert numbers(reader.text) == [100, 200]


async def test_a_dead_line_holds_up_nobody_who_comes_back() -> None:
    async with house() as h:
        room = await h.room()
        token = (await h.join(room, "Ann"))["token"]
        url = f"{h.url}/api/rooms/{room}/audio"
        async with h.client.ws_connect(url, autoclose=False, autoping=False) as dead:
            await dead.send_json({"type": "hello", "token": token, "source": "microphone", "share": "s"})
            begin = asyncio.get_running_loop().time()
            async with h.microphone(room, token) as microphone:
                assert microphone.answer["type"] == "ready"
                assert asyncio.get_running_loop().time() - begin < 0.5


async def test_what_arrives_after_the_goodbye_begins_no_other_call() -> None:
    async with house() as h:
        room = await h.room()
        ann = await h.join(room, "Ann")
        async with h.microphone(room, ann["token"]) as microphone:
            following = await microphone.send(speak([100], after=4.0))
            headers = {"Authorization": f"Bearer {ann['token']}"}
            url = f"{h.url}/api/rooms/{room}/people/{ann['person']}"
            async with h.client.delete(url, headers=headers) as answer:
                assert answer.status == 204
            with suppress(aiohttp.ClientConnectionResetError):
                await microphone.send(speak([101] * 40), following)
            assert await microphone.closed() == 4009
            assert h.rooms.find(room).state == "ended"


async def test_acknowledgements_follow_what_has_arrived() -> None:
    async with house() as h:
        room = await h.room()
        token = (await h.join(room, "Ann"))["token"]
        async with h.microphone(room, token) as microphone:
            await microphone.send(speak(range(100, 108)))  # 40 frames
            await microphone.until(lambda m: len(m.messages) == 4)
            assert [ack["next"] for ack in microphone.messages] == [10, 20, 30, 40]


@pytest.mark.parametrize(
    ("hello", "code"),
    [
        ({"type": "hello", "token": "nonsense", "source": "microphone"}, 4001),
        ({"type": "hello", "token": "\ud800", "source": "microphone"}, 4001),
        ({"type": "hello", "token": 7, "source": "microphone"}, 4000),
        ({"type": "hello", "source": "telepathy", "token": ""}, 4000),
        ({"type": "hello", "source": "tab", "token": "", "share": "x" * 65}, 4000),
        ({}, 4000),
        ([], 4000),
        ("[" * 8000, 4000),
    ],
)
async def test_a_bad_hello_is_answered_with_one_sentence(hello: object, code: int) -> None:
    async with house() as h:
        room = await h.room()
        async with h.client.ws_connect(f"{h.url}/api/rooms/{room}/audio") as socket:
            await (socket.send_str(hello) if isinstance(hello, str) else socket.send_json(hello))
            answer = await socket.receive_json()
            assert answer["type"] == "refused"
            assert answer["error"].endswith(".")
            await socket.receive()
            assert socket.close_code == code


async def test_a_page_that_never_says_who_it_is_is_let_go() -> None:
    async with house() as h:
        room = await h.room()
        async with h.client.ws_connect(f"{h.url}/api/rooms/{room}/audio") as socket:
            assert (await socket.receive_json())["type"] == "refused"
            await socket.receive()
            assert socket.close_code == 4000


async def test_garbage_ends_the_share_of_whoever_sent_it_and_nobody_elses() -> None:
    async with house() as h:
        room = await h.room()
        ann, bob = await h.join(room, "Ann"), await h.join(room, "Bob")
        async with h.microphone(room, ann["token"]) as a, h.microphone(room, bob["token"]) as b:
            await a.socket.send_bytes(b"\x01\x02\x03")
            assert await a.closed() == 4000
            assert a.messages[-1]["type"] == "refused"
            async with h.reader(room) as reader:
                await b.send(speak([200, 201], after=1.0))
                await reader.until(lambda r: numbers(r.text) == [200, 201])
                assert [p["sharing"] for p in reader.room["people"]] == [False, True]


async def test_a_flood_of_tiny_messages_is_refused() -> None:
    async with house() as h:
        room = await h.room()
        token = (await h.join(room, "Ann"))["token"]
        async with h.microphone(room, token) as microphone:
            for number in range(15_000):
                await microphone.frame(number, b"\0\0", at=0.0)
            assert await microphone.closed() == 4003
            assert microphone.messages[-1]["error"] == "That is too many messages."
        assert not h.rooms.find(room).sharing


async def test_who_sends_faster_than_time_is_slowed_down_not_believed() -> None:
    async with house() as h:
        room = await h.room()
        token = (await h.join(room, "Ann"))["token"]
        async with h.microphone(room, token) as microphone:
            begin = asyncio.get_running_loop().time()
            await microphone.send(bytes(RATE * WIDTH * 200), pace=0)
            await microphone.until(lambda m: m.messages[-1]["next"] == 5000)
            assert asyncio.get_running_loop().time() - begin > 90


async def test_at_most_so_many_people_share_at_once() -> None:
    async with house(speakers=1) as h:
        room = await h.room()
        ann, bob = await h.join(room, "Ann"), await h.join(room, "Bob")
        async with h.microphone(room, ann["token"]), h.microphone(room, bob["token"]) as second:
            assert second.answer["type"] == "refused"
            assert "1 people" in second.answer["error"]


class Slow(ScriptedRecognition):
    """Hears eight times as fast as people talk, and makes who sends faster wait, as a real model does."""

    async def send(self, pcm: bytes) -> None:
        await asyncio.sleep(len(pcm) / WIDTH / RATE / 8)
        await super().send(pcm)


class SlowEngine(ScriptedEngine):
    @asynccontextmanager
    async def recognize(
        self, language: str, vocabulary: Sequence[str] = (), *, interim: bool = True, known: float = 0.0
    ) -> AsyncIterator[ScriptedRecognition]:
        yield Slow(None, lag=0.0, interim=interim, language=language)


async def test_a_minute_that_comes_all_at_once_is_heard_whole_by_an_engine_that_takes_its_time() -> None:
    spoken = list(range(100, 390))  # 58 s
    async with house(SlowEngine()) as h:
        room = await h.room()
        token = (await h.join(room, "Ann"))["token"]
        async with h.reader(room) as reader, h.microphone(room, token, clock=58.0) as microphone:
            await microphone.send(speak(spoken, after=1.0), pace=0)
            await reader.until(lambda r: numbers(r.text) == spoken)
            assert not [entry for entry in reader.entries if entry["kind"] == "gap"]


async def test_what_was_said_before_the_line_stood_is_captioned_at_its_time() -> None:
    async with house() as h:
        room = await h.room()
        ann, bob = await h.join(room, "Ann"), await h.join(room, "Bob")
        async with h.reader(room) as reader, h.microphone(room, bob["token"]) as b:
            await b.send(bytes(RATE * WIDTH * 10))  # the call goes on for ten seconds
            async with h.microphone(room, ann["token"], clock=5.0) as a:
                following = await a.send(speak(range(100, 110), after=3.0), pace=0)
                await a.send(speak(range(200, 205), after=1.0), following)
                await reader.until(lambda r: len(numbers(r.text)) == 15)
            first, second = sorted(reader.entries, key=lambda e: e["start"])
            assert first["start"] == pytest.approx(5.0, abs=0.3)
            assert second["start"] == pytest.approx(10.0, abs=0.3)


async def test_who_comes_back_too_late_brings_what_they_kept_and_a_mark_for_the_rest() -> None:
    async with house(patience=30) as h:
        room = await h.room()
        token = (await h.join(room, "Ann"))["token"]
        async with h.reader(room) as reader:
            async with h.microphone(room, token, clock=0.0) as microphone:
                await microphone.send(speak(range(100, 110), after=1.0))  # 75 frames, 3 s
                microphone.cut()
            await asyncio.sleep(97.0)
            async with h.microphone(room, token, clock=100.0) as microphone:
                # The page kept its newest minute: frames 1000 to 2499.
                kept = speak(range(500, 505), after=55.0) + speak(range(600, 605), after=3.0)
                await microphone.send(kept, 1000, pace=0)
                await reader.until(lambda r: 604 in numbers(r.text))
        shown = sorted(reader.entries, key=lambda e: e["start"])
        assert [e["kind"] for e in shown] == ["caption", "gap", "caption", "caption"]
        assert (shown[1]["start"], shown[1]["end"]) == (
            pytest.approx(3.0, abs=0.2),
            pytest.approx(40.0, abs=0.2),
        )
        assert shown[2]["start"] == pytest.approx(40.0, abs=0.3)
        assert shown[3]["start"] == pytest.approx(96.0, abs=0.3)


async def test_a_goodbye_that_comes_late_ends_only_the_share_it_means() -> None:
    async with house() as h:
        room = await h.room()
        ann = await h.join(room, "Ann")
        headers = {"Authorization": f"Bearer {ann['token']}"}
        url = f"{h.url}/api/rooms/{room}/people/{ann['person']}"
        async with h.microphone(room, ann["token"], share="new"):
            async with h.client.delete(f"{url}?share=old", headers=headers) as answer:
                assert answer.status == 204
            assert h.rooms.find(room).state == "live"
            async with h.client.delete(f"{url}?share=new", headers=headers) as answer:
                assert answer.status == 204
            assert h.rooms.find(room).state == "ended"


async def test_whoever_sends_over_webrtc_can_be_ended_by_the_page_too() -> None:
    async with house() as h:
        room = await h.room()
        ann = await h.join(room, "Ann")
        voice = h.rooms.admit(room, ann["token"])
        assert h.metrics.registry.get_sample_value("spokenly_speakers") == 1
        headers = {"Authorization": f"Bearer {ann['token']}"}
        async with h.client.delete(f"{h.url}/api/rooms/{room}/people/{ann['person']}", headers=headers):
            pass
        assert voice.over
        voice.hear(speak([100]), 0.0)
        voice.left()
        assert h.rooms.find(room).state == "ended"
        assert h.metrics.registry.get_sample_value("spokenly_speakers") == 0


async def test_a_muted_page_is_told_that_its_line_is_alive() -> None:
    async with house() as h:
        room = await h.room()
        token = (await h.join(room, "Ann"))["token"]
        async with h.microphone(room, token) as microphone:
            await microphone.frame(0, bytes(STEP * WIDTH))
            await microphone.say("muted")
            await microphone.until(lambda m: len(m.messages) == 3)
            assert microphone.messages == [{"type": "ack", "next": 1}] * 3


class Buggy(ScriptedEngine):
    """Its first stream raises what nobody expects, in the middle of a word."""

    @asynccontextmanager
    async def recognize(
        self, language: str, vocabulary: Sequence[str] = (), *, interim: bool = True, known: float = 0.0
    ) -> AsyncIterator[ScriptedRecognition]:
        async with super().recognize(language, vocabulary, interim=interim) as stream:
            yield stream
            if self.opened == 1:
                raise ZeroDivisionError


async def test_a_call_that_a_bug_ended_says_so_and_goes_on_by_itself() -> None:
    async with house(Buggy()) as h:
        room = await h.room()
        token = (await h.join(room, "Ann"))["token"]
        async with h.reader(room) as reader, h.microphone(room, token) as microphone:
            following = await microphone.send(speak([100]))
            await asyncio.sleep(12.0)  # quiet: the stream is handed back, and fails
            await reader.until(lambda r: any("fault" in n for n in r.notices))
            assert h.rooms.find(room).session is None
            # A frame without sound begins the call anew; what is said then is heard.
            following = await microphone.send(bytes(STEP * WIDTH * 5), following)
            await microphone.send(speak([200, 201], after=1.0), following)
            await reader.until(lambda r: numbers(r.text)[-2:] == [200, 201])
            assert reader.room["state"] == "live"
