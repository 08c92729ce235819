"""The list of records, its search, and what is kept of whoever looks: in Chromium, on a fake server."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.archive import BEGAN, KEY, OWNER, line
from tests.fakes.browser import Visits, becomes, faults, needs_browser, says, tabbed, texts
from tests.fakes.room import FakeRoom

pytestmark = needs_browser

ME = "me-me-me-me-me-me-me-0"
EVIL = "<img src=x onerror='window.broken = 1'>\u202e{{7*7}}"
MINE = {"names": ["Ann", "Annie"], "calls": 2, "lines": 14}


def knowing(**rooms: dict[str, str]) -> str:
    """A browser that has a secret of its own and knows these rooms."""
    return (
        f"localStorage.setItem('spokenly.me', '{ME}');"
        f"localStorage.setItem('spokenly.rooms', {json.dumps(json.dumps(rooms))});"
    )


async def records(fake: FakeRoom, visit: Visits, **options: Any) -> Any:
    return await visit(f"{fake.base}/records", **options)


async def test_calls_are_listed_with_when_how_long_who_and_how_they_ended(
    fake: FakeRoom, visit: Visits
) -> None:
    fake.archive.keeps("a" * 22, line(0, "Hello."))
    fake.archive.keeps("b" * 22, title="", state="interrupted", ended=None, speakers=list("ABCDE"))
    fake.archive.keeps("c" * 22, title="Now", state="live", ended=None)
    page = await records(fake, visit, locale="en-GB", timezone_id="Europe/Paris")
    await says(page, "#calls", "Now")
    assert await texts(page, "#calls h3") == ["Budget", "Call of 20 November 2026", "Now"]
    assert await texts(page, "#calls .facts") == [
        "20 Nov 2026, 10:30 · 48 min · 1 line",
        "20 Nov 2026, 10:30 · 0 lines · interrupted",
        "20 Nov 2026, 10:30 · 0 lines · still going on",
    ]
    assert await texts(page, "#calls .speakers") == ["Ann and Bob", "A, B, C and 2 more", "Ann and Bob"]
    assert await page.get_attribute("#calls time >> nth=0", "datetime") == "2026-11-20T09:30:00.000Z"
    await page.click("text=Budget")
    await page.wait_for_url(f"**/records/{'a' * 22}")


async def test_more_calls_come_when_they_are_asked_for(fake: FakeRoom, visit: Visits) -> None:
    fake.archive.list_size = 2
    for n in range(3):
        began = BEGAN.replace(day=20 - n).isoformat()
        fake.archive.keeps(str(n) * 22, title=f"Call {n}", began=began)
    page = await records(fake, visit)
    await says(page, "#calls", "Call 1")
    await page.click("#all-more")
    await says(page, "#calls", "Call 2")
    assert await texts(page, "#calls h3") == ["Call 0", "Call 1", "Call 2"]
    assert await page.locator("#all-more").is_hidden()


async def test_an_empty_record_says_so(fake: FakeRoom, visit: Visits) -> None:
    page = await records(fake, visit)
    await says(page, "#all-state", "No call has been kept yet.")
    await says(page, "#mine-what", "Nothing that was said from this browser is kept.")
    assert await page.locator("#mine-actions").is_hidden()
    assert fake.archive.paths() == ["/api/records"]  # a browser without a secret asks for nothing of its own


@pytest.mark.parametrize(
    ("text", "word", "marked"),
    [
        ("😀😀 the ninth 🎉", "ninth", "ninth"),
        ("هذا هو الاجتماع التاسع", "التاسع", "التاسع"),
        ("👩‍👩‍👧 family 👩‍👩‍👧", "👩‍👩‍👧 f", "👩‍👩‍👧 f"),
        (f"a {EVIL} z", "onerror", "onerror"),
    ],
)
async def test_a_search_marks_exactly_what_it_found(
    fake: FakeRoom, visit: Visits, text: str, word: str, marked: str
) -> None:
    fake.archive.keeps("a" * 22, line(0, "Nothing here."), line(41, text))
    page = await records(fake, visit)
    await page.fill("#words", word)
    await page.press("#words", "Enter")
    await says(page, "#found-count", "1 line")
    assert await page.locator("#hits mark").all_text_contents() == [marked]
    assert await page.locator("#hits .said").all_text_contents() == [text]
    assert await page.get_attribute("#hits .said", "dir") == "auto"
    assert await page.get_attribute("#hits a", "href") == f"/records/{'a' * 22}#line-41"
    assert await page.locator("#all").is_hidden()
    await page.reload()  # the address holds the search
    await says(page, "#found-count", "1 line")
    await page.click("#found-close")
    await says(page, "#calls", "Budget")
    assert await page.evaluate("document.activeElement.id") == "words"


async def test_a_search_goes_on_and_ends(fake: FakeRoom, visit: Visits) -> None:
    fake.archive.keeps("a" * 22, *[line(n, f"Word {n}.") for n in range(45)])
    page = await records(fake, visit)
    await page.fill("#words", "word")
    await page.click("#search button")
    await says(page, "#found-count", "The first 20 lines; there are more.")
    await page.click("#found-more")
    await says(page, "#found-count", "The first 40 lines; there are more.")
    await page.click("#found-more")
    await says(page, "#found-count", "45 lines")
    assert await page.locator("#found-more").is_hidden()
    assert (await texts(page, "#hits .said"))[44] == "Word 44."
    await page.fill("#words", "nowhere")
    await page.press("#words", "Enter")
    await says(page, "#found-count", "Nothing was found.")
    await page.fill("#words", '"*"')
    await page.press("#words", "Enter")
    await says(page, "#search-error", "There is nothing to look for in that: type a word.")
    assert await page.get_attribute("#found-count", "role") == "status"


async def test_the_key_opens_the_list_and_a_wrong_one_is_said(fake: FakeRoom, visit: Visits) -> None:
    fake.archive.records = "key"
    fake.archive.keeps("a" * 22, title="Secret plans")
    page = await records(fake, visit)
    await page.locator("#key-form").wait_for()
    assert fake.archive.tokens("/api/records") == []
    await page.click("#key-form button")
    await says(page, "#key-error", "Type the key first.")
    await page.fill("#key", "something else")
    await page.press("#key", "Enter")
    await says(page, "#key-error", "That key does not open the records.")
    assert await page.evaluate("document.activeElement.id") == "key"
    assert await page.evaluate("sessionStorage.getItem('spokenly.recordsKey')") is None
    await page.fill("#key", KEY)
    await page.press("#key", "Enter")
    await says(page, "#calls", "Secret plans")
    assert await page.locator("#key-form").is_hidden()
    await page.fill("#words", "plans")
    await page.press("#words", "Enter")
    await says(page, "#found-count", "Nothing was found.")
    await page.reload()
    await page.locator("#all, #found").first.wait_for()
    assert set(fake.archive.tokens("/api/records")) == {"something else", KEY}


async def test_where_the_list_is_closed_people_still_find_their_own_calls(
    fake: FakeRoom, visit: Visits
) -> None:
    fake.archive.records = "closed"
    fake.archive.keeps("a" * 22, title="Mine")
    fake.archive.keeps("b" * 22, title="Of others")
    script = knowing(
        **{
            "a" * 22: {"owner": OWNER, "opened": "2026-11-20T09:00:00Z"},
            "c" * 22: {"opened": "2026-11-01T09:00:00Z"},
        }
    )
    page = await records(fake, visit, script=f"if (!localStorage.length) {{ {script} }}")
    await says(page, "#closed", "SPOKENLY_RECORDS_KEY")
    await says(page, "#own-calls", "Mine")
    assert await texts(page, "#own-calls h3") == ["Mine"]
    assert await page.locator("#search").is_hidden()
    assert fake.archive.tokens(f"/api/records/{'a' * 22}") == [OWNER]
    assert "/api/records" not in fake.archive.paths()
    # What the record has no longer, the browser forgets as well.
    kept = json.loads(await page.evaluate("localStorage.getItem('spokenly.rooms')"))
    assert list(kept) == ["a" * 22]


async def test_where_nothing_is_ever_kept_the_records_say_so(fake: FakeRoom, visit: Visits) -> None:
    fake.archive.keep, fake.archive.records = "never", "closed"
    page = await records(fake, visit)
    await says(page, "#never", "Nothing is kept here")
    assert (
        await page.locator("#closed, #own, #all, #search, #key-form").and_(page.locator(":visible")).count()
        == 0
    )


async def test_a_browser_that_knows_no_call_is_told_how_it_will(fake: FakeRoom, visit: Visits) -> None:
    fake.archive.records = "closed"
    page = await records(fake, visit, script="localStorage.setItem('spokenly.rooms', '[3, null]');")
    await says(page, "#own-state", "A call appears here when its words are kept")


async def test_whoever_spoke_here_can_take_everything_along(fake: FakeRoom, visit: Visits) -> None:
    fake.archive.mine = MINE
    page = await records(fake, visit, script=knowing())
    await says(page, "#mine-what", "14 lines in 2 calls, spoken as Ann and Annie.")
    async with page.expect_download() as download:
        await page.click("#mine-save")
    saved = await download.value
    assert saved.suggested_filename == "said.json"
    file = await asyncio.to_thread(Path(await saved.path()).read_text)
    assert json.loads(file) == {"said": ["Hello."]}
    assert fake.archive.tokens("/api/me/said.json") == [ME]


async def test_forgetting_says_what_it_does_before_it_does_it(fake: FakeRoom, visit: Visits) -> None:
    fake.archive.mine = MINE
    fake.archive.keeps("a" * 22, title="Mine")
    page = await records(fake, visit, script=knowing())
    await says(page, "#mine-what", "14 lines")
    fake.archive.mine = {**MINE, "lines": 15}
    await page.click("#mine-forget")
    await says(page, "#forget-what", "15 lines in 2 calls will be deleted.")
    await says(page, "#forget", "every call kept here in which somebody spoke from this browser")
    await says(page, "#forget", "can’t be undone")
    assert await page.evaluate("document.activeElement.textContent") == "Cancel"
    await page.keyboard.press("Enter")
    assert fake.archive.paths("DELETE") == []
    await page.click("#mine-forget")
    await page.locator("#forget[open]").wait_for()
    fake.archive.failure = (503, "The record can't be had now.")
    await page.click("#forget-go")
    await says(page, "#forget-error", "The record can't be had now.")
    fake.archive.failure = None
    await page.click("#forget-go")
    await says(page, "#mine-state", "Deleted: 15 lines in 2 calls.")
    await says(page, "#mine-what", "Nothing that was said from this browser is kept.")
    assert fake.archive.tokens("/api/me/lines") == [ME, ME]
    assert await page.locator("#mine-actions").is_hidden()
    assert await page.locator("#calls > li").count() == 1


async def test_failures_are_sentences(fake: FakeRoom, visit: Visits) -> None:
    fake.archive.failure = (429, "That was too often. Please wait a moment.")
    page = await records(fake, visit, script=knowing())
    await says(page, "#all-state", "Please wait a moment. In 7 s it will do.")
    await says(page, "#mine-error", "Please wait a moment. In 7 s it will do.")
    fake.archive.failure = None
    fake.archive.keeps("a" * 22, title="Here it is")
    await page.click("#all-more")
    await says(page, "#calls", "Here it is")
    await page.context.set_offline(True)
    await page.fill("#words", "here")
    await page.press("#words", "Enter")
    await says(page, "#search-error", "This device is offline.")
    await page.context.set_offline(False)


async def test_a_server_that_comes_back_is_found_again(fake: FakeRoom, visit: Visits) -> None:
    fake.archive.keeps("a" * 22, title="Here it is")
    away = "const real = fetch; window.fetch = async (...a) => { if (window.back) return real(...a);"
    page = await records(fake, visit, script=f"{away} throw new TypeError(); }};")
    await says(page, "#all-state", "The server can't be reached. Is Spokenly still running?")
    await page.evaluate("window.back = true")
    await page.click("#all-more")
    await says(page, "#calls", "Here it is")
    assert await page.locator("#all-more").is_hidden()


async def test_hostile_titles_and_names_are_text(fake: FakeRoom, visit: Visits) -> None:
    fake.archive.keeps("a" * 22, line(0, EVIL, name=EVIL), title=EVIL, speakers=[EVIL])
    fake.archive.mine = {"names": [EVIL], "calls": 1, "lines": 1}
    page = await records(fake, visit, script=knowing())
    await says(page, "#calls", "onerror")
    await says(page, "#mine-what", "onerror")
    await page.fill("#words", "img")
    await page.press("#words", "Enter")
    await says(page, "#found-count", "1 line")
    for place in ("#calls h3", "#calls .speakers", "#hits .said", "#hits a bdi", "#hits .hit-call bdi"):
        assert await page.text_content(place) == EVIL
    assert await page.locator("img").count() == 0
    assert await page.evaluate("window.broken") is None


async def test_the_records_are_for_everybody(fake: FakeRoom, visit: Visits) -> None:
    fake.archive.mine = MINE
    fake.archive.keeps("a" * 22, line(0, "W" * 300, name="N" * 40), title="T" * 120, speakers=["N" * 40] * 3)
    for width in (1200, 320):
        page = await records(fake, visit, script=knowing(), viewport={"width": width, "height": 640})
        await says(page, "#mine-what", "14 lines")
        await says(page, "#calls", "T")
        assert await faults(page) == []
        assert await tabbed(page)
        await page.fill("#words", "w")
        await page.press("#words", "Enter")
        await says(page, "#found-count", "1 line")
        assert await faults(page) == []
        await page.click("#mine-forget")
        assert await faults(page) == []
    fake.archive.records = "key"
    page = await records(fake, visit, viewport={"width": 320, "height": 640})
    await becomes(page, "!document.getElementById('own').hidden")
    assert await faults(page) == []
