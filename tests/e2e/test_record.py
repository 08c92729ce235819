"""The record of real speech, Spokenly as a process of its own: kept, killed, read again, or never kept."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import docx
import pytest

from core.audio.frame import RATE, WIDTH
from tests.e2e.spoken import TOLERANCE, TRIED, Server, missed, spokenly, tried

pytestmark = pytest.mark.real_time

FORMS = ("md", "txt", "vtt", "srt", "json", "docx")
QUIET = bytes(RATE * WIDTH * 2)


def holds(place: Path, *words: str) -> list[str]:
    """Which of these words stand in any file below `place`."""
    files = [path.read_bytes().lower() for path in place.rglob("*") if path.is_file()]
    return [word for word in words if any(word.encode() in file for file in files)]


async def texts(server: Server, room: str) -> str:
    answer = await server.get(f"/api/records/{room}/lines")
    return " ".join(entry["text"] for entry in answer["entries"] if entry["kind"] == "line")


async def test_a_call_of_which_the_process_was_killed_can_be_read_searched_and_exported(
    tmp_path: Path,
) -> None:
    sound = await tried()
    async with spokenly(data_dir=str(tmp_path)) as server:
        opened = await server.open(keep="transcript", title="Attempts")
        room = opened["room"]
        token = (await server.join(room, "Sam"))["token"]
        async with server.reader(room) as reader:
            assert reader.room == {} or reader.room["keep"] == "transcript"
            async with server.microphone(room, token) as microphone:
                await microphone.send(sound + QUIET)
                await reader.until(lambda r: missed(TRIED, r.text) < TOLERANCE)
                shown = reader.text
                # A final is on disk within a second; nobody says goodbye.
                await asyncio.sleep(1.0)
                server.process.kill()
                await server.process.wait()
    async with spokenly(data_dir=str(tmp_path)) as again:
        call = await again.get(f"/api/records/{room}")
        assert (call["state"], call["title"], call["speakers"]) == ("interrupted", "Attempts", ["Sam"])
        assert await texts(again, room) == shown
        (listed,) = (await again.get("/api/records"))["calls"]
        assert listed["key"] == room
        (hit, *_) = (await again.get("/api/records/search?q=ever+failed"))["hits"]
        marked = [hit["line"]["text"][first:last].lower() for first, last in hit["marks"]]
        assert "failed" in marked
        recap = await again.get(f"/api/records/{room}/recap")
        assert recap["quoted"]
        for form in FORMS:
            async with again.client.get(f"{again.url}/api/records/{room}/transcript.{form}") as file:
                assert file.status == 200, form
                body = await file.read()
            said = body.decode() if form != "docx" else _paragraphs(body)
            assert "matter" in said.lower(), form
            assert "Sam" in said, form


def _paragraphs(body: bytes) -> str:
    return "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(body)).paragraphs)


SECRET = "No such person 4711"


@asynccontextmanager
async def somebody_speaks(server: Server, place: Path, keep: str) -> AsyncIterator[tuple[str, list[str]]]:
    """The room, and which of the words and the name are in any file while the call goes on."""
    room = await server.room(keep=keep)
    token = (await server.join(room, SECRET))["token"]
    async with server.reader(room) as reader, server.microphone(room, token) as microphone:
        await microphone.send(await tried() + QUIET)
        await reader.until(lambda r: "matter" in r.text.lower())
        await asyncio.sleep(1.0)
        catching_up = await server.get(f"/api/rooms/{room}/recap")
        assert "matter" in json.dumps(catching_up).lower()
        yield room, holds(place, "matter", SECRET.lower())


async def test_of_a_call_that_keeps_captions_only_nothing_is_ever_written(tmp_path: Path) -> None:
    async with (
        spokenly(data_dir=str(tmp_path)) as server,
        somebody_speaks(server, tmp_path, "captions") as (_, found),
    ):
        assert found == []
        server.process.kill()
        await server.process.wait()
    assert holds(tmp_path, "matter", SECRET.lower()) == []


async def test_of_a_call_that_is_kept_the_same_search_finds_every_word(tmp_path: Path) -> None:
    """So it would find them where nothing is to be written, too."""
    async with (
        spokenly(data_dir=str(tmp_path)) as server,
        somebody_speaks(server, tmp_path, "transcript") as (room, found),
    ):
        assert found == ["matter", SECRET.lower()]
        await server.stop()
    assert holds(tmp_path, "matter", SECRET.lower()) == ["matter", SECRET.lower()]
    async with spokenly(data_dir=str(tmp_path)) as again:
        assert (await again.get(f"/api/records/{room}"))["state"] == "ended", "it was stopped, not killed"
