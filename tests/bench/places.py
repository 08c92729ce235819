"""One call read on Discord, in a Slack thread and in 100 browsers at once: how late each of them is.

    python -m tests.bench.places [--quick]

Two people speak recordings into a voice channel of the fake Discord; the call is attached in the fake Slack
and read by 100 browsers' sockets at /room/CODE. One whole Spokenly, local engine, real sockets and clock; it,
both fakes, the speakers' encryption and the browsers share one process and its cores. The lateness of a
caption in a place is from the end of its sound (as the caption says) to the first moment at which all of its
words could be read there as final: so it holds the engine's share, and Slack can be early, for it shows words
as soon as they are settled, or in italics before. It is read by somebody who did not start the captions. A
request to Slack takes 150 ms, to Discord none. Then all of it again while Slack takes three and five seconds
for each request.
"Missing" are words of final captions that a place does not show six seconds and three requests after the last
was said; of the browsers, all of theirs together. Exits 1 when there are any, or when a slow Slack makes the
median of another place later by more than half a second.
"""

import argparse
import asyncio
import logging
import re
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any
from unittest.mock import patch

import aiohttp

from bots import app
from bots.discord.bot import Parts
from bots.discord.call import DiscordCall
from bots.slack.bot import Parts as SlackParts
from bots.slack.scopes import SCOPES
from core.captions.board import Board
from core.captions.caption import Caption
from core.captions.markup import words
from core.engines.hearing import open_hearing
from core.metrics import Metrics
from core.settings import Settings
from tests.bench.discord_mouth import LAST, noted, screens, talk, tight, turns
from tests.bench.machine import machine, percentile
from tests.bench.speech import Utterance, spoken
from tests.bots.meet.house import Reader, Visitor
from tests.bots.slack.threadroom import seen
from tests.fakes.discord import Channel, FakeDiscord
from tests.fakes.discord.voice.encoder import frames
from tests.fakes.slack import FakeSlack, Person, Place

PEOPLE = ("P0", "P1")
BROWSERS = 100

WAY, SLOW = 0.15, (3.0, 5.0)
"""Seconds that a request to Slack takes, and one to a slow Slack."""

METHODS = ("chat.startStream", "chat.appendStream", "chat.stopStream", "chat.update", "chat.postMessage")

GLANCE = 0.02
"""Seconds between two looks at the thread in Slack."""

WORSE = 0.5
"""Seconds by which the median of a place may differ between two runs."""

Growth = dict[str, list[tuple[float, int]]]
"""By a speaker's name: when so many of their words could be read as final."""


def grow(growth: Growth, name: str, at: float, count: int) -> None:
    column = growth.setdefault(name, [])
    if not column or column[-1][1] != count:
        column.append((at, count))


class Browser(Reader):
    """A browser's reader that notes when it had how many words."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        super().__init__(socket)
        self.growth: Growth = {}
        self._counts: Counter[str] = Counter()

    def take(self, news: dict[str, Any]) -> None:
        before = len(self.entries)
        super().take(news)
        now = asyncio.get_running_loop().time()
        for entry in self.entries[before:]:
            if entry["kind"] == "caption":
                self._counts[entry["name"]] += len(words(entry["text"]))
                grow(self.growth, entry["name"], now, self._counts[entry["name"]])


@dataclass(slots=True)
class Outlets:
    """Seconds of lateness by place, and words of final captions that are missing there at the end."""

    lags: dict[str, list[float]] = field(default_factory=dict)
    missing: Counter[str] = field(default_factory=Counter)
    captions: int = 0
    refused: int = 0

    def judge(self, place: str, board: Board, zero: float, growth: Growth) -> None:
        """Compare one place with the board. `zero`: the loop's time at which the call's seconds begin."""
        for name in PEOPLE:
            mine = [one for one in board.entries if isinstance(one, Caption) and one.speaker.name == name]
            targets = accumulate(len(words(one.text)) for one in mine)
            column, target = growth.get(name, []), 0
            for caption, target in zip(mine, targets, strict=True):
                at = next((at for at, count in column if count >= target), None)
                if at is not None:
                    self.lags.setdefault(place, []).append(at - zero - caption.end)
            self.missing[place] += max(0, target - (column[-1][1] if column else 0))


async def look(rob: Person, general: Place, growth: Growth) -> None:
    """Note what somebody in the channel can read in the thread in Slack, again and again."""
    loop = asyncio.get_running_loop()
    while True:
        text = seen(rob.reads(general, general.messages[-1]))
        for name in PEOPLE:
            lines = re.findall(rf"^{name}: (.*)$", text, re.MULTILINE)
            grow(growth, name, loop.time(), sum(len(words(line)) for line in lines))
        await asyncio.sleep(GLANCE)


async def read(visitor: Visitor, code: str, browsers: list[Browser], over: asyncio.Event) -> None:
    """One browser at /room/CODE, until it is all over."""
    status, told = await visitor.ask("POST", "/api/shared", None, {"code": code})
    assert status == 201, told
    async with visitor.client.ws_connect(f"{visitor.url}/api/shared/{told['seat']}/captions") as socket:
        browser = Browser(socket)
        browsers.append(browser)
        async with asyncio.TaskGroup() as tasks:
            following = tasks.create_task(browser.follow())
            await over.wait()
            following.cancel()


@dataclass(frozen=True, slots=True)
class Stage:
    """One call that is read everywhere. `address`: Spokenly's."""

    discord: FakeDiscord
    slack: FakeSlack
    general: Place
    address: str


async def perform(stage: Stage, seconds: float, recordings: list[Utterance]) -> Outlets:
    """The call, from its beginning to the last words in every place."""
    discord, outlets, calls = stage.discord, Outlets(), list[DiscordCall]()
    guild = discord.guild("Home")
    lounge, chat = guild.voice("Lounge"), guild.text("chat")
    members = [guild.member(name) for name in PEOPLE]
    for member in members:
        (await member.join(lounge)).listens = False
    with patch.object(DiscordCall, "begin", noted(calls)):
        await (await members[0].command("captions start", channel=chat)).settle()
    shared = await (await members[0].command("captions share", channel=chat)).settle()
    code = shared.text.partition("/room/")[2][:8]
    sue, rob = (
        stage.slack.person(next(iter(stage.slack.world.teams.values())), one) for one in ("Sue", "Rob")
    )
    await sue.command("/captions", f"attach {code}", channel=stage.general)
    await stage.slack.until(lambda: stage.general.messages)
    browsers, thread, over = list[Browser](), Growth(), asyncio.Event()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as client, asyncio.TaskGroup() as tasks:
        visitor = Visitor(client, stage.address)
        reading = [tasks.create_task(read(visitor, code, browsers, over)) for _ in range(BROWSERS)]
        looking = tasks.create_task(look(rob, stage.general, thread))
        await stage.slack.until(lambda: len(browsers) == len(reading))
        async with asyncio.TaskGroup() as talking:
            for number, member in enumerate(members):
                talking.create_task(talk(member, turns(recordings, number, seconds), []))
        await asyncio.sleep(LAST + 3 * max(stage.slack.faults.slow.values()))
        over.set()
        looking.cancel()
    (call,) = calls
    outlets.captions = sum(isinstance(one, Caption) for one in call.board.entries)
    outlets.judge("Discord", call.board, call._zero, on_discord(chat.threads[-1]))
    outlets.judge("Slack", call.board, call._zero, thread)
    for browser in browsers:
        outlets.judge("100 browsers", call.board, call._zero, browser.growth)
    outlets.refused = discord.rest.buckets.refused.total()
    outlets.refused += sum(one.result == "ratelimited" for one in stage.slack.calls)
    return outlets


def on_discord(thread: Channel) -> Growth:
    return {name: [(screen.at, screen.final) for screen in screens(thread, name)] for name in PEOPLE}


async def measure(way: float, seconds: float, recordings: list[Utterance]) -> Outlets:
    """`way`: seconds that a request to Slack takes."""
    async with FakeDiscord() as discord, FakeSlack() as slack:
        team = slack.team("Acme")
        team.scopes = {scope.name for scope in SCOPES}
        general = slack.channel(team, "general", slack.person(team, "Bob"))
        with (
            tempfile.TemporaryDirectory() as folder,
            patch.object(app, "Parts", partial(Parts, connector=discord.connector)),
            patch.object(app, "SlackParts", partial(SlackParts, api=slack.api)),
        ):
            settings = Settings(
                port=0,
                keep="never",
                people=2 * BROWSERS,
                data_dir=Path(folder),
                discord_token=discord.token,
                slack_bot_token=team.bot_token,
                slack_app_token=slack.app_token,
            )
            metrics = Metrics()
            async with (
                open_hearing(settings, metrics) as hearing,
                app.spokenly(settings, hearing, metrics) as running,
            ):
                await slack.until(lambda: slack.sockets.connected == 2)
                assert await discord.bell.until(lambda: "captions" in discord.commands(), 30)
                slack.faults.slow = dict.fromkeys(METHODS, way)
                return await perform(Stage(discord, slack, general, running.address), seconds, recordings)


def table(title: str, outlets: Outlets) -> None:
    print(f"\n{title}: {outlets.captions} captions, {outlets.refused} times 429")
    print(f"{'':14}    p50     p95     max  missing")
    for place, missing in outlets.missing.items():
        lags = outlets.lags.get(place, [])
        row = "".join(f"{percentile(lags, share):7.2f} " for share in (0.5, 0.95, 1))
        print(f"{place:14}{row}{missing:8}", flush=True)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--quick", action="store_true", help="25 s of speech instead of 90")
    seconds = 25.0 if options.parse_args().quick else 90.0
    logging.disable(logging.ERROR)
    print(machine())
    recordings = [tight(one) for one in spoken() if 2.0 < one.ends - one.begins < 12.0]
    for one in recordings:
        frames(one.pcm, 16_000)  # encoded before the clock runs
    print(f"{len(PEOPLE)} people speak for about {seconds:.0f} s; seconds from the end of a caption's sound")
    usual = asyncio.run(measure(WAY, seconds, recordings))
    table("Everything as usual", usual)
    well = not usual.missing.total()
    for way in SLOW:
        slow = asyncio.run(measure(way, seconds, recordings))
        table(f"Slack takes {way:.0f} s for a request", slow)
        well &= not slow.missing.total()
        for place in ("Discord", "100 browsers"):
            well &= percentile(slow.lags[place], 0.5) - percentile(usual.lags[place], 0.5) <= WORSE
    return int(not well)


if __name__ == "__main__":
    raise SystemExit(main())
