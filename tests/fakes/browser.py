"""A real Chromium that looks at a fake room."""

import array
import math
import shutil
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from typing import Any

import pytest

from tests.fakes.room import FakeRoom

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
MISSING = not CHROMIUM or find_spec("playwright") is None
needs_browser = [
    pytest.mark.asyncio(loop_scope="module"),  # one browser for all tests of a file
    pytest.mark.real_time,
    pytest.mark.browser,
    pytest.mark.skipif(MISSING, reason="THE PAGE IS NOT TESTED: Chromium in PATH and Playwright are needed"),
]
FLAGS = [
    "--no-sandbox",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--host-resolver-rules=MAP lan.test 127.0.0.1",
]
WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation",
  (event) => violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""
PATIENCE = 20_000  # milliseconds, which only a busy machine needs
SINE = 157.0  # Hz: a frame holds no whole number of periods, so that a cut or a copy shows


class Visits:
    """Opens pages; `complaints` are what their consoles said."""

    def __init__(self, browser: Any, fake: FakeRoom) -> None:
        self.browser = browser
        self.fake = fake
        self.pages: list[Any] = []
        self.complaints: list[str] = []

    async def __call__(
        self, address: str = "", script: str = "", fixed_clock: bool = False, **options: Any
    ) -> Any:
        """Opens an address, the room by default, with `script` run before the page's own."""
        context = await self.browser.new_context(**{"viewport": {"width": 1200, "height": 700}, **options})
        await context.add_init_script(WATCH + script)
        page = self._listen(await context.new_page())
        if fixed_clock:
            await page.clock.install()
        await page.goto(address or self.fake.address)
        return page

    async def duplicate(self, page: Any) -> Any:
        """The same page in another tab, which knows what the first one had in its session storage."""
        async with page.context.expect_page() as opened:
            await page.evaluate("void open(location.href)")
        other = self._listen(await opened.value)
        await other.wait_for_load_state()
        return other

    def _listen(self, page: Any) -> Any:
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self.complaints.append(message.text))
        self.pages.append(page)
        return page

    async def check(self) -> None:
        """No page broke the Content-Security-Policy, and none complained but of the network."""
        for page in self.pages:
            assert await page.evaluate("window.violations ?? []") == []
        assert [c for c in self.complaints if "WebSocket" not in c and "Failed to load" not in c] == []


@asynccontextmanager
async def chromium() -> AsyncIterator[Any]:
    """A browser without a window."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 - it may be missing; then tests are skipped

    async with async_playwright() as api:
        browser = await api.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def visiting(browser: Any, fake: FakeRoom) -> AsyncIterator[Visits]:
    """Closes the pages in the end, and checks that none complained."""
    visits = Visits(browser, fake)
    try:
        yield visits
        await visits.check()
    finally:
        for context in browser.contexts:
            await context.close()


async def until(page: Any, condition: Callable[[], bool]) -> None:
    """Waits for something on the server's side."""
    for _ in range(PATIENCE // 20):
        if condition():
            return
        await page.wait_for_timeout(20)
    raise AssertionError("it never happened")


async def becomes(page: Any, expression: str) -> None:
    """Waits for something in the page; the page's own policy forbids Playwright's way."""
    for _ in range(PATIENCE // 20):
        if await page.evaluate(expression):
            return
        await page.wait_for_timeout(20)
    raise AssertionError(f"it never happened: {expression}")


async def texts(page: Any, selector: str) -> list[str]:
    found: list[str] = await page.locator(selector).all_inner_texts()
    return found


async def says(page: Any, selector: str, text: str) -> None:
    """Waits until the element shows that text."""
    await page.locator(selector).filter(has_text=text).wait_for()


FAULTS = """
() => {
  const faults = [];
  const shown = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility());
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  faults.push(...ids.filter((id, place) => ids.indexOf(id) !== place).map((id) => `twice: #${id}`));
  for (const one of shown("a, button, summary")) {
    if (!(one.textContent.trim() || one.ariaLabel)) faults.push(`no name: ${one.outerHTML}`);
    const { width, height } = one.getBoundingClientRect();
    const small = Math.min(width, height) < 24 && one.matches("button, summary");
    if (small) faults.push(`small: ${one.outerHTML}`);
  }
  for (const one of shown("input, select, textarea")) {
    if (!(one.labels?.length || one.ariaLabel)) faults.push(`no label: ${one.outerHTML}`);
  }
  let level = 0;
  for (const one of shown("h1, h2, h3, h4")) {
    const next = Number(one.tagName[1]);
    if (next > level + 1) faults.push(`heading skipped before: ${one.textContent}`);
    level = next;
  }
  for (const attribute of ["aria-labelledby", "aria-describedby"]) {
    for (const one of document.querySelectorAll(`[${attribute}]`)) {
      const lost = one.getAttribute(attribute).split(" ").filter((id) => !document.getElementById(id));
      faults.push(...lost.map((id) => `points nowhere: ${id}`));
    }
  }
  const scroller = document.getElementById("scroller");
  const wide = Math.max(document.documentElement.scrollWidth, scroller?.scrollWidth ?? 0);
  if (wide > innerWidth) faults.push(`wider than the window: ${wide}`);
  return faults;
}
"""


async def faults(page: Any) -> list[str]:
    """What keeps somebody out: no name or label, too small, skipped headings, sideways scrolling."""
    found: list[str] = await page.evaluate(FAULTS)
    return found


async def tabbed(page: Any) -> bool:
    """Whether the Tab key reaches everything that can be used, and shows where it is."""
    wanted = await page.evaluate(
        """() => {
          document.body.tabIndex = -1; // from the very beginning, whatever was clicked before
          document.body.focus();
          const group = (one) => (one.type === "radio" ? one.name : one); // a group is one stop
          return new Set([...document.querySelectorAll("a[href], button, summary, input, select, textarea")]
            .filter((one) => one.checkVisibility() && !one.disabled).map(group)).size;
        }"""
    )
    reached = set()
    for _ in range(wanted):
        await page.keyboard.press("Tab")
        reached.add(await page.evaluate("document.activeElement.outerHTML"))
        if await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "solid":
            return False
    return len(reached) == int(wanted)


async def share(page: Any, source: str = "sample", name: str = "Ann") -> None:
    await page.click("#share-open")
    await page.fill("#share-form input[name=name]", name)
    await page.check(f"input[value={source}]")
    await page.click("#share-go")


@cache
def sine(seconds: float) -> bytes:
    """A WAV file, 16 kHz mono."""
    count = int(seconds * 16000)
    samples = array.array(
        "h", (round(12000 * math.sin(2 * math.pi * SINE * n / 16000)) for n in range(count))
    )
    file = BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, 16000, 0, "NONE", ""))
        writer.writeframes(samples.tobytes())
    return file.getvalue()


def breaks(pcm: bytes) -> int:
    """Samples where the sine does not go on as a sine does."""
    samples = array.array("h", pcm)
    turn = 2 * math.cos(2 * math.pi * SINE / 16000)
    triples = zip(samples, samples[1:], samples[2:], strict=False)
    return sum(abs(a - turn * b + c) > 60 for a, b, c in triples)
