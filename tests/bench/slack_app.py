"""How soon people on Slack are answered, and what is lost when a socket to Slack breaks.

    python -m tests.bench.slack_app [--quick]

The whole app, with Slack's own SDK unmodified, against the fake Slack on loopback; each request to its Web
API takes 150 ms. First commands, on the machine's clock: from a command to its acknowledgement, and to the
card. Then 1,000 events, ten a second, on a clock that jumps, while one of the app's sockets is torn every
eight seconds: how many are lost or heeded twice, and how long nothing at all comes through; beside it the
same with one socket instead of two. Exits 1 when an event is lost or doubled, or an acknowledgement takes a
second.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

from slack_bolt.async_app import AsyncApp

from bots.slack import coming, sockets
from bots.slack.company import LINES
from bots.slack.desk import Body, Desk
from bots.slack.replies import Asker
from bots.slack.scopes import SCOPES
from tests.bench.machine import machine, percentile
from tests.bots.slack.office import Shelf, running, settings_for
from tests.clock import VirtualLoop
from tests.fakes.slack import FakeSlack, Person, Place, Team
from tests.fakes.slack.limits import Rate

WAY = 0.15
"""Seconds that a request to Slack's Web API takes."""

EVERY, CUT = 0.1, 8.0
"""Seconds from one event to the next, and from one cut to the next."""


@dataclass(slots=True)
class Heard:
    """Which events came through, and when. As a `Listen` it takes the mentions that are only numbers."""

    times: list[float] = field(default_factory=list)
    numbers: Counter[int] = field(default_factory=Counter)

    def __call__(self, app: AsyncApp, desk: Desk) -> None:
        async def counted(event: dict[str, Any]) -> bool:
            return "number" in str(event.get("text"))

        async def work(asker: Asker, body: Body) -> None:
            self.numbers[int(str(body["event"]["text"]).rpartition(" ")[2])] += 1
            self.times.append(asyncio.get_running_loop().time())

        app.event("app_mention", matchers=[counted])(desk.does(work))


@asynccontextmanager
async def office(
    more: Sequence[Any] = (), lines: int = LINES
) -> AsyncIterator[tuple[FakeSlack, Team, Person]]:
    """A workspace with the app in it, at some distance from Slack."""
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        team.scopes = {scope.name for scope in SCOPES}
        ann = slack.person(team, "Ann")
        with tempfile.TemporaryDirectory() as folder:
            async with running(slack, settings_for(slack, team, Path(folder)), more, Shelf()):
                await slack.until(lambda: slack.sockets.connected == lines)
                slack.faults.slow.update(
                    dict.fromkeys(
                        ("conversations.info", "chat.postMessage", "users.info", "chat.update"), WAY
                    )
                )
                yield slack, team, ann


async def commands(count: int) -> tuple[list[float], list[float]]:
    """Seconds to each acknowledgement, and to each card."""
    loop = asyncio.get_running_loop()
    cards: list[float] = []
    async with office() as (slack, team, ann):
        slack.limits.post = slack.limits.posts = Rate(6000, 1000)
        slack.limits.methods.update(dict.fromkeys(slack.limits.methods, Rate(6000, 1000)))
        places: list[Place] = [slack.channel(team, f"c{number}", ann) for number in range(count)]
        for place in places:
            began = loop.time()
            await ann.command("/captions", "start Weekly", channel=place)
            await slack.until(lambda there=place: there.messages)
            cards.append(loop.time() - began)
        return list(slack.sockets.acks), cards


async def cuts(count: int, lines: int) -> tuple[Heard, int]:
    """Events while sockets are torn. Returns what was heard of them, and how often was torn."""
    heard, torn = Heard(), 0
    async with office([heard], lines) as (slack, team, ann), asyncio.TaskGroup() as tasks:
        general = slack.channel(team, "general", ann)
        loop = asyncio.get_running_loop()
        next_cut = loop.time() + CUT
        for number in range(count):
            tasks.create_task(_tell(ann, f"<@{team.bot}> number {number}", general))
            await asyncio.sleep(EVERY)
            if loop.time() > next_cut and slack.sockets.connected:
                slack.sockets.cut(torn % slack.sockets.connected)
                torn, next_cut = torn + 1, loop.time() + CUT
        await asyncio.sleep(60)
    return heard, torn


async def _tell(ann: Person, text: str, general: Place) -> None:
    await ann.say(text, channel=general)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true")
    quick = options.parse_args().quick
    logging.disable(logging.CRITICAL)
    print(machine())
    # One person starts them all, and nobody speaks in any.
    with patch.object(coming, "MINE", sys.maxsize), patch.object(coming, "OURS", sys.maxsize):
        acks, cards = asyncio.run(commands(20 if quick else 100))
    print(f"{len(cards)} commands, {WAY * 1000:.0f} ms to Slack and back")
    for name, values in (("acknowledged", acks), ("card", cards)):
        median, late = (percentile(values, share) * 1000 for share in (0.5, 0.95))
        print(f"  {name:13} median {median:5.0f} ms, p95 {late:5.0f} ms")
    failed = max(acks) >= 1.0
    for lines in (LINES, 1):
        with patch.object(sockets, "LINES", lines), asyncio.Runner(loop_factory=VirtualLoop) as runner:
            heard, torn = runner.run(cuts(1000, lines))
        lost, doubled = 1000 - len(heard.numbers), sum(heard.numbers.values()) - len(heard.numbers)
        times = sorted(heard.times)
        gap = max(after - before for before, after in pairwise(times))
        print(
            f"1,000 events over {lines} socket{'s' if lines > 1 else ''}, torn {torn} times: lost {lost}, "
            f"doubled {doubled}, longest silence {(gap - EVERY) * 1000:.0f} ms"
        )
        failed = failed or bool(lines == LINES and (lost or doubled))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
