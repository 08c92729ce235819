"""A kept call from the first page to being forgotten: a real browser, the real server, a real database."""

from pathlib import Path
from typing import Any

from core.record.database.opening import open_store
from core.settings import Settings
from tests.bots.meet.house import House, house
from tests.bots.meet.test_records import ELSEWHERE, KEY, ME, said
from tests.fakes.browser import needs_browser, says, texts, visiting
from tests.fakes.room import FakeRoom

pytestmark = needs_browser


async def test_a_call_is_kept_recapped_corrected_found_and_forgotten(browser: Any, tmp_path: Path) -> None:
    async with (
        open_store(Settings(_env_file=None, data_dir=tmp_path)) as store,
        house(store=store, **ELSEWHERE) as h,
        visiting(browser, FakeRoom(base=h.url)) as visit,
    ):
        page = await visit(h.url, script=f"localStorage.setItem('spokenly.me', '{ME}');")
        page.set_default_timeout(30000)  # the server itself and its database work here as well
        await _hold(page, h)
        await _correct(page)
        await _look_it_up(page, h)
        await _take_it_back(page)


async def _hold(page: Any, h: House) -> None:
    await page.check("input[value=transcript]")
    await page.fill("input[name=title]", "Stand-up 🎈")
    await page.click("#new")
    await page.wait_for_url("**/room/*")
    await says(page, "#keep", "Transcript kept")
    await said(h, page.url.rsplit("/", 1)[1], ("Ann", ME), ("Bo", None))
    await says(page, "#log", "w1 w2 w3 w4 w5")
    await page.click("#catchup-open")
    await page.click("[data-minutes='']")
    await says(page, "#catchup-recap", "Ann")
    await page.keyboard.press("Escape")
    await says(page, "#after-recap", "Who spoke")


async def _correct(page: Any) -> None:
    await page.click("#after-link")
    await says(page, "#title", "Stand-up 🎈")
    await says(page, "#log", "w101 w102 w103 w104 w105")
    assert await page.locator(".correct").count() == 2  # whoever opened the room may correct everybody
    line = page.locator("#log li", has_text="w101")
    await line.locator(".correct").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type("A penguin 🐧, twice: the penguin.")
    await page.keyboard.press("Enter")
    await says(page, "#log summary", "corrected")
    await page.click("#log summary")
    await says(page, "#log details", "Heard as w101 w102 w103 w104 w105")


async def _look_it_up(page: Any, h: House) -> None:
    await page.goto(f"{h.url}/records")
    await page.fill("#key", KEY)
    await page.press("#key", "Enter")
    await says(page, "#calls", "Stand-up 🎈")
    await page.fill("#words", "penguin")
    await page.press("#words", "Enter")
    await says(page, "#found-count", "1 line")
    assert await texts(page, "#hits mark") == ["penguin", "penguin"]
    await page.click("#hits a")
    await page.wait_for_url("**/records/*#line-*")
    await says(page, "#log .aim .said", "penguin")
    await page.go_back()


async def _take_it_back(page: Any) -> None:
    await says(page, "#mine-what", "1 line in 1 call, spoken as Ann.")
    await page.click("#mine-forget")
    await page.click("#forget-go")
    await says(page, "#mine-state", "Deleted: 1 line in 1 call.")
    await page.click("#found-close")
    await page.click("#calls a")
    await says(page, "#log", "penguin")
    assert await page.locator("#log .name").all_inner_texts() == ["Bo"]
    await page.click("#delete")
    await page.click("#deletion-go")
    await says(page, "#told", "The call was deleted.")
    await says(page, "#all-state", "No call has been kept yet.")
