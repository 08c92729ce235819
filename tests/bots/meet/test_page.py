"""Reading on the page, in a real Chromium."""

from typing import Any

import pytest

from tests.fakes.browser import Visits, needs_browser, says, texts
from tests.fakes.entries import caption, gap, partial
from tests.fakes.room import ROOM, FakeRoom

pytestmark = needs_browser


async def top_of(page: Any, text: str) -> float:
    top: float = await page.locator("#log .said", has_text=text).evaluate(
        "e => e.getBoundingClientRect().top"
    )
    return top


async def test_a_click_opens_a_room_and_an_address_joins_one(fake: FakeRoom, visit: Visits) -> None:
    page = await visit(fake.base)
    await page.click("#new")
    await page.wait_for_url(f"**/room/{ROOM}")
    page = await visit(fake.base)
    await page.fill("#address", "https://example.org/somewhere")
    await page.click("#join button")
    await says(page, "#join-error", "not the address of a room")
    await page.fill("#address", f" {fake.address}?x#y ")
    await page.press("#address", "Enter")
    await page.wait_for_url(f"**/room/{ROOM}")


async def test_a_room_that_does_not_exist_is_said_to_be_gone(fake: FakeRoom, visit: Visits) -> None:
    page = await visit(f"{fake.base}/room/nothing")
    await says(page, "h1", "There is no such room.")


async def test_what_is_being_said_is_dimmer_and_not_read_aloud(fake: FakeRoom, visit: Visits) -> None:
    page = await visit()
    await fake.show(caption("p1", 1, "Settled."), partials=[partial("p1", 3, "still being said", 6)])
    await page.wait_for_selector("#now .rest")
    assert await texts(page, "#log .said") == ["Settled."]
    assert await page.get_attribute("#log", "role") == "log"
    await page.locator("#log[aria-live=polite]").wait_for()
    assert await page.get_attribute("#now", "aria-hidden") == "true"
    assert await page.locator("#log #now").count() == 0
    stable, rest = "#now .stable", "#now .rest"
    assert [await page.text_content(part) for part in (stable, rest)] == ["still ", "being said"]
    colours = """(list) => list.map((one) =>
      Number(getComputedStyle(document.querySelector(one)).color.match(/\\d+/)[0]))"""
    shades = await page.evaluate(colours, ["#log .said", stable, rest])
    assert shades == sorted(set(shades))  # on light paper a larger figure is a lighter ink


async def test_committed_text_never_changes(fake: FakeRoom, visit: Visits) -> None:
    page = await visit()
    await fake.show(caption("p1", 1, "As it was said."))
    await says(page, "#log", "As it was said.")
    await page.evaluate(
        """() => { window.changes = 0;
        const count = (all) => { changes += all.filter((one) => one.target.nodeName !== "OL").length; };
        new MutationObserver(count).observe(document.getElementById("log"),
          {subtree: true, childList: true, characterData: true}); }"""
    )
    fake.entries[0]["text"] = "Something else."
    for socket in fake.readers:
        await socket.send_json(fake.board(0))
    for words in ("one", "one two", "one three"):
        await fake.show(partials=[partial("p1", 4, words, 0)])
    await fake.show(caption("p1", 4, "One three four."))
    await says(page, "#log", "One three four.")
    assert await texts(page, "#log .said") == ["As it was said.", "One three four."]
    assert await page.evaluate("window.changes") == 0


async def test_rows_stand_in_the_order_in_which_people_began_to_speak(fake: FakeRoom, visit: Visits) -> None:
    page = await visit()
    await fake.show(caption("p1", 10, "Third."), caption("p1", 5, "Second."))
    await fake.show(caption("p2", 2, "First."), gap("p2", 7, 10.2), caption("p1", 90, "Last."))
    await says(page, "#log", "Last.")
    rows = await texts(page, "#log .said")
    assert rows == ["First.", "Second.", "— 3 s not heard —", "Third.", "Last."]
    assert await texts(page, "#log .name") == ["Bob", "Ann", "Bob", "Ann"]
    assert await page.locator("#log time").count() == 2  # one for each minute
    fresh = await visit()
    await says(fresh, "#log", "Last.")
    assert await texts(fresh, "#log > li") == await texts(page, "#log > li")


async def test_names_and_captions_are_text_and_never_html(fake: FakeRoom, visit: Visits) -> None:
    odd = "<img src=x onerror='window.broken = 1'>@everyone\u202e{{7*7}}"
    fake.people = [{"id": "p1", "name": odd, "sharing": True, "muted": False, "source": "tab"}]
    fake.notices = [{"key": odd, "text": odd}]
    fake.note = odd
    page = await visit()
    await fake.show(caption("p1", 1, odd, odd), partials=[{**partial("p2", 2, odd, 9), "name": odd}])
    await says(page, "#now", "@everyone")
    await page.keyboard.press("s")
    await says(page, "#stage", "everyone")
    for place in ("#log .said", "#log .name", "#now .name", "#note", "#notices li"):
        assert await page.text_content(place) == odd
    assert odd in await page.text_content("#people")
    assert await page.locator("img").count() == 0
    assert await page.evaluate("window.broken") is None


async def test_reading_back_is_not_disturbed_by_what_is_said_now(fake: FakeRoom, visit: Visits) -> None:
    fake.entries = [caption("p1", n * 4.0, f"Row {n}.") for n in range(10, 70)]
    page = await visit()
    await says(page, "#log", "Row 69.")
    await page.locator("#log .said", has_text="Row 30.").evaluate("e => e.scrollIntoView()")
    await page.locator("#jump").wait_for()
    before = await top_of(page, "Row 30.")
    await fake.show(
        caption("p2", 1, "Said early, heard late."), partials=[partial("p1", 299, "and on it goes " * 20, 0)]
    )
    await fake.show(caption("p2", 300, "New."), caption("p2", 302, "Newer."))
    await says(page, "#jump", "Jump to live · 3 new")
    assert await top_of(page, "Row 30.") == pytest.approx(before, abs=1)
    await page.keyboard.press("End")
    await page.locator("#jump").wait_for(state="hidden")
    await fake.show(caption("p2", 310, "Newest."))
    await says(page, "#log", "Newest.")
    assert await page.evaluate("scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight") < 2


async def test_a_night_of_captions_does_not_fill_the_document(fake: FakeRoom, visit: Visits) -> None:
    fake.entries = [caption("p1", n * 2.0, f"Row {n}.") for n in range(3500)]
    page = await visit()
    await says(page, "#log", "Row 3499.")
    assert await page.locator("#log > li").count() == 3000
    await fake.show(caption("p1", 8000, "One more."))
    await says(page, "#log", "One more.")
    assert await page.locator("#log > li").count() == 3000
    assert await page.locator("#log .name").count() == 1
    await page.evaluate("scroller.scrollTop = 100")
    before = await top_of(page, "Row 505.")
    await page.locator("#earlier").evaluate("button => button.click()")
    assert await page.locator("#log > li").count() == 3501
    assert await top_of(page, "Row 505.") == pytest.approx(before, abs=1)
    await page.keyboard.press("End")
    assert await page.locator("#log > li").count() == 3000


async def test_subtitles_name_who_is_called_otherwise_from_the_next_words_on(
    fake: FakeRoom, visit: Visits
) -> None:
    page = await visit()
    known = partial("p1", 3, "And here I am.", 4) | {"name": "Ann (2)"}
    await fake.show(caption("p1", 1, "Good morning."), partials=[known])
    await says(page, "#now", "here I am.")
    await page.keyboard.press("s")
    await says(page, "#stage", "here I am.")
    assert await texts(page, ".subtitle-name") == ["Ann", "Ann (2)"]
    await fake.show({**caption("p1", 3, "And here I am."), "name": "Ann (2)"}, partials=[])
    await says(page, "#log", "here I am.")
    assert await texts(page, ".subtitle-name") == ["Ann", "Ann (2)"]


async def test_subtitles_are_two_or_three_short_lines(fake: FakeRoom, visit: Visits) -> None:
    page = await visit()
    words = "It was the best of times, it was the worst of times, it was the age of wisdom and of foolishness"
    await fake.show(caption("p2", 1, "Yes."), partials=[partial("p1", 3, words, 30)])
    await says(page, "#now", "foolishness")
    await page.keyboard.press("s")
    await says(page, "#stage", "foolishness")
    first = await texts(page, ".subtitle-line")
    assert len(first) == 2
    assert all(len(line) <= 42 for line in first)
    assert await texts(page, ".subtitle-name") == ["Ann"]
    await fake.show(partials=[partial("p1", 3, f"{words} and", 30)])
    await says(page, "#stage", "foolishness and")
    assert (await texts(page, ".subtitle-line"))[0] == first[0]
    await page.click("#subtitles-lines")
    assert await page.locator(".subtitle-line").count() == 3
    await page.keyboard.press("Escape")
    assert await page.locator("#subtitles").is_hidden()


async def test_everything_is_reached_by_keyboard(fake: FakeRoom, visit: Visits) -> None:
    fake.state = "waiting"
    page = await visit()
    await says(page, "#empty-title", "Nobody shares sound yet.")
    wanted = await page.evaluate(
        """[...document.querySelectorAll("a, button, summary, [tabindex]")]
          .filter((one) => one.checkVisibility()).length"""
    )
    reached = set()
    for _ in range(wanted):
        await page.keyboard.press("Tab")
        reached.add(await page.evaluate("document.activeElement.outerHTML"))
        assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert len(reached) == wanted
    await page.keyboard.press("?")
    assert await page.locator("#help").is_visible()
    await page.keyboard.press("Escape")
    await page.focus("#text-open")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    assert await page.locator("#text output").inner_text() == "115 %"
    assert (
        await page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--size')") == "1.15"
    )


async def test_how_somebody_likes_to_read_is_remembered(fake: FakeRoom, visit: Visits) -> None:
    page = await visit()
    await page.click("#text-open")
    await page.select_option("select[name=theme]", "dark")
    await page.select_option("select[name=shortcuts]", "off")
    await page.keyboard.press("Escape")
    await page.keyboard.press("s")
    assert await page.locator("#subtitles").is_hidden()
    dark = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    await page.reload()
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    assert await page.evaluate("document.documentElement.dataset.theme") == "dark"


async def test_a_phone_shows_everything_without_scrolling_sideways(fake: FakeRoom, visit: Visits) -> None:
    page = await visit(viewport={"width": 320, "height": 640})
    await fake.show(caption("p1", 1, "W" * 200, "N" * 40), partials=[partial("p2", 3, "w" * 200, 3)])
    await says(page, "#log", "W")
    for _ in range(9):
        await page.keyboard.press("+")
    wide = "Math.max(document.documentElement.scrollWidth, scroller.scrollWidth)"
    assert await page.evaluate(wide) <= 320
    for button in ("#text-open", "#save-open", "#help-open", "#share-open"):
        await page.click(button)
        assert await page.evaluate(wide) <= 320
        await page.keyboard.press("Escape")
