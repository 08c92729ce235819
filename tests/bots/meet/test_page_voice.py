"""Sharing sound from the page, in a real Chromium, against a server that fails at the test's command."""

import itertools
from typing import Any

import pytest

from tests.fakes.browser import (
    Visits,
    breaks,
    needs_browser,
    says,
    share,
    until,
)
from tests.fakes.room import FakeRoom, Received

pytestmark = needs_browser


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
    mark, clock = fake.hellos[0]["share"], fake.hellos[0]["clock"]
    about = {"token": "token-p1", "source": "sample", "share": mark, "clock": clock}
    assert fake.hellos == [{"type": "hello", **about}]
    assert 0 <= clock < 5
    assert 0 < len(mark) <= 64
    assert {len(frame.pcm) for frame in fake.frames} == {1280}
    assert breaks(in_order(fake.frames)[2560:]) == 0
    await says(page, "#sharing-what", "Ann, the sample")
    assert await page.evaluate("Number(meter.getAttribute('aria-valuenow'))") > 50
    await page.click("#stop")
    await until(page, lambda: fake.dismissed == ["p1"])
    assert fake.goodbyes == [("p1", mark)]
    assert fake.said == ["unmuted", "bye"]


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


async def test_while_muted_nothing_is_sent_and_the_clock_goes_on(fake: FakeRoom, visit: Visits) -> None:
    page = await visit()
    await share(page)
    await until(page, lambda: len(fake.frames) >= 10)
    await page.keyboard.press("m")
    await says(page, "#mute", "Unmute")
    await until(page, lambda: fake.said == ["unmuted", "muted"])
    count = len(fake.frames)
    await page.wait_for_timeout(400)
    assert len(fake.frames) == count
    await page.click("#mute")
    await until(page, lambda: len(fake.frames) > count + 3)
    assert fake.said == ["unmuted", "muted", "unmuted"]
    assert fake.frames[count].sequence == fake.frames[count - 1].sequence + 1
    assert fake.frames[count].at - fake.frames[count - 1].at > 0.3


async def test_who_is_muted_when_the_line_comes_back_still_has_a_clock(fake: FakeRoom, visit: Visits) -> None:
    page = await visit()
    await share(page)
    await until(page, lambda: len(fake.frames) >= 10)
    await page.click("#mute")
    await until(page, lambda: fake.said == ["unmuted", "muted"])
    fake.lines_up = False
    await fake.cut(1012)
    await says(page, "#banner", "What you say is kept")
    await page.wait_for_timeout(500)
    fake.lines_up = True
    await until(page, lambda: fake.said == ["unmuted", "muted", "muted"])
    last = fake.frames[-1]
    assert fake.hellos[-1]["clock"] > last.at + 0.5
    await page.click("#mute")
    await until(page, lambda: fake.frames[-1] is not last)
    after = next(frame for frame in fake.frames if frame.sequence == last.sequence + 1)
    assert after.at > fake.hellos[-1]["clock"] - 0.2  # it was captured later


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


async def test_a_refusal_is_final_even_when_its_code_gets_lost(fake: FakeRoom, visit: Visits) -> None:
    page = await visit()
    fake.refusal, fake.swallow_close = (4009, "You share from another tab now."), True
    await share(page)
    await says(page, "#told", "You share from another tab now.")
    await page.wait_for_timeout(450)  # longer than the first pause before a new try
    assert len(fake.hellos) == 1
    assert await page.locator("#share-open").is_visible()


async def test_a_page_that_goes_away_says_so(fake: FakeRoom, visit: Visits) -> None:
    page = await visit()
    await share(page)
    await until(page, lambda: len(fake.frames) >= 5)
    await page.goto(fake.base)
    await until(page, lambda: fake.dismissed == ["p1"])
    assert fake.goodbyes == [("p1", fake.hellos[0]["share"])]


async def test_a_duplicated_tab_takes_over_and_the_first_one_ends_nothing(
    fake: FakeRoom, visit: Visits
) -> None:
    first = await visit()
    await share(first)
    await until(first, lambda: len(fake.frames) >= 5)
    second = await visit.duplicate(first)
    await share(second)
    await says(first, "#told", "You share from another tab now.")
    await first.goto(fake.base)
    count = len(fake.frames)
    await until(second, lambda: len(fake.frames) > count + 25)
    assert fake.names == ["Ann"]
    assert fake.goodbyes == []
    assert fake.frames[-1].share == fake.hellos[1]["share"] != fake.hellos[0]["share"]
    await second.click("#stop")
    await until(second, lambda: fake.dismissed == ["p1"])


async def test_a_goodbye_that_comes_late_ends_no_newer_share(fake: FakeRoom, visit: Visits) -> None:
    page = await visit()
    late: list[Any] = []
    await page.route("**/people/*", lambda route: late.append(route))  # noqa: PLW0108 - Playwright marks it
    await share(page)
    await until(page, lambda: len(fake.frames) >= 5)
    await page.click("#stop")
    await share(page)
    await until(page, lambda: len(fake.hellos) == 2 and len(late) == 1)
    await late[0].continue_()
    await until(page, lambda: len(fake.goodbyes) == 1)
    count = len(fake.frames)
    await until(page, lambda: len(fake.frames) > count + 5)
    assert fake.dismissed == []


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


async def test_who_is_called_otherwise_from_now_on_reads_it(fake: FakeRoom, visit: Visits) -> None:
    page = await visit()
    await share(page)
    await says(page, "#sharing-what", "Ann, the sample")
    fake.people = [{"id": "p1", "name": "Ann (2)", "sharing": True, "muted": False, "source": "sample"}]
    await fake.show()
    await says(page, "#sharing-what", "Ann (2), the sample")


async def test_two_tabs_with_one_name_are_two_people(fake: FakeRoom, visit: Visits) -> None:
    for page, name in ((await visit(), "Ann"), (await visit(), "Ann (2)")):
        await share(page)
        await says(page, "#sharing-what", f"{name}, the sample")
