"""Sharing sound from the page, in a real Chromium, against a server that fails at the test's command."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.fakes.browser import (
    Visits,
    breaks,
    chromium,
    needs_browser,
    says,
    share,
    sine,
    texts,
    until,
    visiting,
)
from tests.fakes.room import FakeRoom, Received, serve

pytestmark = needs_browser

# A microphone or a tab made of Web Audio: `window.gain` and `window.track` are the test's to turn.
SYNTHETIC = """
const synthetic = () => {
  const context = new AudioContext();
  const tone = context.createOscillator();
  window.gain = context.createGain();
  gain.gain.value = VOLUME;
  const out = context.createMediaStreamDestination();
  tone.connect(gain).connect(out);
  tone.start();
  window.track = out.stream.getAudioTracks()[0];
  return out.stream;
};
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Any]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def fake() -> AsyncIterator[FakeRoom]:
    async with serve() as room:
        room.sample = sine(20)
        yield room


@pytest_asyncio.fixture(loop_scope="module")
async def visit(browser: Any, fake: FakeRoom) -> AsyncIterator[Visits]:
    async with visiting(browser, fake) as visits:
        yield visits


def in_order(frames: list[Received]) -> bytes:
    """The samples, after a check that every frame came once and in its place on the sample clock."""
    assert [frame.sequence for frame in frames] == list(range(len(frames)))
    for before, after in itertools.pairwise(frames):
        assert after.at - before.at == pytest.approx(0.04)
    return b"".join(frame.pcm for frame in frames)


async def test_the_sample_arrives_whole(fake: FakeRoom, visit: Visits) -> None:
    page = await visit()
    await share(page)
    await until(page, lambda: len(fake.frames) >= 30)
    mark = fake.hellos[0].pop("share")
    assert fake.hellos == [{"type": "hello", "token": "token-p1", "source": "sample"}]
    assert 0 < len(mark) <= 64
    assert {len(frame.pcm) for frame in fake.frames} == {1280}
    assert breaks(in_order(fake.frames)[2560:]) == 0
    await says(page, "#sharing-what", "Ann, the sample")
    assert await page.evaluate("Number(meter.getAttribute('aria-valuenow'))") > 50
    await page.click("#stop")
    await until(page, lambda: fake.dismissed == ["p1"])
    assert fake.said == ["bye"]


async def test_a_dropped_line_loses_and_repeats_nothing(fake: FakeRoom, visit: Visits) -> None:
    page = await visit()
    await share(page)
    for cut in (1, 2, 3):
        await until(page, lambda: len(fake.frames) >= 25)
        count = len(fake.frames)
        fake.forget_from = fake.next_wanted()  # the last frames before the cut never arrive
        await page.wait_for_timeout(300)
        fake.lines_up = False
        await fake.cut(1012)
        await says(page, "#banner", "What you say is kept")
        await page.wait_for_timeout(200)
        fake.forget_from = None
        fake.lines_up = True
        await until(page, lambda cut=cut, count=count: len(fake.frames) > count + 30)  # type: ignore[misc]
        assert fake.frames[count].sequence == count
        assert [frame.connection for frame in fake.frames][count - 1 : count + 1] == [cut - 1, cut]
    assert breaks(in_order(fake.frames)[2560:]) == 0
    assert len({hello["share"] for hello in fake.hellos}) == 1
    await page.locator("#banner").wait_for(state="hidden")


async def line_of(page: Any, fake: FakeRoom, limit: int) -> None:
    """A line without sound: `speak(n)` sends n frames, `events` are what it tells the page."""
    await page.evaluate(
        """async ([room, limit]) => {
          const { Ring } = await import("/page/ring.js");
          const { Line } = await import("/page/line.js");
          window.events = [];
          const ring = new Ring(limit);
          const share = { room, token: "t", source: "tab", mark: "m", ring };
          const note = (name) => (...rest) => events.push([name, ...rest]);
          const line = new Line(share, { ready: note("ready"), lost: note("lost"),
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
    fake.lines_up = False
    await fake.cut()
    await page.wait_for_function("events.length >= 2")
    await page.evaluate("speak(100)")
    fake.lines_up = True
    await until(page, lambda: len(fake.frames) == 70)
    assert [frame.sequence for frame in fake.frames] == [*range(20), *range(70, 120)]
    assert [frame.at for frame in fake.frames[20:]] == pytest.approx([n * 0.04 for n in range(70, 120)])
    assert fake.frames[-1].pcm == (119).to_bytes(2, "little") * 640
    assert [event for event in await page.evaluate("events") if event[0] == "away"] == [["away", 2]]


async def test_a_line_that_acknowledges_nothing_is_opened_again(fake: FakeRoom, visit: Visits) -> None:
    page = await visit(fixed_clock=True)
    fake.ack_every = 1_000_000
    fake.forget_from = 3
    await line_of(page, fake, 50)
    await page.evaluate("speak(5)")
    await until(page, lambda: len(fake.frames) == 3)
    fake.forget_from = None
    await page.clock.run_for(15_000)
    await until(page, lambda: len(fake.hellos) == 2)
    await until(page, lambda: len(fake.frames) == 5)
    assert [frame.sequence for frame in fake.frames] == [0, 1, 2, 3, 4]


async def test_while_muted_nothing_is_sent_and_the_clock_goes_on(fake: FakeRoom, visit: Visits) -> None:
    page = await visit()
    await share(page)
    await until(page, lambda: len(fake.frames) >= 10)
    await page.keyboard.press("m")
    await says(page, "#mute", "Unmute")
    await until(page, lambda: fake.said == ["muted"])
    count = len(fake.frames)
    await page.wait_for_timeout(400)
    assert len(fake.frames) == count
    await page.click("#mute")
    await until(page, lambda: len(fake.frames) > count + 3)
    assert fake.said == ["muted", "unmuted"]
    assert fake.frames[count].sequence == fake.frames[count - 1].sequence + 1
    assert fake.frames[count].at - fake.frames[count - 1].at > 0.3


async def test_a_refusal_is_told_in_the_words_of_the_server_and_is_final(
    fake: FakeRoom, visit: Visits
) -> None:
    page = await visit()
    for count, code in enumerate((4000, 4001, 4003, 4004, 4008, 4009), start=1):
        fake.refusal = (code, f"You already share sound from another tab ({code}).")
        await share(page)
        await says(page, "#told", f"You already share sound from another tab ({code}).")
        await page.wait_for_timeout(450)  # longer than the first pause before a new try
        assert len(fake.hellos) == count
        assert await page.locator("#share-open").is_visible()


async def test_a_page_that_goes_away_says_so(fake: FakeRoom, visit: Visits) -> None:
    page = await visit()
    await share(page)
    await until(page, lambda: len(fake.frames) >= 5)
    await page.goto(fake.base)
    await until(page, lambda: fake.dismissed == ["p1"])


async def test_who_shares_again_is_the_same_person(fake: FakeRoom, visit: Visits) -> None:
    page = await visit()
    for _ in range(2):
        for _ in range(2):
            await share(page)
            await says(page, "#sharing-what", "Ann, the sample")
            await page.click("#stop")
        await page.reload()
    assert fake.names == ["Ann"]
    assert len({hello["share"] for hello in fake.hellos}) == 4
    fake.forgotten = {"token-p1"}
    await share(page)
    await says(page, "#sharing-what", "Ann (2), the sample")
    await page.click("#stop")
    await share(page, name="Anna")
    await says(page, "#sharing-what", "Anna, the sample")


async def test_two_tabs_with_one_name_are_two_people(fake: FakeRoom, visit: Visits) -> None:
    for page, name in ((await visit(), "Ann"), (await visit(), "Ann (2)")):
        await share(page)
        await says(page, "#sharing-what", f"{name}, the sample")


async def test_the_microphone_is_cleaned_and_the_tab_is_left_as_it_is(fake: FakeRoom, visit: Visits) -> None:
    script = """
    window.asked = [];
    for (const name of ["getUserMedia", "getDisplayMedia"])
      navigator.mediaDevices[name] = async (wish) => { asked.push(wish.audio); return synthetic(); };
    """
    page = await visit(script=SYNTHETIC.replace("VOLUME", "0.5") + script)
    for source in ("microphone", "tab"):
        await share(page, source)
        await page.click("#stop")
    keys = ("echoCancellation", "noiseSuppression", "autoGainControl")
    asked = await page.evaluate("asked")
    assert [[wish[key] for key in keys] for wish in asked] == [[True] * 3, [False] * 3]


async def test_sound_that_ends_by_itself_is_said(fake: FakeRoom, visit: Visits) -> None:
    script = "navigator.mediaDevices.getUserMedia = async () => synthetic();"
    page = await visit(script=SYNTHETIC.replace("VOLUME", "0.5") + script)
    await share(page, "microphone")
    await until(page, lambda: len(fake.frames) >= 5)
    await page.evaluate("track.dispatchEvent(new Event('ended'))")
    await says(page, "#told", "The microphone is gone")
    await until(page, lambda: fake.dismissed == ["p1"])


async def test_silence_is_said_after_five_seconds_and_taken_back(fake: FakeRoom, visit: Visits) -> None:
    script = "navigator.mediaDevices.getUserMedia = async () => synthetic();"
    page = await visit(script=SYNTHETIC.replace("VOLUME", "0") + script)
    await share(page, "microphone")
    await says(page, "#hearing", "We hear nothing from this microphone")
    await page.evaluate("gain.gain.value = 0.5")
    await page.locator("#hearing").wait_for(state="hidden")


async def test_a_microphone_that_can_not_be_had_is_one_sentence(fake: FakeRoom, visit: Visits) -> None:
    failing = "async () => { throw new DOMException('', window.failure); }"
    page = await visit(script=f"navigator.mediaDevices.getUserMedia = {failing};")
    for failure, sentence in (
        ("NotAllowedError", "not allowed to use the microphone"),
        ("NotFoundError", "There is no microphone"),
        ("NotReadableError", "Another app may be using it"),
        ("OverconstrainedError", "not there any more"),
    ):
        await page.evaluate("name => { window.failure = name; }", failure)
        await share(page, "microphone")
        await says(page, "#share-error", sentence)
        await page.keyboard.press("Escape")
        assert await page.locator("#share-open").is_enabled()
    assert fake.names == []


async def test_a_sound_system_that_does_not_start_is_said(fake: FakeRoom, visit: Visits) -> None:
    page = await visit(
        script="AudioContext.prototype.resume = () => new Promise(() => {});", fixed_clock=True
    )
    await share(page, "sample")
    await page.clock.run_for(6000)
    await says(page, "#share-error", "can't start its sound system")
    assert await page.locator("#share-go").is_enabled()
    assert fake.names == []


async def test_a_tab_without_its_sound_is_said(fake: FakeRoom, visit: Visits) -> None:
    page = await visit(
        script="""navigator.mediaDevices.getDisplayMedia = async () => {
          const canvas = document.createElement("canvas");
          canvas.getContext("2d");
          return canvas.captureStream();
        };"""
    )
    await share(page, "tab")
    await says(page, "#share-error", "That tab was shared without its sound.")


async def test_without_https_the_page_says_what_is_needed(fake: FakeRoom, visit: Visits) -> None:
    page = await visit(fake.address.replace("127.0.0.1", "lan.test"))
    await page.click("#share-open")
    await says(page, "#share-insecure", "only over HTTPS")
    assert await page.locator("#share-go").is_disabled()


async def test_where_tabs_give_no_sound_the_page_says_so(fake: FakeRoom, visit: Visits) -> None:
    page = await visit(script="Object.defineProperty(navigator, 'userAgentData', { value: undefined });")
    await page.click("#share-open")
    await says(page, "#share-tab-hint", "Only Chrome and Edge")
    assert await page.locator("input[value=tab]").is_disabled()


async def test_an_app_gets_an_address_and_a_token(fake: FakeRoom, visit: Visits) -> None:
    page = await visit()
    await page.click("#share-open")
    await page.click("summary")
    await page.click("#whip-make")
    await says(page, "#share-error", "Your name, please")
    await page.fill("#share-form input[name=name]", "OBS")
    await page.click("#whip-make")
    await page.locator("#whip-made").wait_for()
    room = fake.address.rsplit("/", 1)[1]
    assert await page.input_value("#whip-address") == f"{fake.base}/whip/{room}"
    assert await page.input_value("#whip-token") == "token-p1"
    await page.keyboard.press("Escape")
    await page.goto(fake.base)
    assert fake.dismissed == []


async def test_who_is_heard_and_by_what_is_visible(fake: FakeRoom, visit: Visits) -> None:
    fake.people = [
        {"id": f"p{n}", "name": name, "sharing": n != 3, "muted": n == 2, "source": "whip"}
        for n, name in enumerate(("Ann", "Bob", "Cid"), start=1)
    ]
    fake.lateness, fake.note = 0.42, "Only English is heard."
    page: Any = await visit()
    await says(page, "#people", "Sharing sound: Ann and Bob (muted)")
    figures = " ".join((await texts(page, ".figures"))[0].split())
    assert figures == "Moonshine tiny, on this machine · English 0.4 s behind connected"
    assert await texts(page, "#note") == ["Only English is heard."]
    fake.lateness = 12.4
    await fake.show()
    await says(page, "#late.slow", "12 s behind")
