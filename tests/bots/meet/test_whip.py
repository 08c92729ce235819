"""WHIP from the offer to the last packet: real clients, the RFC's table, and everything clients do wrong."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import aioice.ice
import pytest
import pytest_asyncio
from yarl import URL

from bots.meet import ice, ingest
from bots.meet.ingest import Ingest
from bots.meet.tap import Tap
from bots.meet.whip import Whip
from core.metrics import Metrics
from core.settings import Settings
from tests.bots.meet.offers import BROWSER, FFMPEG, PICTURE_FIRST
from tests.bots.meet.senders import House, client, ffmpeg, serving, until, write_tone
from tests.core.audio.tones import loudness

pytestmark = pytest.mark.real_time

TOKEN = {"Authorization": "Bearer token"}
SDP = {**TOKEN, "Content-Type": "application/sdp"}
TRICKLE = {**TOKEN, "Content-Type": "application/trickle-ice-sdpfrag"}


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_a_client_is_heard_from_its_offer_to_its_delete() -> None:
    house = House()
    async with serving(house) as (address, _), client(address) as sender:
        await sender.connect()
        line = house.lines[0]
        await until(lambda: line.seconds > 1.0)
        assert await sender.delete() == 200
        assert line.gone == 1
        assert await sender.delete() == 200  # clients hang up first and delete later
    assert loudness(line.pcm[-16_000:]) > 3000
    assert line.gaps == []


@pytest.mark.parametrize("active", [False, True])
async def test_ffmpeg_is_heard_whole(tmp_path: Path, active: bool) -> None:
    house = House()
    async with serving(house) as (address, _):
        assert await ffmpeg(address, write_tone(tmp_path / "tone.wav", 2.0), tmp_path, active=active) == 0
        await until(lambda: house.lines[0].gone == 1)
    line = house.lines[0]
    assert line.seconds > 1.9
    assert loudness(line.pcm[16_000:-16_000]) > 3000


async def test_a_client_that_answers_no_check_is_not_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aioice.ice, "CONSENT_INTERVAL", 0.05)
    monkeypatch.setattr(aioice.ice, "CONSENT_FAILURES", 1)
    house = House()
    async with serving(house) as (address, _):
        await ffmpeg(address, write_tone(tmp_path / "tone.wav", 2.0), tmp_path)
        await until(lambda: house.lines[0].gone == 1)
    assert house.lines[0].seconds > 1.9


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("GET", "", {}, "", 204),
        ("HEAD", "", {}, "", 204),
        ("GET", "/nothing", {}, "", 204),
        ("PUT", "", SDP, FFMPEG, 405),
        ("POST", "/nothing", SDP, FFMPEG, 405),
        ("POST", "", {"Content-Type": "application/sdp"}, FFMPEG, 401),
        ("POST", "", {**SDP, "Authorization": "Basic token"}, FFMPEG, 401),
        ("POST", "", {**SDP, "Authorization": "Bearer wrong"}, FFMPEG, 401),
        ("POST", "", {**SDP, "Authorization": "Bearer "}, FFMPEG, 401),
        ("POST", "", {**TOKEN, "Content-Type": "application/json"}, FFMPEG, 415),
        ("POST", "", SDP, "x" * 70_000, 413),
        ("POST", "", SDP, "", 400),
        ("POST", "", SDP, "v=0\r\nnonsense", 400),
        ("POST", "", SDP, b"\xff\xfe", 400),
        ("POST", "", SDP, FFMPEG.replace("sendonly", "recvonly"), 422),
        ("POST", "", SDP, FFMPEG.replace("opus", "G722"), 422),
        ("PATCH", "/nothing", {**TRICKLE, "If-Match": "*"}, "", 404),
        ("DELETE", "/nothing", TOKEN, "", 404),
        ("DELETE", "/nothing", {}, "", 401),
    ],
)
async def test_a_wrong_request_gets_its_number_and_a_sentence(
    http: aiohttp.ClientSession,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: str | bytes,
    status: int,
) -> None:
    house = House()
    async with serving(house) as (address, _):
        async with http.request(method, address + path, headers=headers, data=body) as response:
            assert response.status == status
            if status >= 400:
                assert (await response.json())["error"].endswith(".")
            if status == 401:
                assert response.headers["WWW-Authenticate"].startswith("Bearer")
            if status == 405:
                assert "OPTIONS" in response.headers["Allow"]
        async with http.post(address.replace("/room", "/other"), headers=SDP, data=FFMPEG) as response:
            assert response.status == 404
    assert house.lines == []


async def test_what_an_offer_is_answered_with(http: aiohttp.ClientSession) -> None:
    house = House()
    async with serving(house) as (address, _), http.post(address, headers=SDP, data=BROWSER) as response:
        assert response.status == 201
        assert response.content_type == "application/sdp"
        answer = await response.text()
        assert response.headers["Location"].startswith("/whip/room/")
        assert len(response.headers["Location"]) > len("/whip/room/") + 22
        assert response.headers["ETag"].startswith('"')
    assert "a=recvonly" in answer
    assert "useinbandfec=1" in answer
    assert answer.count("m=") == 1
    assert "a=candidate" in answer
    assert "127.0.0.1" in answer
    assert house.lines[0].gone == 1


async def test_servers_are_told_to_clients_and_not_to_preflights(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ice, "_GATHER", 0)
    async with serving(House(), ice_servers=("turn:127.0.0.1:9?user=u&password=p",)) as (address, _):
        async with http.post(address, headers=SDP, data=BROWSER) as response:
            assert 'credential="p"' in response.headers["Link"]
        async with http.options(address) as response:
            assert "Link" not in response.headers


async def test_pictures_are_left_aside(http: aiohttp.ClientSession) -> None:
    async with (
        serving(House()) as (address, _),
        http.post(address, headers=SDP, data=PICTURE_FIRST) as response,
    ):
        assert response.status == 201
        assert "a=inactive" in await response.text()


async def test_pages_of_other_origins_may_send_when_they_hold_a_token(http: aiohttp.ClientSession) -> None:
    async with serving(House()) as (address, whip):
        preflight = {"Origin": "https://obs.example", "Access-Control-Request-Method": "POST"}
        async with http.options(address, headers=preflight) as response:
            assert response.status == 200
            assert response.headers["Accept-Post"] == "application/sdp"
            assert response.headers["Access-Control-Allow-Origin"] == "https://obs.example"
            assert "POST" in response.headers["Access-Control-Allow-Methods"]
            assert "Authorization" in response.headers["Access-Control-Allow-Headers"]
        async with http.options(address + "/session", headers=preflight) as response:
            assert "PATCH" in response.headers["Access-Control-Allow-Methods"]
        async with http.post(address, headers={**SDP, "Origin": "https://obs.example"}, data="") as response:
            assert response.status == 400
            assert response.headers["Access-Control-Allow-Origin"] == "https://obs.example"
            assert "Location" in response.headers["Access-Control-Expose-Headers"]
        whip._origins = lambda origin: origin == "https://ours.example"
        async with http.post(address, headers={**SDP, "Origin": "https://bad.example"}, data="") as response:
            assert response.status == 403
            assert "Access-Control-Allow-Origin" not in response.headers


async def test_addresses_may_be_told_later() -> None:
    house = House()
    async with serving(house) as (address, whip), client(address) as sender:
        offer = await sender.offer()
        lines = [line for line in offer.split("\r\n") if "candidate" not in line]
        told = [line for line in offer.split("\r\n") if "a=candidate" in line]
        ufrag = next(line for line in lines if line.startswith("a=ice-ufrag"))
        await sender.connect("\r\n".join(lines))
        fragment = "\r\n".join([ufrag, "a=ice-pwd:" + "x" * 22, "m=audio 9 RTP/AVP 0", "a=mid:0", *told])

        async def patch(body: str, **headers: str) -> int:
            sent = {**TRICKLE, **{name.replace("_", "-"): value for name, value in headers.items()}}
            async with sender.http.patch(sender.session, data=body, headers=sent) as response:
                assert "ETag" not in response.headers
                return response.status

        assert await patch(fragment) == 428
        assert await patch(fragment, If_Match='"stale"') == 412
        assert await patch("nonsense", If_Match=sender.etag) == 400
        assert await patch(fragment, If_Match="*", Content_Type="text/plain") == 415
        assert await patch(fragment, If_Match="*", Authorization="Bearer wrong") == 401
        assert await patch(fragment.replace(ufrag, "a=ice-ufrag:anew"), If_Match="*") == 422
        assert await patch(fragment, If_Match=f'"other", {sender.etag}') == 204
        for host in ("127.0.0.1", "127.0.0.2"):
            many = [f"a=candidate:{n} 1 udp 1 {host} {9000 + n} typ host" for n in range(60)]
            assert await patch("\r\n".join([fragment, *many]), If_Match="*") == 204
        [session] = whip._sessions.values()
        assert session._peer is not None
        transport = session._peer.getReceivers()[0].transport.transport
        assert len(transport.getRemoteCandidates()) <= 66  # those, and what the connection found itself
        await until(lambda: house.lines[0].seconds > 0.2)
        await sender.delete()
        assert await patch(fragment, If_Match=sender.etag) == 404


async def test_a_client_that_hangs_up_is_gone_at_once() -> None:
    house = House()
    async with serving(house) as (address, _):
        async with client(address) as sender:
            await sender.connect()
            await until(lambda: house.lines[0].seconds > 0.2)
        await until(lambda: house.lines[0].gone == 1)
    assert house.lines[0].quiet == []


async def test_a_client_that_falls_silent_is_missed_and_then_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = House()
    deaf = False
    heard = Tap._packet

    async def packet(tap: Tap, packet: object, arrival_time_ms: int) -> None:
        if not deaf:
            await heard(tap, packet, arrival_time_ms)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(Tap, "_packet", packet)
    async with serving(house, silence=0.2, patience=1) as (address, _), client(address) as sender:
        await sender.connect()
        line = house.lines[0]
        await until(lambda: line.seconds > 0.2)
        deaf = True
        await until(lambda: line.quiet == [True])
        deaf = False
        await until(lambda: line.quiet == [True, False])
        deaf = True
        await until(lambda: line.gone == 1)
    assert line.quiet == [True, False, True]


async def test_a_client_that_never_connects_is_given_up(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "_CONNECT", 0.1)
    house = House()
    async with serving(house, silence=0.2) as (address, _):
        async with http.post(address, headers=SDP, data=FFMPEG) as response:
            assert response.status == 201
        await until(lambda: house.lines[0].gone == 1)


async def test_a_flood_of_packets_ends_its_session_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "_FLOOD", 5)
    house = House()
    async with serving(house, silence=2.0) as (address, _), client(address) as sender:
        await sender.connect()
        await until(lambda: house.lines[0].gone == 1)
        assert await sender.delete() == 200


async def test_one_person_sends_once_but_may_come_back_after_a_crash() -> None:
    house = House()
    async with serving(house) as (address, whip), client(address) as sender:
        await sender.connect()
        await until(lambda: house.lines[0].seconds > 0.2)
        async with client(address) as second:
            offer = await second.offer()
            assert (await second.post(offer)).status == 409
            [session] = whip._sessions.values()
            monkey = session._tap
            assert monkey is not None
            assert monkey.last is not None
            monkey.last -= 60.0
            monkey._closed = True  # as if nothing more came
            await second.connect(offer)
            assert house.lines[0].gone == 1
            await until(lambda: house.lines[1].seconds > 0.2)
    assert house.lines[1].gone == 1


async def test_more_than_the_machine_takes_is_told_to_come_later(http: aiohttp.ClientSession) -> None:
    async with serving(House(), rooms=1, speakers=1) as (address, _):
        async with http.post(address, headers=SDP, data=FFMPEG) as response:
            assert response.status == 201
        async with http.post(address, headers=SDP, data=FFMPEG) as response:
            assert response.status == 503
            assert int(response.headers["Retry-After"]) > 0


async def test_offers_in_a_rush_are_slowed_down(http: aiohttp.ClientSession) -> None:
    async with serving(House()) as (address, _):
        for _ in range(20):
            async with http.post(address, headers=SDP, data="") as response:
                assert response.status == 400
        async with http.post(address, headers=SDP, data="") as response:
            assert response.status == 429
            assert int(response.headers["Retry-After"]) > 0


async def test_stopping_hears_the_last_words_and_leaves_nothing() -> None:
    house = House()
    async with serving(house) as (address, whip), client(address) as sender:
        await sender.connect()
        await until(lambda: house.lines[0].seconds > 0.3)
    assert house.lines[0].gone == 1
    assert whip._sessions == {}


async def test_sessions_that_are_over_leave_nothing_in_memory() -> None:
    kept: list[weakref.ref[object]] = []
    async with serving(House()) as (address, whip):
        for _round in range(3):
            async with client(address) as sender:
                await sender.connect()
                for session in whip._sessions.values():
                    assert session._tap is not None
                    decoder = session._tap.playout._decoder
                    kept += map(weakref.ref, (session, session._peer, session._tap, decoder))
                del session, decoder
                await sender.delete()

        def gone() -> bool:
            gc.collect()
            return not any(reference() for reference in kept)

        await until(gone)
    assert len(kept) == 12


@pytest.mark.parametrize(
    ("settings", "everywhere"),
    [
        ({}, False),
        ({"host": "localhost"}, False),
        ({"host": "0.0.0.0"}, True),
        ({"public_url": "https://captions.example"}, True),
        ({"ice_servers": ("stun:stun.example",)}, True),
    ],
)
async def test_sound_is_received_where_the_page_is_served(
    settings: Mapping[str, object], everywhere: bool
) -> None:
    whip = Whip(House(), Settings.model_validate(settings), Metrics())
    assert whip._addresses == (None if everywhere else ("127.0.0.1",))


async def test_a_body_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def trickle() -> AsyncIterator[bytes]:
        yield b"v=0\r\n"
        await asyncio.sleep(30)

    monkeypatch.setattr("bots.meet.manners._BODY_TIME", 0.05)
    async with (
        serving(House()) as (address, _),
        aiohttp.ClientSession() as http,
        http.post(address, headers=SDP, data=trickle()) as response,
    ):
        assert response.status == 408


@pytest.mark.parametrize(
    "said", [b"Content-Length: 100\r\n\r\nv=0", b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nv=0"]
)
async def test_a_body_that_breaks_off_or_can_t_be_unpacked_is_no_bug(
    caplog: pytest.LogCaptureFixture, said: bytes
) -> None:
    async with serving(House()) as (address, _):
        _, writer = await asyncio.open_connection("127.0.0.1", URL(address).port)
        writer.write(
            b"POST /whip/room HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer token\r\n"
            b"Content-Type: application/sdp\r\n" + said
        )
        await writer.drain()
        await asyncio.sleep(0.05)  # only to give a mistake the time to show
        writer.close()
        await writer.wait_closed()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_bug_in_one_session_leaves_the_others_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(ingest: Ingest, pace: float) -> None:
        raise RuntimeError("a bug")

    house = House()
    async with serving(house, silence=0.2) as (address, _), client(address) as sender:
        with monkeypatch.context() as patch:
            patch.setattr(Ingest, "_look", broken)
            await sender.connect()
            await until(lambda: house.lines[0].gone == 1)
        async with client(address) as other:
            await other.connect()
            await until(lambda: house.lines[1].seconds > 0.2)
    assert "whip.bug" in caplog.messages
