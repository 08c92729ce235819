"""One call of the record: in Chromium, on a fake server."""

import json
import re
from typing import Any

from tests.fakes.archive import KEY, OWNER, claim, line, recap
from tests.fakes.browser import Visits, becomes, faults, needs_browser, says, tabbed, texts
from tests.fakes.room import FakeRoom

pytestmark = needs_browser

CALL = "kkkkkkkkkkkkkkkkkkkkkk"
ME = "me-me-me-me-me-me-me-0"
EVIL = "<img src=x onerror='window.broken = 1'>\u202e{{7*7}}"
GAP = {"kind": "gap", "speaker": "p2", "name": "Bob", "start": 10, "end": 16}
UNKEPT = {"kind": "unkept", "start": 20, "end": 115}
OWNING = (
    f"localStorage.setItem('spokenly.me', '{ME}');"
    f"localStorage.setItem('spokenly.rooms', '"
    f"{json.dumps({CALL: {'owner': OWNER, 'opened': '2026-11-20T00:00:00Z'}})}');"
)


async def record(fake: FakeRoom, visit: Visits, anchor: str = "", **options: Any) -> Any:
    fake.archive.recaps.setdefault(CALL, recap())
    page = await visit(f"{fake.base}/records/{CALL}{anchor}", **options)
    await page.locator("#call, #missing:not([hidden])").first.wait_for()
    return page


async def test_a_call_is_told_with_its_turns_gaps_and_what_was_not_kept(
    fake: FakeRoom, visit: Visits
) -> None:
    fake.archive.keeps(
        CALL,
        line(0, "One."),
        line(1, "Two."),
        GAP,
        line(3, "Three.", "p2", 17),
        UNKEPT,
        line(5, "Four.", "p2", 116),
    )
    page = await record(fake, visit, locale="en-GB", timezone_id="UTC")
    await says(page, "#log", "Four.")
    assert await texts(page, "#log > li > div .said, #log > li > .said") == [
        "One.",
        "Two.",
        "— 6 s not heard —",
        "Three.",
        "— 1 min 35 s not kept: the record could not be written —",
        "Four.",
    ]
    assert await texts(page, "#log .name") == ["Ann", "Bob", "Bob"]
    assert await texts(page, "#log time") == ["9:30", "9:30", "9:31"]
    assert await page.get_attribute("#log time >> nth=2", "datetime") == "2026-11-20T09:31:56.000Z"
    assert (await texts(page, "#facts"))[0] == "20 Nov 2026, 09:30 · 48 min · 4 lines\nAnn and Bob"
    await says(page, "#expiry", "Heard by Moonshine tiny, on this machine, in English.")
    await says(page, "#expiry", "deleted on 20 December 2026")
    assert await page.title() == "Budget · Spokenly"
    for form in ("md", "docx", "txt", "vtt", "srt", "json"):
        link = page.locator(f"[data-format={form}]")
        assert await link.get_attribute("href") == f"/api/records/{CALL}/transcript.{form}"
    assert await page.locator(".correct, #delete:visible, #recap-anew:visible").count() == 0


async def test_how_a_call_ended_is_said(fake: FakeRoom, visit: Visits) -> None:
    fake.archive.keeps(CALL, state="interrupted", ended=None, expires=None)
    page = await record(fake, visit)
    await says(page, "#state", "Interrupted: Spokenly was stopped in the middle of this call.")
    await says(page, "#more-state", "Nothing was said in this call.")
    assert "deleted on" not in await page.text_content("#expiry")
    fake.archive.keeps(CALL, line(0, "Hello."), state="live", ended=None)
    await page.reload()
    await says(page, "#state", "This call is still going on.")
    assert await page.get_attribute("#state a", "href") == f"/room/{CALL}"
    await says(page, "#more-state", "Load this page anew")


async def test_a_long_call_comes_in_pages_and_a_line_far_down_is_found(fake: FakeRoom, visit: Visits) -> None:
    fake.archive.keeps(CALL, *[line(n, f"Line {n}.", f"p{n % 3 + 1}") for n in range(1800)])
    page = await record(fake, visit)
    await says(page, "#log", "Line 499.")
    await page.wait_for_timeout(100)
    assert await page.locator("#log > li").count() == 500  # what is out of sight is not asked for
    await page.evaluate("scrollTo(0, document.body.scrollHeight)")
    await says(page, "#log", "Line 999.")
    far = await record(fake, visit, "#line-1620")
    await becomes(far, "document.activeElement.id === 'line-1620'")
    assert await far.locator("#line-1620").evaluate(
        "e => { const box = e.getBoundingClientRect(); return box.top > 0 && box.bottom < innerHeight; }"
    )
    assert await far.locator(".aim").count() == 1
    asked = [path for path in fake.archive.paths() if "/lines" in path]
    assert asked[-4:] == [f"/api/records/{CALL}/lines?from={n}" for n in (0, 500, 1000, 1500)]
    await far.evaluate("location.hash = '#line-3'")
    await becomes(far, "document.activeElement.id === 'line-3'")
    await far.go_back()
    await becomes(far, "document.activeElement.id === 'line-1620'")
    await far.evaluate("location.hash = '#line-99999'")
    await says(far, "#told", "That line is not there any more.")


async def test_a_page_of_lines_that_fails_can_be_asked_for_again(fake: FakeRoom, visit: Visits) -> None:
    fake.archive.keeps(CALL, *[line(n, f"Line {n}.") for n in range(700)])
    page = await record(fake, visit)
    await says(page, "#log", "Line 499.")
    fake.archive.failure = (503, "The record can't be had now.")
    await page.evaluate("scrollTo(0, document.body.scrollHeight)")
    await says(page, "#more-state", "The record can't be had now.")
    fake.archive.failure = None
    await page.click("#more")
    await says(page, "#log", "Line 699.")
    assert await page.locator("#more").is_hidden()


async def test_a_recap_names_whoever_said_it_and_leads_there(fake: FakeRoom, visit: Visits) -> None:
    said = [line(n, f"Line {n}.", "p1" if n % 2 else "p2") for n in range(40)]
    fake.archive.keeps(CALL, *said)
    fake.archive.recaps[CALL] = recap(
        by="llm",
        name="a model",
        quoted=False,
        note="Half of the call was too long.",
        summary=[claim("They spoke.", said[30], said[31])],
        actions=[claim("Write to the caretaker.", said[5], who="Ann", when="by Friday")],
        phrases=["small hall"],
        talk=[{"name": "Ann", "seconds": 600, "words": 1200}, {"name": "Bob", "seconds": 60, "words": 1}],
        mood={"score": -0.52},
    )
    page = await record(fake, visit)
    await says(page, "#recap", "They spoke.")
    assert await texts(page, "#recap h3") == ["Summary", "Things to do", "Key phrases", "Who spoke", "Mood"]
    assert [re.sub(r"\s+", " ", text) for text in await texts(page, "#recap .due")] == [
        "Who: Ann · When: by Friday"
    ]
    assert await texts(page, "#recap .figures-of") == ["10 min, 1,200 words", "1 min, 1 word"]
    bars = await page.locator(".bar-of").evaluate_all(
        "all => all.map((one) => getComputedStyle(one, '::before').width.slice(0, -2) / one.clientWidth)"
    )
    assert [round(part, 1) for part in bars] == [1.0, 0.1]
    await says(page, "#recap", "rather bad (−0.5, from −1 to 1)")
    await says(page, "#recap .origin", "Made by a model. It was written by a machine and may be wrong")
    await says(page, "#recap .note", "Half of the call was too long.")
    cite = page.locator("#recap .cite").nth(1)
    assert (await cite.inner_text()).startswith("Ann ")
    for _ in range(2):  # the same link leads there a second time
        await page.evaluate("scrollTo(0, 0)")
        await cite.click()
        await becomes(page, "document.activeElement.id === 'line-31'")
        assert page.url.endswith("#line-31")
    assert await page.locator("#recap-anew").is_hidden()


async def test_a_new_recap_takes_the_place_of_the_first(fake: FakeRoom, visit: Visits) -> None:
    said = line(0, "We met.")
    fake.archive.keeps(CALL, said)
    fake.archive.recaps[CALL] = recap(summary=[claim("We met.", said)], making=True)
    page = await record(fake, visit, fixed_clock=True)
    await says(page, "#recap", "The most telling lines")
    await says(page, "#recap-state", "A new recap is being made")
    fake.archive.recaps[CALL] = recap(summary=[claim("They met.", said)], quoted=False)
    await page.clock.run_for(3000)
    await says(page, "#recap", "They met.")
    assert await texts(page, "#recap-state") == [""]
    await page.clock.run_for(60000)
    assert fake.archive.paths().count(f"/api/records/{CALL}/recap") == 2


async def test_a_quoting_recap_says_that_it_quotes(fake: FakeRoom, visit: Visits) -> None:
    said = line(0, "We decide: the ninth.")
    fake.archive.keeps(CALL, said)
    fake.archive.recaps[CALL] = recap(decisions=[claim(said["text"], said)])
    page = await record(fake, visit, script=OWNING)
    await says(page, "#recap h3", "Likely decisions")
    await says(page, "#recap .origin", "each as it was heard")
    fake.archive.recaps[CALL] = recap()
    await page.click("#recap-anew")
    await says(page, "#recap-state", "The recap was made anew.")
    await says(page, "#recap", "Nothing was said that could be summed up.")
    assert fake.archive.paths("POST") == [f"/api/records/{CALL}/recap"]
    fake.archive.failure = (503, "The language model does not answer.")
    await page.click("#recap-anew")
    await says(page, "#recap-error", "The language model does not answer.")
    assert await page.locator("#recap-anew").is_enabled()


async def test_a_wrong_line_is_put_right_and_what_was_heard_stays(fake: FakeRoom, visit: Visits) -> None:
    fake.archive.keeps(CALL, line(0, "First."), line(1, "The second graft."), line(2, "Last."))
    page = await record(fake, visit, script=OWNING)
    await says(page, "#log", "Last.")
    button = page.locator("#line-1 .correct")
    await button.focus()
    assert await button.evaluate("e => getComputedStyle(e).opacity") == "1"
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.ariaLabel") == "What Ann said"
    await page.keyboard.type(" Wrong")
    await page.keyboard.press("Escape")
    assert await texts(page, "#line-1 .said") == ["The second graft."]
    assert fake.archive.paths("PATCH") == []
    await page.keyboard.press("Enter")  # the button has the keyboard again
    await page.fill("#line-1 textarea", "  ")
    await page.click("#line-1 >> text=Save")
    await says(page, "#line-1 .error", "A line needs words.")
    fake.archive.failure = (503, "The record can't be had now.")
    await page.fill("#line-1 textarea", "The second\ndraft.")
    await page.press("#line-1 textarea", "Enter")
    await says(page, "#line-1 .error", "The record can't be had now.")
    fake.archive.failure = None
    await page.press("#line-1 textarea", "Enter")
    await says(page, "#line-1 .said", "The second draft.")
    await says(page, "#told", "The line was corrected.")
    assert await page.evaluate("document.activeElement.className") == "correct"
    await page.click("#line-1 summary")
    await says(page, "#line-1 details", "Heard as The second graft.")
    await page.reload()
    await says(page, "#line-1 summary", "corrected")
    await page.click("#line-1 summary")
    await page.click("#line-1 >> text=Take the correction back")
    await says(page, "#line-1 .said", "The second graft.")
    assert await page.locator("#line-1 details").count() == 0
    assert {token for verb, _, token in fake.archive.asked if verb == "PATCH"} == {OWNER}


async def test_people_correct_their_own_lines_only(fake: FakeRoom, visit: Visits) -> None:
    fake.archive.keeps(CALL, line(0, "Mine.", mine=True), line(1, "Not mine.", "p2", heard="Knot mine."))
    page = await record(fake, visit, script=f"localStorage.setItem('spokenly.me', '{ME}');")
    await says(page, "#log", "Not mine.")
    assert await page.locator(".correct").count() == 1
    await page.click("#line-1 summary")
    await says(page, "#line-1 details", "Heard as Knot mine.")
    assert await page.locator("text=Take the correction back").count() == 0
    await page.click("#line-0 .correct")
    await page.fill("#line-0 textarea", "Mine, really.")
    await page.click("#line-0 >> text=Save")
    await says(page, "#line-0 .said", "Mine, really.")
    assert await page.locator("#line-0 .correct").count() == 1
    assert {token for *_, token in fake.archive.asked} == {ME}


async def test_the_strongest_token_that_is_let_in_is_used(fake: FakeRoom, visit: Visits) -> None:
    fake.archive.keeps(CALL, line(0, "Hello."))
    key = f'sessionStorage.setItem("spokenly.recordsKey", "{KEY}");'
    page = await record(fake, visit, script=key + f"localStorage.setItem('spokenly.me', '{ME}');")
    await page.locator("#delete").wait_for()
    assert {token for *_, token in fake.archive.asked} == {KEY}
    fake.archive.key = "another one"
    await page.reload()
    await says(page, "#log", "Hello.")
    assert fake.archive.tokens(f"/api/records/{CALL}") == [KEY, KEY, ME]
    assert fake.archive.tokens(f"/api/records/{CALL}/lines?from=0") == [KEY, ME]
    assert await page.locator("#delete").is_hidden()


async def test_a_call_is_deleted_after_a_word_of_warning(fake: FakeRoom, visit: Visits) -> None:
    fake.archive.keeps(CALL, line(0, "Hello."))
    page = await record(fake, visit, script=f"if (!localStorage.length) {{ {OWNING} }}")
    await page.click("#delete")
    await says(page, "#deletion-what", "“Budget”: 1 line of Ann and Bob.")
    await says(page, "#deletion", "can’t be undone")
    await page.keyboard.press("Enter")  # Cancel has the keyboard
    assert fake.archive.paths("DELETE") == []
    await page.click("#delete")
    await page.click("#deletion-go")
    await page.wait_for_url("**/records")
    await says(page, "#told", "The call was deleted.")
    assert fake.archive.calls == {}
    assert await page.evaluate("localStorage.getItem('spokenly.rooms')") == "{}"


async def test_a_search_in_the_call_leads_to_its_lines(fake: FakeRoom, visit: Visits) -> None:
    fake.archive.keeps(CALL, *[line(n, f"😀 Word {n}.") for n in range(900)], line(900, "Needle 👍 needle."))
    page = await record(fake, visit)
    await says(page, "#log", "Word 3.")
    await page.fill("#words", "needle")
    await page.press("#words", "Enter")
    await says(page, "#found-count", "1 line")
    assert await texts(page, "#hits mark") == ["Needle"]
    await page.click("#hits a")
    await becomes(page, "document.activeElement.id === 'line-900'")
    await page.fill("#words", "word")
    await page.press("#words", "Enter")
    await says(page, "#found-count", "The first 20 lines; there are more.")
    await page.click("#found-more")
    await says(page, "#found-count", "The first 40 lines; there are more.")
    assert (await texts(page, "#hits mark"))[39] == "Word"
    await page.click("#search-close")
    assert await page.locator("#found-more").is_hidden()
    assert await page.locator("#hits").is_hidden()
    assert await texts(page, "#found-count") == [""]


async def test_a_call_that_is_not_there_is_said_to_be_gone(fake: FakeRoom, visit: Visits) -> None:
    page = await record(fake, visit)
    await says(page, "#missing", "There is no such call.")
    fake.archive.failure = (503, "The record can't be had now.")
    fake.archive.keeps(CALL, line(0, "Here."))
    await page.reload()
    await says(page, "#missing-why", "The record can't be had now.")
    fake.archive.failure = None
    await page.click("#missing-retry")
    await says(page, "#log", "Here.")
    assert await page.locator("#missing").is_hidden()


async def test_nothing_that_was_said_or_typed_is_html(fake: FakeRoom, visit: Visits) -> None:
    said = line(0, EVIL, name=EVIL, heard=EVIL)
    fake.archive.keeps(CALL, said, title=EVIL, speakers=[EVIL], engine=EVIL)
    fake.archive.recaps[CALL] = recap(
        name=EVIL,
        note=EVIL,
        summary=[claim(EVIL, said, who=EVIL, when=EVIL)],
        phrases=[EVIL],
        talk=[{"name": EVIL, "seconds": 1, "words": 1}],
    )
    page = await record(fake, visit, script=OWNING)
    await says(page, "#recap", "onerror")
    await says(page, "#log", "onerror")
    await page.click("#line-0 summary")
    await page.click("#delete")
    places = (
        "#title",
        "#log .said",
        "#log .name",
        "#log q",
        ".claim",
        ".cite bdi",
        ".phrases li",
        ".talk bdi",
        ".note",
    )
    for place in places:
        assert await page.locator(place).first.text_content() == EVIL
    assert EVIL in await page.text_content("#deletion-what")
    assert await page.locator("img").count() == 0
    assert await page.evaluate("window.broken") is None


async def test_a_call_is_for_everybody(fake: FakeRoom, visit: Visits) -> None:
    said = [line(0, "W" * 300, name="N" * 40, heard="V" * 300), line(1, "Short."), line(2, "مرحبا", "p2")]
    fake.archive.keeps(CALL, *said, GAP, UNKEPT, title="T" * 120)
    fake.archive.recaps[CALL] = recap(
        summary=[claim("W" * 300, said[0], who="N" * 40)],
        phrases=["P" * 90],
        talk=[{"name": "N" * 40, "seconds": 1, "words": 1}],
    )
    for width in (1200, 320):
        touch = width == 320
        page = await record(
            fake,
            visit,
            script=OWNING,
            viewport={"width": width, "height": 640},
            has_touch=touch,
            is_mobile=touch,
        )
        await says(page, "#recap", "W")
        await says(page, "#log", "Short.")
        await page.click("#line-0 summary")
        assert await faults(page) == []
        assert await tabbed(page)
        visible = await page.locator(".correct").first.evaluate("e => getComputedStyle(e).opacity")
        assert visible == ("1" if touch else "0")
        await page.locator("#line-1 .correct").focus()
        await page.keyboard.press("Enter")
        assert await faults(page) == []
        assert await page.locator("#line-2 .said").evaluate("e => getComputedStyle(e).direction") == "rtl"
