"""What goes wrong at the fake Deepgram does so at its moment, and is counted."""

import asyncio
import itertools
from urllib.parse import urlencode

import aiohttp
import pytest

from tests.fakes.deepgram import (
    BROKEN,
    KEY,
    UNKNOWN,
    Breaking,
    Clock,
    Close,
    Cut,
    Drain,
    Drop,
    FakeDeepgram,
    Fault,
    Finals,
    Gap,
    HalfOpen,
    Hang,
    Http,
    Late,
    Manner,
    Moment,
    NoPong,
    Pace,
    Reset,
    Say,
    Seconds,
    Silence,
    Stall,
    Words,
    deepgram,
)
from tests.fakes.deepgram.client import ASKED, UPGRADE, Client, client, hear, refusal
from tests.fakes.engine import speak


async def test_what_is_refused_by_script_is_refused_in_turn() -> None:
    async with deepgram([Http(503, retry_after="7"), Http(400, "ODD", "Odd."), None]) as fake:
        status, retry_after, body = await refusal(fake)
        assert (status, retry_after) == (503, "7")
        assert (await refusal(fake))[2]["err_code"] == "ODD"
        assert (await hear(fake, speak(1))).words == [1]
        assert fake.ledger.refused == {"503": 1, "400": 1}
        assert body["err_code"] == "SERVICE_UNAVAILABLE"


async def test_an_upgrade_may_hang_or_be_dropped() -> None:
    # This client tries a second time by itself when a GET is dropped.
    async with deepgram([Hang(), Drop(), Drop(), Hang(3)]) as fake:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await hear(fake, b"")
        with pytest.raises(aiohttp.ClientConnectionError):
            await hear(fake, b"")
        began = asyncio.get_running_loop().time()
        assert (await hear(fake, speak(1))).words == [1]
        assert asyncio.get_running_loop().time() - began == pytest.approx(3.2, abs=0.5)
    assert fake.ledger.refused == {"Hang": 1, "Drop": 2}


async def broken(
    fault: Fault, pcm: bytes | None = None, manner: Manner | None = None
) -> tuple[Client, FakeDeepgram]:
    """What comes of a stream that a fault befalls; the client goes on for as long as it can."""
    async with deepgram([fault], manner=manner) as fake:
        async with client(fake) as each:
            try:
                await each.say(speak(20, after=2.0) + speak([21]) if pcm is None else pcm)
                await each.socket.send_json({"type": "CloseStream"})
            except aiohttp.ClientConnectionResetError:
                return each, fake
            await asyncio.sleep(30)
            await each.socket.close()
        return each, fake


async def test_a_line_that_is_cut_or_reset_ends_without_a_close_frame() -> None:
    for fault in (Cut(Words(7)), Reset(Words(7))):
        each, fake = await broken(fault)
        visit = fake.ledger.visits[0]
        assert visit.heard == list(range(1, 8))
        assert each.words == visit.told == []
        assert each.socket.close_code == 1006
        assert visit.ended == type(fault).__name__
        assert visit.faults == [type(fault).__name__]


@pytest.mark.parametrize("fault", [Cut(Clock(1.0)), Reset(Clock(1.0))])
async def test_a_cut_is_an_end_of_file_and_a_reset_is_an_error(fault: Breaking) -> None:
    async with deepgram([fault]) as fake:
        reader, writer = await asyncio.open_connection("127.0.0.1", fake.port)
        lines = [
            f"GET /v1/listen?{urlencode(ASKED)} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Authorization: Token {KEY}",
            *(f"{name}: {value}" for name, value in UPGRADE.items()),
        ]
        writer.write("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
        assert b"101" in await reader.readline()
        try:
            await reader.read()
        except ConnectionResetError:
            ended = "Reset"
        else:
            ended = "Cut"
        writer.transport.abort()
    assert ended == type(fault).__name__


@pytest.mark.parametrize("code", [1000, 1008, 1011])
async def test_a_stream_may_be_closed_in_its_middle(code: int) -> None:
    each, fake = await broken(Close(code, "why", Words(12)))
    assert each.socket.close_code == code
    assert not each.of("Metadata")
    assert fake.ledger.ended == {f"server {code}": 1}


async def test_a_stream_may_be_ended_politely_in_its_middle() -> None:
    each, _ = await broken(Close(1000, at=Words(12), metadata=True))
    assert each.of("Metadata")[0]["duration"] == pytest.approx(2.4, abs=0.1)
    assert each.words == []


async def test_faults_know_their_moment() -> None:
    pcm = speak(20, after=2.0) + speak([21])
    moments: list[tuple[Moment, int, int]] = [
        (Words(1), 1, 0),
        (Silence(0.2), 20, 0),
        (Silence(0.5), 20, 20),
        (Seconds(1.0), 5, 0),
        (Clock(1.0), 5, 0),
        (Finals(1), 20, 20),
        (Drain(), 21, 20),
        (Drain(told=True), 21, 21),
    ]
    for at, heard, told in moments:
        each, fake = await broken(Cut(at), pcm)
        visit = fake.ledger.visits[0]
        assert (len(visit.heard), len(visit.told)) == (heard, told), at
        assert visit.ended == "Cut"
        assert not each.of("Metadata")


async def test_a_stalled_stream_takes_audio_and_says_nothing() -> None:
    each, fake = await broken(Stall(Words(12)))
    assert fake.ledger.visits[0].audio == pytest.approx(6.2)
    assert not each.finals
    each, fake = await broken(Stall(Words(12), seconds=3))
    assert each.words == list(range(1, 22))


async def test_a_half_open_stream_reads_nothing_and_answers_nothing() -> None:
    async with deepgram([HalfOpen(Words(3))]) as fake:
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Token {KEY}"}) as session,
            session.ws_connect(f"{fake.ws}/v1/listen?{urlencode(ASKED)}", autoping=False) as socket,
        ):
            each = Client(socket)
            await each.say(speak(20))
            await socket.ping()
            with pytest.raises(TimeoutError):
                await socket.receive(timeout=50)
        assert fake.ledger.visits[0].audio == pytest.approx(0.6, abs=0.1)
        assert not fake.ledger.visits[0].sent
        await asyncio.sleep(60)
        assert fake.ledger.ended == {"HalfOpen": 1}
        assert fake.ledger.open == 0


async def test_pings_are_answered_until_they_are_not() -> None:
    for fault, kinds in [(NoPong(Words(3)), 1), (None, 2)]:
        async with (
            deepgram([fault], manner=Manner(ping=None)) as fake,
            aiohttp.ClientSession(headers={"Authorization": f"Token {KEY}"}) as session,
            session.ws_connect(f"{fake.ws}/v1/listen?{urlencode(ASKED)}", autoping=False) as socket,
        ):
            await socket.ping(b"1")
            await Client(socket).say(speak(3))
            await socket.ping(b"2")
            await socket.send_json({"type": "CloseStream"})
            pongs = [message async for message in socket if message.type is aiohttp.WSMsgType.PONG]
        assert len(pongs) == kinds
        assert fake.ledger.received["ping"] == 2


async def test_the_server_pings_too() -> None:
    async with deepgram(manner=Manner(ping=2)) as fake:
        await hear(fake, bytes(32000 * 9))
    assert (fake.ledger.sent["ping"], fake.ledger.received["pong"]) == (4, 4)


async def test_messages_may_be_late() -> None:
    delays = []
    for script in ([], [Late(4.0)]):
        async with deepgram(script) as fake:
            began = asyncio.get_running_loop().time()
            heard = await hear(fake, speak(20))
            delays.append(heard.arrived[0] - began)
            assert heard.words == list(range(1, 21))
    assert delays[1] - delays[0] == pytest.approx(4.0, abs=0.1)


async def test_work_may_fall_behind() -> None:
    each, _ = await broken(Pace(0.5))
    assert each.words == list(range(1, 22))
    assert each.arrived[-1] - each.arrived[0] > 8


async def test_what_no_client_knows_is_said_in_between() -> None:
    for payload in (UNKNOWN, BROKEN, b"\x00\x01"):
        each, _fake = await broken(Say(payload, Words(4)))
        assert payload in each.raw
        assert each.words == list(range(1, 22))


async def test_audio_that_gets_lost_in_the_server_is_covered_by_no_final() -> None:
    each, _ = await broken(Gap(1.0, Words(5)))
    ends = [(final["start"], final["start"] + final["duration"]) for final in each.finals]
    holes = [start - end for (_, end), (start, _) in itertools.pairwise(ends)]
    assert max(holes) == pytest.approx(1.0)
    assert each.words == [*range(1, 6), *range(10, 22)] or each.words == [*range(1, 6), *range(11, 22)]
    assert each.of("Metadata")[0]["duration"] == pytest.approx(6.2)


async def test_several_faults_may_befall_one_stream() -> None:
    async with deepgram([(Say(at=Words(2)), Late(1.0, Words(3)), Reset(Words(9)))]) as fake:
        async with client(fake) as each:
            with pytest.raises(aiohttp.ClientConnectionResetError):
                await each.say(speak(20))
        assert fake.ledger.visits[0].faults == ["Say", "Late", "Reset"]


async def test_deepgram_may_be_away_and_come_back_at_the_same_address() -> None:
    async with deepgram() as fake:
        for _ in range(3):
            async with client(fake) as each:
                await each.say(speak(3))
                fake.away()
            assert each.socket.close_code == 1006
            assert (await refusal(fake))[0] == 503
            await fake.back()
            assert (await hear(fake, speak(2))).words == [1, 2]
            await fake.unplug()
            with pytest.raises(aiohttp.ClientConnectorError):
                await hear(fake, speak(2))
            await fake.back()
            assert (await hear(fake, speak(2))).words == [1, 2]


async def test_an_outage_ends_by_itself() -> None:
    async with deepgram() as fake, asyncio.TaskGroup() as tasks:
        tasks.create_task(fake.outage(30, upgrade=Http(429)))
        await asyncio.sleep(0)
        assert (await refusal(fake))[0] == 429
        await asyncio.sleep(31)
        assert (await hear(fake, speak(1))).words == [1]
    assert fake.ledger.lifetime == pytest.approx(0.2, abs=0.1)


async def test_leaving_with_streams_in_every_state_leaves_nothing_behind() -> None:
    script = [None, Stall(), HalfOpen(Words(1)), Late(100), Hang()]
    async with aiohttp.ClientSession(headers={"Authorization": f"Token {KEY}"}) as session:
        async with deepgram(script) as fake:
            for _ in script[:-1]:
                socket = await session.ws_connect(f"{fake.ws}/v1/listen?{urlencode(ASKED)}")
                await Client(socket).say(speak(2))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(session.ws_connect(f"{fake.ws}/v1/listen?{urlencode(ASKED)}"), 1)
        assert fake.ledger.open == 0
