"""The page's audio socket without sound: what it keeps, skips, sends again, and when a line is dead."""

from typing import Any

import pytest

from tests.fakes.browser import Visits, becomes, needs_browser, until
from tests.fakes.room import FakeRoom

pytestmark = needs_browser


async def line_of(page: Any, fake: FakeRoom, limit: int) -> None:
    """A line without sound: `speak(n)` sends n frames, `now` is its clock, `events` are what it tells."""
    await page.evaluate(
        """async ([room, limit]) => {
          const { Ring } = await import("/page/ring.js");
          const { Line } = await import("/page/line.js");
          window.events = [];
          window.now = 0.5;
          const ring = (window.ring = new Ring(limit));
          const share = { room, token: "t", source: "tab", mark: "m", ring, clock: () => now };
          const note = (name) => (...rest) => events.push([name, ...rest]);
          window.line = new Line(share, { ready: note("ready"), lost: note("lost"),
            thrownAway: note("away"), refused: note("refused") });
          window.speak = (frames) => {
            for (let i = 0; i < frames; i += 1) {
              ring.push(ring.next * 0.04, new Int16Array(640).fill(ring.next));
            }
            line.pump();
          };
        }""",
        [fake.address.rsplit("/", 1)[1], limit],
    )
    await until(page, lambda: len(fake.speakers) == 1)


async def test_what_was_thrown_away_is_skipped_and_said(fake: FakeRoom, visit: Visits) -> None:
    page = await visit()
    await line_of(page, fake, 50)
    await page.evaluate("speak(20)")
    await until(page, lambda: len(fake.frames) == 20)
    await becomes(page, "ring.frames.length === 0")  # what has arrived is not kept
    fake.lines_up = False
    await fake.cut()
    await becomes(page, "events.length >= 2")
    await page.evaluate("speak(100)")
    fake.lines_up = True
    await until(page, lambda: len(fake.frames) == 70)
    assert [frame.sequence for frame in fake.frames] == [*range(20), *range(70, 120)]
    assert [frame.at for frame in fake.frames[20:]] == pytest.approx([n * 0.04 for n in range(70, 120)])
    assert fake.frames[-1].pcm == (119).to_bytes(2, "little") * 640
    assert [event for event in await page.evaluate("events") if event[0] == "away"] == [["away", 2]]


async def grow_old(page: Any, fake: FakeRoom) -> None:
    """Lets time pass in the page until it opens another line."""
    for _ in range(12):
        await page.clock.run_for(3000)
        await page.evaluate("new Promise((done) => requestIdleCallback(done))")
        if len(fake.hellos) > 1:
            return
    raise AssertionError("the line was held for alive")


async def test_a_line_that_acknowledges_nothing_is_opened_again(fake: FakeRoom, visit: Visits) -> None:
    page = await visit(fixed_clock=True)
    fake.ack_every = 1_000_000
    fake.forget_from = 3
    await line_of(page, fake, 50)
    await page.evaluate("speak(5)")
    await until(page, lambda: len(fake.frames) == 3)
    fake.forget_from = None
    await grow_old(page, fake)
    await until(page, lambda: len(fake.frames) == 5)
    assert [frame.sequence for frame in fake.frames] == [0, 1, 2, 3, 4]


async def test_a_pause_is_not_held_for_a_dead_line(fake: FakeRoom, visit: Visits) -> None:
    page = await visit(fixed_clock=True)
    fake.ack_every = 1_000_000
    await line_of(page, fake, 50)
    await page.evaluate("speak(5)")
    await until(page, lambda: len(fake.frames) == 5)
    await page.evaluate("line.mute(true)")
    await becomes(page, "ring.frames.length === 0")
    for _ in range(5):
        await page.clock.run_for(3000)
        await hear(page, fake)
    await page.clock.run_for(7000)
    await page.evaluate("speak(1)")
    await page.clock.run_for(6000)  # the server's last word is old now, but the frame is not
    await hear(page, fake)
    assert len(fake.hellos) == 1


async def hear(page: Any, fake: FakeRoom) -> None:
    """Lets the server say what has arrived, and the page hear it."""
    heard = await page.evaluate("line.heard")
    await fake.acknowledge()
    await becomes(page, f"line.heard > {heard}")


async def test_a_line_that_dies_while_nothing_is_said_is_opened_again(fake: FakeRoom, visit: Visits) -> None:
    page = await visit(fixed_clock=True)
    await line_of(page, fake, 50)
    # Muted before it has read "ready", a page says it once only.
    await until(page, lambda: fake.said == ["unmuted"])
    await page.evaluate("line.mute(true)")
    await until(page, lambda: fake.said == ["unmuted", "muted"])
    await grow_old(page, fake)


async def test_a_server_that_is_behind_is_waited_for(fake: FakeRoom, visit: Visits) -> None:
    stuck = (
        "Object.defineProperty(WebSocket.prototype, 'bufferedAmount', { get: () => window.waiting ?? 0 });"
    )
    page = await visit(script=stuck, fixed_clock=True)
    fake.forget_from = 0  # it reads nothing
    await line_of(page, fake, 50)
    await page.evaluate("speak(20)")
    for _ in range(10):
        await page.clock.run_for(2000)
        await hear(page, fake)
    assert len(fake.hellos) == 1
    assert await page.evaluate("[ring.frames.length, ring.oldest]") == [20, 0]
    await page.evaluate("window.waiting = 1e6; speak(100)")  # 0 to 19 are sent; 70 to 119 are kept
    await hear(page, fake)
    assert await page.evaluate("events") == [["ready"]]
    await page.evaluate("window.waiting = 0; line.pump()")
    assert await page.evaluate("events") == [["ready"], ["away", 2]]
    for cut in (2, 3):  # what was only sent is lost with the line: told once
        await fake.cut()
        await page.clock.run_for(1000)
        await until(page, lambda cut=cut: len(fake.hellos) == cut)  # type: ignore[misc]
        await becomes(page, f"events.filter(([name]) => name === 'ready').length === {cut}")
    away = [seconds for name, *rest in await page.evaluate("events") if name == "away" for seconds in rest]
    assert away == pytest.approx([2, 0.8])
    fake.forget_from = None
    await fake.cut()
    await page.clock.run_for(1000)
    await until(page, lambda: [frame.sequence for frame in fake.frames] == [*range(70, 120)])


async def test_the_server_is_told_who_is_muted_and_what_the_clock_shows_on_every_connection(
    fake: FakeRoom, visit: Visits
) -> None:
    page = await visit()
    await line_of(page, fake, 50)
    await until(page, lambda: fake.said == ["unmuted"])
    for muted in (True, False):
        fake.said.clear()
        fake.lines_up = False
        await fake.cut()
        await becomes(page, "events.at(-1)[0] === 'lost'")
        await page.evaluate(f"line.mute({str(muted).lower()}); window.now += 30")
        fake.lines_up = True
        await until(page, lambda muted=muted: fake.said == ["muted" if muted else "unmuted"])  # type: ignore[misc]
    assert [hello["clock"] for hello in fake.hellos] == [0.5, 30.5, 60.5]
