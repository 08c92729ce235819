"""Passes, "Show elsewhere" and /room/CODE, in a real Chromium against the real server."""

import asyncio
import re
from typing import Any

from bots.meet.opener import Opener
from core.bridge import REVOKED
from core.rooms import OpenedRoom
from tests.bots.meet.house import House, house
from tests.core.test_bridge import ANN, Call
from tests.fakes.browser import becomes, needs_browser, says, texts, until, visiting
from tests.fakes.room import FakeRoom

pytestmark = needs_browser


def opened(h: House, *, guests: bool) -> OpenedRoom:
    return Opener(h.rooms).open(
        title="Weekly", keep="captions", language="en", guests=guests, private=False, space="slack:T1"
    )


async def test_whoever_opened_a_room_shows_it_elsewhere_and_ends_that(browser: Any) -> None:
    async with house() as h, visiting(browser, FakeRoom(base=h.url)) as visit:
        page = await visit(h.url)
        await page.fill("input[name=title]", "Weekly")
        await page.click("#new")
        await page.wait_for_url("**/room/*")
        await page.click("#elsewhere-open")
        await says(page, "#elsewhere-state", "nowhere else")
        await page.click("#elsewhere-make")
        await says(page, "#elsewhere-left", "15 min")
        code = await page.locator("#elsewhere-text").inner_text()
        assert re.fullmatch(r"[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}", code)
        other = await visit(f"{h.url}/room/{code.lower()}")
        await says(other, "#title", "Weekly")
        await says(other, "#from", "from a room in the browser")
        await says(other, "#state", "Live")
        await says(page, "#elsewhere-places", "a browser")
        await says(page, "#notices", "this call is shown elsewhere: a browser")
        await page.click("#elsewhere-stop")
        await says(other, "#empty-title", "sharing was ended")
        await says(page, "#elsewhere-state", "nowhere else")
        stranger = await visit(page.url)
        assert await stranger.locator("#elsewhere-open").is_hidden()


async def test_a_call_of_elsewhere_is_read_live_and_ends_with_a_sentence(browser: Any) -> None:
    async with house() as h, visiting(browser, FakeRoom(base=h.url)) as visit:
        call = Call()
        call.board.notify("shown", "This is also shown elsewhere.")
        call.say("A secret of before.")
        code = h.bridge.share(call)
        page = await visit(h.url)
        await page.fill("#address", code.spaced)
        await page.press("#address", "Enter")
        await says(page, "#title", call.title)
        await says(page, "#empty-title", "What is said from now on appears here.")
        call.say("Good morning.")
        await says(page, "#log", "Good morning.")
        assert await texts(page, "#log .name") == [ANN.name]
        await says(page, "#notices", "also shown elsewhere")
        await page.reload()  # this tab has a seat of its own by now
        h.bridge.share(call)  # so the code of before is good no more
        await says(page, "#log", "Good morning.")
        assert await page.locator("#log li").count() == 1
        assert await page.locator("#forgotten").is_hidden(), "what it never had is not missing"
        h.bridge.revoke(call)
        await says(page, "#over", REVOKED)
        await says(page, "#state", "Ended")
        gone = await visit(f"{h.url}/room/{code.text}")
        await says(gone, "#empty-title", "This code shows no call")
        await gone.locator("#again").wait_for()


async def test_a_pass_gives_its_name_and_only_that(browser: Any) -> None:
    async with house() as h, visiting(browser, FakeRoom(base=h.url)) as visit:
        room = opened(h, guests=False)
        page = await visit(room.link("Ann Lee", "slack:T1:U1", 60.0))
        await until(page, lambda: "pass" not in page.url)
        await becomes(page, "document.getElementById('empty-speak').innerText.endsWith('can read.')")
        await page.click("#share-open")
        field = page.locator("#share input[name=name]")
        assert (await field.input_value(), await field.is_editable()) == ("Ann Lee", False)
        await says(page, "#share-known", "because of the link")
        await page.keyboard.press("Escape")
        await page.reload()
        await page.click("#share-open")
        assert await field.input_value() == "Ann Lee"
        await page.keyboard.press("Escape")
        room.close("Ann Lee stopped the captions.")
        await says(page, "#banner", "Ann Lee stopped the captions.")
        await page.locator("#share-open").wait_for(state="hidden")


async def introduced(page: Any) -> str:
    """The name under which somebody would share."""
    await page.click("#share-open")
    name = str(await page.locator("#share input[name=name]").input_value())
    await page.keyboard.press("Escape")
    return name


async def test_a_pass_that_is_opened_where_its_room_is_open_already_is_taken_as_well(browser: Any) -> None:
    async with house() as h, visiting(browser, FakeRoom(base=h.url)) as visit:
        room = opened(h, guests=False)
        page = await visit(room.link("Ann", "slack:T1:U1", -1.0))
        await says(page, "#told", "This link is too old")
        for name in ("Ann Lee", "Ann Li"):
            link = room.link(name, "slack:T1:U1", 60.0)
            await page.evaluate("link => { location.href = link; }", link)
            await until(page, lambda: "pass" not in page.url)
            await page.locator("#told").wait_for(state="hidden")
            async with asyncio.timeout(10):
                while await introduced(page) != name:
                    pass  # the server is asked whose it is
        await page.evaluate("location.hash = 'somewhere'")
        assert await introduced(page) == "Ann Li"


async def test_a_pass_that_is_no_good_is_said_and_guests_read(browser: Any) -> None:
    async with house() as h, visiting(browser, FakeRoom(base=h.url)) as visit:
        closed, open_ = opened(h, guests=False), opened(h, guests=True)
        page = await visit(closed.link("Ann", "slack:T1:U1", -1.0))
        await says(page, "#told", "This link is too old")
        await says(page, "#reading", "You can read along here.")
        assert await page.locator("#share-open").is_hidden()
        guest = await visit(f"{open_.address}#pass=made.up")
        await says(guest, "#told", "This link does not open this room")
        await becomes(guest, "document.getElementById('empty-speak').innerText.endsWith('and speak.')")
        await guest.click("#share-open")
        assert await guest.locator("#share input[name=name]").is_editable()
