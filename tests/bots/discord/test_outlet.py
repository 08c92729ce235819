"""Pages in a plain place: what stands where, in which order, and what a moderator took away."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bots.discord import notices
from bots.discord.outlet import REFUSALS, ChatPages
from bots.discord.place import LONGEST, MessageGone, WordsRefused
from bots.discord.voice.listener import Phase
from core.audio.frame import Speaker
from core.captions.board import Board
from core.captions.caption import Caption, Gap
from core.captions.markup import utf16
from core.captions.publisher import Publisher
from core.errors import OutletBusy, OutletGone
from tests.properties import patient

ANN, BEN = Speaker("u1", "Ann", identity="discord:1"), Speaker("u2", "Ben", identity="discord:2")


@dataclass
class Sheet:
    """One message of the place, with everything it ever said."""

    versions: list[str]
    open: bool
    gone: bool = False


@dataclass
class Wall:
    """A place that does as it is told."""

    sheets: dict[int, Sheet] = field(default_factory=dict)
    nonces: dict[str, int] = field(default_factory=dict)
    waits: dict[str, float] = field(default_factory=dict)
    asked: list[tuple[str, bool]] = field(default_factory=list)
    once: list[float] = field(default_factory=list)
    failure: Exception | None = None
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def wait(self, message: int | None, *, urgent: bool) -> float:
        kind = "post" if message is None else "edit"
        if self.once:
            return self.once.pop()
        self.asked.append((kind, urgent))
        return self.waits.get(kind, 0.0)

    async def post(self, text: str, nonce: str, *, open: bool) -> tuple[int, str]:
        self._check(text)
        assert len(nonce) <= 25
        assert nonce not in self.nonces
        number = self.nonces[nonce] = next(self.numbers)
        self.sheets[number] = Sheet([text], open)
        return number, text

    async def edit(self, message: int, text: str, *, open: bool) -> None:
        self._check(text)
        sheet = self.sheets[message]
        if sheet.gone:
            raise MessageGone
        assert (sheet.versions[-1], sheet.open) != (text, open), "an edit that changes nothing"
        sheet.versions.append(text)
        sheet.open = open

    async def delete(self, message: int) -> None:
        self.sheets[message].gone = True

    def _check(self, text: str) -> None:
        if self.failure is not None:
            raise self.failure
        assert 0 < utf16(text) <= LONGEST

    @property
    def texts(self) -> list[str]:
        return [sheet.versions[-1] for sheet in self.sheets.values() if not sheet.gone]


def said(text: str, speaker: Speaker = ANN, *, final: bool = True) -> Caption:
    return Caption(speaker, 0, 1, text, final, engine="Moonshine")


async def shown(pages: ChatPages, board: Board) -> None:
    """Until there is nothing left to write."""
    while True:
        try:
            return await pages.show(board)
        except OutletBusy as busy:
            await asyncio.sleep(busy.retry_after)


async def test_there_is_a_page_with_controls_before_anybody_has_spoken() -> None:
    wall = Wall()
    await ChatPages(wall, heading="Captions of <#1>").show(Board())
    assert wall.texts == ["Captions of <#1>\n-# Live captions"]
    assert wall.sheets[1].open


async def test_the_foot_says_who_listens_how_late_they_are_and_what_people_must_know() -> None:
    wall, board = Wall(), Board()
    pages = ChatPages(wall)
    board.show(said("hello"), lateness=1.0)
    await pages.show(board)
    assert wall.texts == ["**Ann:** hello\n-# Live captions · Moonshine"]
    board.notify("deaf", "I can't hear @everyone.")
    board.notify("out", "Dora is not captioned.")
    board.show(said("there"), lateness=7.4)
    await pages.show(board)
    assert wall.texts == [
        "**Ann:** hello there\n-# Live captions · Moonshine · 7 s behind\n"
        "-# I can't hear @\u200beveryone. Dora is not captioned."
    ]


async def test_the_foot_names_somebody_in_the_place_of_the_call_alone() -> None:
    board, own, elsewhere = Board(), Wall(), Wall()
    board.notify("out", "Somebody is not captioned.", inside="Dora is not captioned.")
    pages = ChatPages(own, inside=True)
    await pages.show(board)
    await ChatPages(elsewhere).show(board)
    assert own.texts == ["-# Live captions\n-# Dora is not captioned."]
    assert elsewhere.texts == ["-# Live captions\n-# Somebody is not captioned."]
    board.notify("out", "Somebody is not captioned.", inside="Dora and Eve are not captioned.")
    await pages.show(board)
    assert own.texts == ["-# Live captions\n-# Dora and Eve are not captioned."]


async def test_what_is_long_in_the_foot_is_cut_between_words() -> None:
    wall, board = Wall(), Board()
    for number in range(40):
        board.notify(f"n{number}", f"I can't hear Speaker {number}.")
    await ChatPages(wall).show(board)
    (text,) = wall.texts
    line = text.splitlines()[-1]
    assert line.startswith("-# I can't hear Speaker 0. ")
    assert line.endswith("…")
    assert 350 < utf16(text) <= 500


async def test_what_concerns_everybody_stands_in_the_foot_before_who_can_not_be_heard() -> None:
    wall, board = Wall(), Board()
    names = tuple(f"Somebody with a name {number}" for number in range(9))
    board.notify(notices.DEAF, notices.unheard(names))
    board.notify(notices.OUT, notices.left_out(("Eve",)))
    board.notify(notices.LINE, notices.standing(Phase.RECONNECTING))
    board.notify(notices.PAUSED, notices.paused("Fred"))
    await ChatPages(wall).show(board)
    foot = wall.texts[0].splitlines()[-1]
    assert foot.startswith("-# The connection to the voice channel broke.")
    assert foot.index("Fred paused") < foot.index("Somebody with a name 2 and 6 others speaking")
    assert foot.endswith("Eve is not captioned, at their own wish.")
    assert len(foot) <= 400


async def test_nothing_is_sent_when_nothing_changed() -> None:
    wall, board = Wall(), Board()
    pages = ChatPages(wall)
    board.show(said("hello"))
    for _ in range(3):
        await pages.show(board)
    assert len(wall.sheets[1].versions) == 1


async def test_a_final_and_a_notice_are_urgent_and_interim_words_are_not() -> None:
    wall, board = Wall(), Board()
    pages = ChatPages(wall)
    await pages.show(board)
    board.show(said("hel", final=False))
    await pages.show(board)
    board.show(said("hello"))
    await pages.show(board)
    board.notify("paused", "Paused by Ann.")
    await pages.show(board)
    assert wall.asked == [("post", True), ("edit", False), ("edit", True), ("edit", True)]


async def test_interim_words_that_must_wait_look_again_soon_for_a_final() -> None:
    wall, board = Wall(waits={"edit": 3.0}), Board()
    pages = ChatPages(wall)
    await pages.show(board)
    board.show(said("hel", final=False))
    with pytest.raises(OutletBusy) as busy:
        await pages.show(board)
    assert busy.value.retry_after < 0.5
    board.show(said("hello"))
    with pytest.raises(OutletBusy) as busy:
        await pages.show(board)
    assert busy.value.retry_after == 3.0


async def test_a_page_that_must_wait_for_its_last_edit_does_not_keep_the_newest_words_back() -> None:
    wall, board = Wall(), Board()
    pages = ChatPages(wall)
    board.show(said("a " * 700))
    await pages.show(board)
    wall.waits["edit"] = 2.0
    board.show(said("b " * 700))
    with pytest.raises(OutletBusy):
        await pages.show(board)
    assert "b b" in wall.texts[1]
    assert wall.sheets[1].open
    wall.waits.clear()
    await pages.show(board)
    assert [sheet.open for sheet in wall.sheets.values()] == [False, True]


async def test_pages_are_posted_in_the_order_of_what_was_said() -> None:
    wall, board = Wall(waits={"post": 1.0}), Board()
    pages = ChatPages(wall)
    for letter in "abcd":
        board.show(said(f"{letter} " * 700))
        with pytest.raises(OutletBusy):
            await pages.show(board)
    assert not wall.sheets
    wall.waits.clear()
    await pages.show(board)
    assert [text[9] for text in wall.texts] == ["a", "b", "c", "d"]
    assert [sheet.open for sheet in wall.sheets.values()] == [False, False, False, True]


async def test_a_page_whose_posting_was_not_confirmed_is_brought_up_to_date_when_it_is_found() -> None:
    class Lossy(Wall):
        async def post(self, text: str, nonce: str, *, open: bool) -> tuple[int, str]:
            if (number := self.nonces.get(nonce)) is not None:
                return number, self.sheets[number].versions[0]
            await super().post(text, nonce, open=open)
            raise OutletBusy(1.0)

    wall, board = Lossy(), Board()
    pages = ChatPages(wall)
    board.show(said("first"))
    with pytest.raises(OutletBusy):
        await pages.show(board)
    board.show(said("last"))
    await shown(pages, board)
    assert wall.texts == ["**Ann:** first last\n-# Live captions · Moonshine"]
    board.show(said("more"))
    await shown(pages, board)
    assert len(wall.sheets[1].versions) == 3


async def test_no_page_overtakes_one_that_had_to_wait() -> None:
    wall, board = Wall(once=[0.0, 0.5]), Board()
    pages = ChatPages(wall)
    for letter in "ab":
        board.show(said(f"{letter} " * 700))
    with pytest.raises(OutletBusy):
        await pages.show(board)
    wall.once.clear()
    await pages.show(board)
    assert [text[9] for text in wall.texts] == ["a", "b"]


async def test_a_page_that_was_deleted_before_its_posting_was_confirmed_stays_away() -> None:
    wall, board = Wall(failure=MessageGone(), once=[0.5, 0.0]), Board()
    pages = ChatPages(wall)
    board.show(said("rude", BEN))
    for letter in "ab":
        board.show(said(f"{letter} " * 700))
    with pytest.raises(OutletBusy):
        await pages.show(board)
    wall.failure = None
    board.erase("discord:2")
    await pages.show(board)
    assert [text[9] for text in wall.texts] == ["b"]


async def test_a_deleted_page_is_not_brought_back_but_what_nobody_saw_is_shown() -> None:
    wall, board = Wall(), Board()
    pages = ChatPages(wall)
    board.show(said("seen"))
    await pages.show(board)
    wall.sheets[1].gone = True
    board.show(said("unseen"))
    with pytest.raises(OutletBusy):
        await pages.show(board)
    await pages.show(board)
    assert wall.texts == ["**Ann:** unseen\n-# Live captions · Moonshine"]


async def test_a_deleted_page_of_before_stays_away_even_when_somebody_takes_back_their_words() -> None:
    wall, board = Wall(), Board()
    pages = ChatPages(wall)
    for text in ("a " * 700, "b " * 700):
        board.show(said(text))
        board.show(said("yes", BEN))
        await pages.show(board)
    wall.sheets[1].gone = True
    board.erase("discord:2")
    await pages.show(board)
    board.erase("discord:1")
    await pages.show(board)
    assert len(wall.texts) == 1


async def test_who_takes_back_their_words_takes_them_from_every_page() -> None:
    wall, board = Wall(), Board()
    pages = ChatPages(wall)
    for number in range(4):
        board.show(said("mine " * 200))
        board.show(said(f"yours {number}", BEN))
        await pages.show(board)
    board.show(said("mine, and said just now", final=False))
    await pages.show(board)
    assert len(wall.texts) == 4
    board.erase("discord:1")
    await shown(pages, board)
    text = "\n".join(wall.texts)
    assert "mine" not in text
    assert "Ann" not in text
    assert [f"yours {number}" in text for number in range(4)] == [True] * 4


async def test_what_is_said_now_does_not_wait_for_what_is_taken_back() -> None:
    wall, board = Wall(), Board()
    pages = ChatPages(wall)
    for _ in range(9):
        board.show(said("mine " * 20))
        board.show(said("yours " * 200, BEN))
        await pages.show(board)
    board.erase("discord:1")
    board.show(said("now", BEN))
    shows = 0
    while True:
        try:
            await pages.show(board)
        except OutletBusy as busy:
            assert "now" in wall.texts[-1]
            shows += 1
            await asyncio.sleep(busy.retry_after)
        else:
            break
    assert shows >= 7
    assert "mine" not in "".join(wall.texts)


@pytest.mark.parametrize("empty", [True, False])
async def test_an_old_page_that_discord_refuses_to_change_does_not_keep_the_newest_words_back(
    empty: bool,
) -> None:
    class Stubborn(Wall):
        def __init__(self) -> None:
            super().__init__()
            self.refused = set[int]()

        async def edit(self, message: int, text: str, *, open: bool) -> None:
            if message in self.refused:
                raise OutletBusy(30.0)
            await super().edit(message, text, open=open)

        async def delete(self, message: int) -> None:
            if message in self.refused:
                raise OutletBusy(30.0)
            await super().delete(message)

    wall, board = Stubborn(), Board()
    publisher = Publisher(board, ChatPages(wall))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(publisher.run())
        for _ in range(2):
            if not empty:
                board.show(said("yours", BEN))
            board.show(said("mine " * 300))
            await asyncio.sleep(1.0)
        board.show(said("yours " * 250, BEN))
        await asyncio.sleep(1.0)
        wall.refused = {1}
        board.erase("discord:1")
        await asyncio.sleep(5.0)
        assert "mine" in wall.texts[0]
        assert "mine" not in "".join(wall.texts[1:]), "the other old page waits for the refused one"
        for number in range(5):
            board.show(said(f"new{number}", BEN))
            await asyncio.sleep(0.3)
            assert f"new{number}" in wall.texts[-1]
        wall.refused = set()
        await asyncio.sleep(30.0)
        publisher.close()
    assert "mine" not in "".join(wall.texts)


class Filter(Wall):
    """A place that does not take some words."""

    words: tuple[str, ...] = ("damn", "heck")
    refusals = 0

    def _check(self, text: str) -> None:
        super()._check(text)
        if any(word in text for word in self.words):
            self.refusals += 1
            raise WordsRefused("AutoMod refuses it.")


async def test_words_that_a_place_filters_are_left_out_with_a_mark_and_the_captions_go_on() -> None:
    wall, board = Filter(), Board()
    pages = ChatPages(wall)
    board.show(said("hello"))
    await shown(pages, board)
    board.show(said("well", final=False))
    board.show(said("damn it", BEN))
    await shown(pages, board)
    board.show(said("well yes"))
    await shown(pages, board)
    assert wall.texts == [
        "**Ann:** hello\n*what was said here is filtered in this place*\n**Ann:** well yes"
        "\n-# Live captions · Moonshine"
    ]
    assert wall.refusals == 1


async def test_what_may_still_change_and_is_filtered_is_not_shown_until_it_is_settled() -> None:
    wall, board = Filter(), Board()
    pages = ChatPages(wall)
    board.show(said("hello"))
    await shown(pages, board)
    for text in ("oh heck", "oh heck no", "oh that, no"):
        board.show(said(text, final=False))
        await shown(pages, board)
    assert wall.refusals == 1
    assert wall.texts == ["**Ann:** hello\n-# Live captions · Moonshine"]
    board.show(said("oh that, no."))
    board.show(said("and", final=False))
    await shown(pages, board)
    assert wall.texts == ["**Ann:** hello oh that, no. *and*\n-# Live captions · Moonshine"]


async def test_words_that_are_filtered_when_a_page_turns_leave_the_next_one_alone() -> None:
    wall, board = Filter(), Board()
    pages = ChatPages(wall)
    board.show(said("a " * 700))
    await shown(pages, board)
    board.show(said("damn"))
    board.show(said("b " * 700, BEN))
    await shown(pages, board)
    assert [sheet.open for sheet in wall.sheets.values()] == [False, True]
    assert wall.texts[0].endswith("a\n*what was said here is filtered in this place*")
    assert "b b" in wall.texts[1]


async def test_a_place_that_takes_no_words_at_all_is_gone() -> None:
    wall, board = Filter(), Board()
    wall.words = ("Live captions",)
    board.show(said("hello"))
    with pytest.raises(OutletGone, match="AutoMod"):
        await shown(ChatPages(wall), board)
    assert wall.refusals == REFUSALS + 1


async def test_an_old_page_that_is_filtered_goes_rather_than_keep_what_was_taken_back() -> None:
    wall, board = Filter(), Board()
    pages = ChatPages(wall)
    board.show(said("mine", BEN))
    for letter in "ab":
        board.show(said(f"{letter} " * 700))
        await shown(pages, board)
    wall.words = ("a a",)
    board.erase("discord:2")
    await shown(pages, board)
    assert "mine" not in "".join(wall.texts)
    assert len(wall.texts) == 1


async def test_a_page_on_which_nothing_is_left_goes() -> None:
    wall, board = Wall(), Board()
    pages = ChatPages(wall)
    for _ in range(2):
        board.show(said("mine " * 300))
        await pages.show(board)
    board.erase("discord:1")
    await pages.show(board)
    assert wall.texts == ["-# Live captions · Moonshine"]


async def test_an_idle_page_that_grows_old_makes_way_for_a_new_one_below() -> None:
    wall, board = Wall(), Board()
    pages = ChatPages(wall, heading="Captions")
    await pages.show(board)
    await asyncio.sleep(3300)
    board.show(said("hello"))
    await pages.show(board)
    assert wall.sheets[1].gone
    assert wall.texts == ["Captions\n**Ann:** hello\n-# Live captions · Moonshine"]


async def test_the_heading_stands_above_the_first_words_alone_and_stays_there() -> None:
    wall, board = Wall(), Board()
    pages = ChatPages(wall, heading="Captions")
    for _ in range(3):
        board.show(said("word " * 200))
        await pages.show(board)
    assert [text.startswith("Captions\n") for text in wall.texts] == [True, False, False]


async def test_a_place_that_is_gone_says_so() -> None:
    wall = Wall(failure=OutletGone("#captions was deleted."))
    with pytest.raises(OutletGone, match="deleted"):
        await ChatPages(wall).show(Board())


async def test_an_end_without_words_leaves_no_empty_message() -> None:
    wall, board = Wall(), Board()
    pages = ChatPages(wall)
    await pages.show(board)
    pages.end()
    await pages.show(board)
    await pages.show(board)
    assert wall.texts == []


async def test_pages_may_begin_in_the_middle_of_a_call() -> None:
    wall, board = Wall(), Board()
    board.show(said("before"))
    pages = ChatPages(wall, first=1)
    board.show(said("after"))
    await pages.show(board)
    assert wall.texts[0].splitlines()[0] == "**Ann:** after"


texts = st.lists(
    st.sampled_from(["yes", "no", "日本語です。", "שלום", "😀" * 30, "@everyone", "word " * 60]), max_size=9
)


class Chatting(RuleBasedStateMachine):
    """People speak, are lost, take words back; a moderator deletes; Discord is busy now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.wall = Wall()
        self.board = Board()
        self.pages = self.runner.run(self._made())
        self.frozen: dict[int, str] = {}
        self.numbers = count()
        self.erased = False

    async def _made(self) -> ChatPages:
        return ChatPages(self.wall, heading="Captions")

    @rule(texts=texts, speaker=st.sampled_from([ANN, BEN]), final=st.booleans())
    def speak(self, texts: list[str], speaker: Speaker, final: bool) -> None:
        self.board.show(said(" ".join([*texts, f"n{next(self.numbers)}n"]), speaker, final=final))

    @rule(speaker=st.sampled_from([ANN, BEN]))
    def lose(self, speaker: Speaker) -> None:
        self.board.mark(Gap(speaker, 0, 1))

    @rule(sentence=st.sampled_from(["I can't hear Ann.", None]))
    def tell(self, sentence: str | None) -> None:
        self.board.notify("deaf", sentence)

    @rule(post=st.sampled_from([0.0, 1.0]), edit=st.sampled_from([0.0, 1.0]))
    def pace(self, post: float, edit: float) -> None:
        self.wall.waits = {"post": post, "edit": edit}

    @rule(data=st.data())
    def moderate(self, data: st.DataObject) -> None:
        if self.wall.sheets:
            self.wall.sheets[data.draw(st.sampled_from(sorted(self.wall.sheets)))].gone = True

    @rule()
    def show(self) -> None:
        async def once() -> None:
            with suppress(OutletBusy):
                await self.pages.show(self.board)

        self.runner.run(once())

    @invariant()
    def a_closed_page_never_changes(self) -> None:
        for number, sheet in self.wall.sheets.items():
            if not sheet.open:
                assert self.frozen.setdefault(number, sheet.versions[-1]) == sheet.versions[-1]

    @invariant()
    def speech_formats_nothing(self) -> None:
        assert all("@everyone" not in text for sheet in self.wall.sheets.values() for text in sheet.versions)

    def teardown(self) -> None:
        self.wall.waits = {}
        for _ in range(3):
            self.show()
        assert sum(sheet.open for sheet in self.wall.sheets.values() if not sheet.gone) <= 1
        self.runner.close()


TestChatting = Chatting.TestCase
TestChatting.settings = settings(patient, max_examples=40, stateful_step_count=25)
