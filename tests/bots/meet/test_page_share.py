"""Asking for sound on the page, in a real Chromium, against a server that fails at the test's command."""

from typing import Any

from tests.fakes.browser import (
    Visits,
    needs_browser,
    says,
    share,
    texts,
    until,
)
from tests.fakes.room import FakeRoom

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


async def test_sharing_takes_only_a_keyboard(fake: FakeRoom, visit: Visits) -> None:
    page = await visit()
    await page.focus("#share-open")
    await page.keyboard.press("Enter")
    await page.keyboard.type("Ann")
    reached = []
    for _ in range(5):
        await page.keyboard.press("Tab")
        reached.append(await page.evaluate("document.activeElement.id || document.activeElement.innerText"))
        if len(reached) == 1:
            for _ in range(2):
                await page.keyboard.press("ArrowDown")  # to the sample
    assert reached[1:] == ["", "Cancel", "share-go", "Send from OBS or another app"]
    await page.focus("#share-form input[name=name]")
    await page.keyboard.press("Enter")
    await says(page, "#sharing-what", "Ann, the sample")
    assert await page.evaluate("document.activeElement.id") == "mute"
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.locator("#share-open:focus").wait_for()


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
