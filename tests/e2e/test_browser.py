"""Two people with browsers, and one with FFmpeg, in a room of the real program with the real engine."""

import asyncio
import sys
import wave
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright, expect

from core.audio.frame import RATE, WIDTH
from tests.bots.meet.house import Reader
from tests.e2e.spoken import (
    BEST_OF_TIMES,
    ROOT,
    TOLERANCE,
    TRIED,
    Server,
    missed,
    recording,
    spokenly,
    tried,
    wav,
)
from tests.fakes.browser import CHROMIUM, FLAGS, needs_browser, share

pytestmark = [mark for mark in needs_browser if mark.name != "asyncio"]

PATIENCE = 40_000  # milliseconds: a recording is up to 12 s, a busy machine is slow


async def speech(folder: Path) -> Path:
    """The recording with a pause behind it, as a microphone that speaks it over and over."""
    sound = await tried()
    return await asyncio.to_thread(wav, folder / "microphone.wav", sound + bytes(RATE * WIDTH * 3))


def flags(microphone: Path) -> list[str]:
    return [*FLAGS, f"--use-file-for-fake-audio-capture={microphone}%noloop"]


def beginning(source: Path, target: Path, seconds: int) -> Path:
    """The first seconds of a WAV file, as one."""
    with wave.open(str(source)) as whole, wave.open(str(target), "wb") as part:
        part.setparams(whole.getparams())
        part.writeframes(whole.readframes(seconds * whole.getframerate()))
    return target


async def page_of(browser: Any, server: Server, room: str) -> Page:
    page: Page = await (await browser.new_context()).new_page()
    await page.goto(f"{server.url}/room/{room}")
    return page


async def log_of(page: Page) -> str:
    return " ".join(await page.locator("#log .said").all_inner_texts())


async def test_one_speaks_into_a_browser_and_another_reads_it_in_theirs(tmp_path: Path) -> None:
    microphone = await speech(tmp_path)
    async with spokenly() as server, async_playwright() as api:
        browser = await api.chromium.launch(
            executable_path=CHROMIUM, args=flags(microphone), ignore_default_args=["--mute-audio"]
        )
        room = await server.room()
        speaker, reader = await page_of(browser, server, room), await page_of(browser, server, room)
        await share(speaker, "microphone", "Sam")
        await expect(reader.locator("#now")).to_contain_text("tried", timeout=PATIENCE, ignore_case=True)
        for page in (speaker, reader):
            await expect(page.locator("#log")).to_contain_text("matter", timeout=PATIENCE, ignore_case=True)
            assert missed(TRIED, await log_of(page)) < TOLERANCE
            assert await page.locator("#log .name").all_inner_texts() == ["Sam"]
        await speaker.click("#stop")
        await expect(reader.locator("#state")).to_have_text("No sound", timeout=PATIENCE)
        await browser.close()


async def test_a_browser_and_ffmpeg_speak_at_once_and_are_captioned_apart(tmp_path: Path) -> None:
    microphone = await speech(tmp_path)
    studio = await asyncio.to_thread(beginning, recording("two_cities.wav"), tmp_path / "studio.wav", 12)
    async with spokenly() as server, async_playwright() as api:
        browser = await api.chromium.launch(
            executable_path=CHROMIUM, args=flags(microphone), ignore_default_args=["--mute-audio"]
        )
        room = await server.room()
        page = await page_of(browser, server, room)
        token = (await server.join(room, "Studio"))["token"]
        address = f"{server.url}/whip/{room}"
        client = ROOT / "tests/bots/meet/ffmpeg_whip.py"
        ffmpeg = await asyncio.create_subprocess_exec(
            sys.executable, str(client), address, str(studio), str(tmp_path), token, "passive"
        )
        await share(page, "microphone", "Sam")
        async with server.reader(room) as reader, asyncio.timeout(PATIENCE / 1000):
            assert await ffmpeg.wait() == 0
            await reader.until(lambda r: "matter" in said_by("Sam", r).lower())
            await reader.until(lambda r: "belief" in said_by("Studio", r).lower())
        assert missed(TRIED, said_by("Sam", reader)) < TOLERANCE
        assert missed(BEST_OF_TIMES, said_by("Studio", reader)) < TOLERANCE
        await browser.close()


def said_by(name: str, reader: Reader) -> str:
    return " ".join(e["text"] for e in reader.entries if e["name"] == name and e["kind"] == "caption")


async def test_the_sample_is_captioned_without_a_microphone(tmp_path: Path) -> None:
    async with spokenly() as server, async_playwright() as api:
        browser = await api.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await (await browser.new_context()).new_page()
        await page.goto(server.url)
        await page.click("#new")
        await page.wait_for_url("**/room/*")
        await share(page, "sample", "Demo")
        await expect(page.locator("#log")).to_contain_text(
            "age of wisdom", timeout=PATIENCE, ignore_case=True
        )
        await browser.close()
