"""What a call keeps, on the first page and in the room: the choice, the promise, catching up, the recap."""

import json
import re
from typing import Any

import pytest

from tests.fakes.archive import OWNER, claim, line, recap
from tests.fakes.browser import Visits, becomes, faults, needs_browser, says, share, tabbed, until
from tests.fakes.entries import caption
from tests.fakes.room import ROOM, FakeRoom

pytestmark = needs_browser

EVIL = "<img src=x onerror='window.broken = 1'>\u202e{{7*7}}"
TRANSCRIPT = "A transcript of this call is kept: the words, with names; never the sound."
CAPTIONS = "Captions only: nothing is written down."


async def consent(page: Any) -> str:
    """What the share dialog promises."""
    await page.click("#share-open")
    text = re.sub(r"\s+", " ", await page.text_content("#share .consent")).strip()
    await page.keyboard.press("Escape")
    return text


async def known(page: Any) -> Any:
    return json.loads(await page.evaluate("localStorage.getItem('spokenly.rooms')") or "{}")


@pytest.mark.parametrize("keep", ["captions", "transcript"])
async def test_what_this_server_keeps_by_itself_is_what_is_chosen(
    fake: FakeRoom, visit: Visits, keep: str
) -> None:
    fake.archive.keep = keep
    page = await visit(fake.base)
    await page.locator(f"input[value={keep}]:checked").wait_for()
    await page.click("#new")
    await page.wait_for_url(f"**/room/{ROOM}")
    assert fake.wishes == [{"keep": keep}]


async def test_whoever_opens_a_call_chooses_and_keeps_the_token_to_its_record(
    fake: FakeRoom, visit: Visits
) -> None:
    page = await visit(fake.base)
    await page.check("input[value=transcript]")
    await page.fill("input[name=title]", f"  {EVIL} ")
    await page.press("input[name=title]", "Enter")
    await page.wait_for_url(f"**/room/{ROOM}")
    assert fake.wishes == [{"keep": "transcript", "title": EVIL}]
    await says(page, "#title", "onerror")
    assert await page.text_content("#title") == EVIL
    kept = await known(page)
    assert kept[ROOM]["owner"] == OWNER
    assert kept[ROOM]["title"] == EVIL
    await fake.show(caption("p1", 1, "Hello."))
    await says(page, "#log", "Hello.")
    assert (await known(page))[ROOM]["owner"] == OWNER


async def test_a_room_that_keeps_nothing_leaves_nothing_in_the_browser(fake: FakeRoom, visit: Visits) -> None:
    page = await visit(fake.base)
    await page.click("#new")
    await page.wait_for_url(f"**/room/{ROOM}")
    await fake.show(caption("p1", 1, "Hello."))
    await says(page, "#log", "Hello.")
    await share(page, name="Cid")
    await until(page, lambda: fake.names == ["Cid"])
    assert fake.secrets == [None]
    assert await page.evaluate("Object.keys(localStorage)") == ["spokenly.settings"]


async def test_where_nothing_is_ever_kept_there_is_no_choice(fake: FakeRoom, visit: Visits) -> None:
    fake.archive.keep = "never"
    page = await visit(fake.base)
    await says(page, "#never", "nothing is ever written down")
    assert await page.locator("#keep").is_hidden()
    await page.click("#new")
    await page.wait_for_url(f"**/room/{ROOM}")
    assert fake.wishes == [{}]


async def test_the_mode_is_always_in_sight_and_consent_says_what_is_true(
    fake: FakeRoom, visit: Visits
) -> None:
    page = await visit()
    await says(page, "#keep", "Captions only")
    assert await consent(page) == (
        "What you share is turned into text on this server, and everybody in the room reads it. "
        f"{CAPTIONS} The sound is not stored either."
    )
    fake.keep = "transcript"
    for days, end in (
        (30, "Deleted after 30 days."),
        (1, "Deleted after 1 day."),
        (0, "It stays until somebody"),
    ):
        fake.archive.retention = days
        page = await visit()
        await says(page, "#keep", "Transcript kept")
        await page.wait_for_load_state("networkidle")
        text = await consent(page)
        assert f"{TRANSCRIPT} {end}" in text
        assert "Captions only" not in text
    await page.keyboard.press("s")
    await says(page, "#subtitles .keep", "Transcript kept")
    assert await page.locator("#subtitles .keep").is_visible()


@pytest.mark.parametrize(
    ("keep", "label", "promise"),
    [
        ("captions", "Shown in Slack", "No record is kept besides, and never the sound."),
        ("transcript", "Transcript kept", TRANSCRIPT),
    ],
)
async def test_who_speaks_for_a_chat_reads_that_the_words_stay_there(
    fake: FakeRoom, visit: Visits, keep: str, label: str, promise: str
) -> None:
    fake.keep, fake.opened_elsewhere = keep, True
    page = await visit()
    await says(page, "#keep", label)
    text = await consent(page)
    assert f"What is said here is shown in Slack and stays there, as messages. {promise}" in text
    assert CAPTIONS not in text


async def test_where_the_record_is_read_elsewhere_nothing_leads_to_it(fake: FakeRoom, visit: Visits) -> None:
    fake.keep, fake.opened_elsewhere, fake.entries = "transcript", True, [caption("p1", 1, "Hello.")]
    page = await visit()
    await says(page, "#log", "Hello.")
    await says(page, "#keep", "Transcript kept")
    await page.click("#save-open")
    await says(page, "#save-hint", "The transcript is found where this call was started.")
    assert await page.get_attribute("#save [data-format=md]", "href") == f"/api/rooms/{ROOM}/transcript.md"
    assert await page.locator("#save-docx").is_hidden()
    await page.keyboard.press("Escape")
    assert await known(page) == {}
    fake.state = "ended"
    await fake.show(caption("p1", 2, "Goodbye."))
    await says(page, "#over", "Save what was said while this page is open.")
    assert await page.locator("#after").is_hidden()


async def test_saving_promises_what_is_true(fake: FakeRoom, visit: Visits) -> None:
    fake.entries = [caption("p1", 1, "Hello.")]
    page = await visit()
    await says(page, "#log", "Hello.")
    await page.click("#save-open")
    await says(page, "#save-hint", "The server forgets a room when it is over.")
    assert await page.get_attribute("#save [data-format=md]", "href") == f"/api/rooms/{ROOM}/transcript.md"
    assert await page.locator("#save-docx").is_hidden()
    fake.keep = "transcript"
    page = await visit()
    await says(page, "#log", "Hello.")
    await page.click("#save-open")
    await says(page, "#save-hint", "The record can be saved later as well. It is deleted after 30 days.")
    links = await page.locator("#save-formats a").evaluate_all(
        "all => all.map((a) => a.getAttribute('href'))"
    )
    forms = ("md", "docx", "txt", "vtt", "srt", "json")
    assert links == [f"/api/records/{ROOM}/transcript.{form}" for form in forms]
    fake.entries = []
    page = await visit()
    await says(page, "#keep", "Transcript kept")
    await page.click("#save-open")
    await says(page, "#save-hint", "Nothing has been said yet.")
    assert await page.locator("#save-formats").is_hidden()


async def test_somebody_who_speaks_for_the_record_is_known_again(fake: FakeRoom, visit: Visits) -> None:
    fake.keep = "transcript"
    page = await visit()
    await says(page, "#keep", "Transcript kept")
    await share(page)
    await until(page, lambda: len(fake.secrets) == 1)
    secret = fake.secrets[0]
    assert secret is not None
    assert re.fullmatch(r"[\w-]{22}", secret)
    await page.click("#stop")
    await share(page, name="Annie")
    await until(page, lambda: fake.secrets == [secret, secret])
    other = await visit()
    await says(other, "#keep", "Transcript kept")
    await share(other)
    await until(other, lambda: len(fake.secrets) == 3)
    assert fake.secrets[2] != secret


async def test_catching_up_is_private_and_leads_to_the_lines(fake: FakeRoom, visit: Visits) -> None:
    fake.entries = [caption("p1", n * 4.0, f"Line {n}.") for n in range(3200)]
    here, gone = line(7, "Line 7."), line(9999, "Long ago.", start=4.4)
    fake.archive.live_recap = recap(
        quoted=False, by="llm", name="a model", summary=[claim("They spoke.", here, gone)], phrases=[EVIL]
    )
    page = await visit()
    await says(page, "#log", "Line 3199.")
    await page.keyboard.press("c")
    await says(page, "#catchup", "Only you see this.")
    for choice, query in (("15 minutes", "?minutes=15"), ("5 minutes", "?minutes=5"), ("From the start", "")):
        await page.click(f"#catchup button:has-text('{choice}') >> nth=0")
        await says(page, "#catchup-state", choice)
        assert fake.archive.paths()[-1] == f"/api/rooms/{ROOM}/recap{query}"
    assert await page.locator("#catchup [aria-pressed=true]").all_inner_texts() == ["From the start"]
    assert await page.locator("#catchup-recap button.cite").count() == 1
    await says(page, "#catchup-recap .said", "Long ago.")  # it can't be looked up any more: here it is
    assert await page.text_content("#catchup-recap .phrases li") == EVIL
    assert await faults(page) == []
    await page.click("#catchup-recap button.cite")
    assert await page.locator("#catchup").is_hidden()
    await becomes(page, "document.activeElement.innerText.includes('Line 7.')")
    assert await page.locator("#log .aim .said").all_inner_texts() == ["Line 7."]
    await page.locator("#jump").wait_for()
    fake.archive.failure = (429, "That was too often. Please wait a moment.")
    await page.click("#catchup-open")
    await page.click("[data-minutes='5']")
    await says(page, "#catchup-error", "Please wait a moment. In 7 s it will do.")
    assert await page.locator("#catchup-recap").inner_text() == ""


async def test_when_a_kept_call_is_over_its_recap_appears(fake: FakeRoom, visit: Visits) -> None:
    fake.keep = "transcript"
    fake.entries = [caption("p1", n * 4.0, f"Line {n}.") for n in range(60)]
    fake.archive.keeps(ROOM, line(59, "Line 59."))
    page = await visit(fixed_clock=True)
    await says(page, "#log", "Line 59.")
    assert await page.locator("#after").is_hidden()
    fake.state = "ended"
    await fake.show()
    await says(page, "#after-state", "The recap is being made…")
    await page.clock.run_for(3000)
    await until(page, lambda: fake.archive.paths().count(f"/api/records/{ROOM}/recap") == 1)
    assert await page.locator("#after-state").inner_text() == "The recap is being made…"
    fake.archive.recaps[ROOM] = recap(
        summary=[claim("Line 59.", line(59, "Line 59.")), claim(EVIL, line(3, EVIL))], making=True
    )
    await page.evaluate("new Promise((done) => requestIdleCallback(done))")
    for _ in range(5):
        await page.clock.run_for(3000)
        await page.evaluate("new Promise((done) => requestIdleCallback(done))")
    await says(page, "#after-recap", "onerror")
    await says(page, "#after-state", "A new recap is being made")
    del fake.archive.recaps[ROOM]["making"]
    for _ in range(5):
        await page.clock.run_for(6000)
        await page.evaluate("new Promise((done) => requestIdleCallback(done))")
    await says(page, "#after-state", "The recap is ready.")
    assert await page.locator("img").count() == 0
    for wanted in ("#log li:last-child", "#after h2"):  # the last words and the recap are both in sight
        assert await page.locator(wanted).evaluate(
            "e => e.getBoundingClientRect().bottom < innerHeight && e.getBoundingClientRect().top > 0"
        )
    assert await page.locator("#jump").is_hidden()
    assert await page.get_attribute("#after-link", "href") == f"/records/{ROOM}"
    assert await page.get_attribute("#after [data-format=docx]", "href") == (
        f"/api/records/{ROOM}/transcript.docx"
    )
    assert await faults(page) == []
    await page.click("#after-recap .cite >> nth=0")
    await becomes(page, "document.activeElement.innerText.includes('Line 59.')")
    fake.state = "live"
    await fake.show(caption("p1", 400, "On it goes."))
    await says(page, "#log", "On it goes.")
    assert await page.locator("#after").is_hidden()


async def test_a_recap_that_never_comes_is_said(fake: FakeRoom, visit: Visits) -> None:
    fake.keep, fake.state = "transcript", "ended"
    fake.entries = [caption("p1", 1, "Hello.")]
    page = await visit(fixed_clock=True)
    await says(page, "#after-state", "The recap is being made…")
    for _ in range(120):
        await page.clock.run_for(6000)
        await page.evaluate("new Promise((done) => requestIdleCallback(done))")
        if "There is no recap" in await page.locator("#after-state").inner_text():
            break
    await says(page, "#after-state", "There is no recap: There is no record of such a call.")
    assert 3 <= fake.archive.paths().count(f"/api/records/{ROOM}/recap") <= 12


async def test_captions_only_never_asks_for_a_record(fake: FakeRoom, visit: Visits) -> None:
    fake.state = "ended"
    fake.entries = [caption("p1", 1, "Hello.")]
    page = await visit(fixed_clock=True)
    await says(page, "#over", "Save what was said while this page is open.")
    await page.clock.run_for(60000)
    assert fake.archive.paths() == []
    assert await page.locator("#after").is_hidden()


async def test_a_room_that_is_over_leads_to_its_record(fake: FakeRoom, visit: Visits) -> None:
    fake.keep = "transcript"
    fake.archive.keeps(ROOM, line(0, "Hello."))
    page = await visit()
    await fake.show(caption("p1", 1, "Hello."))
    await says(page, "#log", "Hello.")
    fake.exists = False
    await fake.cut(4004)
    await says(page, "#banner", "Its transcript is kept in the record.")
    assert await page.get_attribute("#banner-record", "href") == f"/records/{ROOM}"
    await page.reload()
    await says(page, "#record", "The words of its call were kept")
    await page.click("#record-link")
    await page.wait_for_url(f"**/records/{ROOM}")
    late = await visit(f"{fake.base}/room/nothing")
    await says(late, "h1", "There is no such room.")
    assert await late.locator("#record").is_hidden()


async def test_the_pages_of_a_kept_call_are_for_everybody(fake: FakeRoom, visit: Visits) -> None:
    fake.keep, fake.title, fake.state = "transcript", "T" * 100, "ended"
    fake.entries = [caption("p1", 1, "Hello.")]
    fake.archive.recaps[ROOM] = fake.archive.live_recap = recap(
        summary=[claim("W" * 300, line(0, "W" * 300, name="N" * 40), who="N" * 40)], phrases=["P" * 90]
    )
    fake.archive.keeps(ROOM, line(0, "Hello."))
    for width in (1200, 320):
        home = await visit(fake.base, viewport={"width": width, "height": 640})
        assert await faults(home) == []
        assert await tabbed(home)
        page = await visit(viewport={"width": width, "height": 640}, fixed_clock=True)
        await says(page, "#log", "Hello.")
        await page.clock.run_for(3000)
        await says(page, "#after-recap", "W")
        assert await faults(page) == []
        await page.click("#catchup-open")
        await page.click("[data-minutes='']")
        await says(page, "#catchup-recap", "W")
        assert await faults(page) == []
