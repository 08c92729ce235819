"""Readers whose line breaks, and rooms that are full or gone: in a real Chromium, on a failing server."""

import re

from tests.fakes.browser import Visits, needs_browser, says, texts, until
from tests.fakes.entries import caption, gap
from tests.fakes.room import FakeRoom

pytestmark = needs_browser


async def test_after_a_cut_the_page_asks_only_for_what_it_has_not(fake: FakeRoom, visit: Visits) -> None:
    page = await visit()
    await fake.show(caption("p1", 1, "Before."))
    await says(page, "#log", "Before.")
    fake.lines_up = False
    await fake.cut()
    await says(page, "#banner", "Connection lost: the server was stopped, or restarts")
    await fake.show(caption("p1", 3, "Meanwhile."))
    fake.lines_up = True
    await page.evaluate("document.getElementById('banner-retry').click()")  # unless it is back by itself
    await says(page, "#log", "Meanwhile.")
    assert await texts(page, "#log .said") == ["Before.", "Meanwhile."]
    assert fake.afters == [0, 1]
    await page.locator("#banner").wait_for(state="hidden")


async def test_a_server_that_lets_no_reader_in_is_said(fake: FakeRoom, visit: Visits) -> None:
    fake.lines_up = False
    page = await visit()
    await says(page, "#banner", "no captions come through")
    fake.lines_up = True
    await page.evaluate("document.getElementById('banner-retry').click()")  # unless it is back by itself
    await page.locator("#banner").wait_for(state="hidden")


async def test_a_line_that_is_silently_dead_is_opened_again(fake: FakeRoom, visit: Visits) -> None:
    page = await visit(fixed_clock=True)
    await until(page, lambda: len(fake.afters) == 1)
    for _ in range(12):
        await page.clock.run_for(3000)
        await page.evaluate("new Promise((done) => requestIdleCallback(done))")
        if len(fake.afters) > 1:
            break
    assert len(fake.afters) > 1


async def test_what_the_server_has_forgotten_is_said_and_not_asked_for(fake: FakeRoom, visit: Visits) -> None:
    fake.entries = [caption("p1", n, f"Row {n}.") for n in range(4)]
    page = await visit()
    await says(page, "#log", "Row 3.")
    assert await page.locator("#forgotten").is_hidden()
    fake.entries.extend(caption("p1", n, f"Row {n}.") for n in range(4, 9))
    fake.kept_from = 6
    await fake.cut()
    await until(page, lambda: len(fake.afters) == 2)
    late = await visit()
    for reader in (page, late):
        await says(reader, "#log", "Row 8.")
        await says(reader, "#forgotten", "Earlier text is no longer kept.")
    await fake.show(caption("p1", 9, "Row 9."))
    for reader, first in ((page, ["Row 0.", "Row 1.", "Row 2.", "Row 3."]), (late, [])):
        await says(reader, "#log", "Row 9.")
        assert await texts(reader, "#log .said") == [*first, "Row 6.", "Row 7.", "Row 8.", "Row 9."]
        assert await reader.locator("text=no longer kept").count() == 1
    assert fake.afters == [0, 4, 0]


async def test_a_full_room_lets_in_whoever_waits(fake: FakeRoom, visit: Visits) -> None:
    fake.full = True
    page = await visit()
    await says(page, "#banner", "This room is full")
    await until(page, lambda: fake.turned_away >= 3)
    await says(page, "#banner", "This room is full")
    fake.full = False
    await fake.show(caption("p1", 1, "Come in."))
    await page.evaluate("document.getElementById('banner-retry').click()")  # unless it is in by itself
    await says(page, "#log", "Come in.")
    await page.locator("#banner").wait_for(state="hidden")


async def test_what_was_read_can_be_copied_when_the_room_is_gone(fake: FakeRoom, visit: Visits) -> None:
    page = await visit()
    await fake.show(caption("p1", 1, "Keep this."), gap("p2", 3, 5))
    await says(page, "#log", "Keep this.")
    fake.exists = False
    await fake.cut(4004)
    await says(page, "#banner", "This room is over")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.click("#banner-copy")
    await says(page, "#banner-copy", "Copied")
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert (
        re.sub(r"\d+:\d+\S*(\s[AP]M)?", "time", copied)
        == "time Ann\nKeep this.\n\ntime Bob\n— 2 s not heard —"
    )
