"""Pages: no word is lost, none is said twice, a turned page never changes, and speech is only ever text."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from core.audio.frame import Speaker
from core.captions.board import Board
from core.captions.caption import Caption, Gap
from core.captions.markup import MARKDOWN, PLAIN, Markup, utf16
from core.captions.pages import Page, Pages
from tests.properties import patient

ANN = Speaker("p1", "Ann")
BEN = Speaker("p2", "Ben")

HOSTILE = [
    "@everyone",
    "@here",
    "<@123>",
    "<@&42>",
    "<#99>",
    "<!channel>",
    "<!subteam^S1|x>",
    "`code`",
    "```",
    "**bold**",
    "__under__",
    "~~gone~~",
    "||spoiler||",
    "[click](https://evil.example)",
    "https://evil.example/x",
    "evil.example",
    "ann@evil.example",
    ":smile:",
    "<:e:1>",
    "<t:1:R>",
    "#",
    "#general",
    "# head",
    "> quote",
    "- item",
    "1. item",
    "\\",
    "\\*",
    "*",
    "_",
    "<https://evil.example|text>",
    "&lt;!channel&gt;",
]


def board_of(*entries: Caption | Gap) -> Board:
    board = Board()
    for entry in entries:
        board.mark(entry) if isinstance(entry, Gap) else board.show(entry)
    return board


def said(text: str, speaker: Speaker = ANN, *, final: bool = True, start: float = 0.0) -> Caption:
    return Caption(speaker, start, start + 1.0, text, final)


def texts(pages: list[Page]) -> list[str]:
    return [page.text for page in pages]


def test_a_page_names_the_speaker_at_each_change_and_marks_gaps() -> None:
    board = board_of(
        said("Good morning."),
        said("Shall we begin?"),
        said("Yes."),
        said("Please.", BEN),
        Gap(BEN, 3, 6.2),
        said("So.", BEN),
    )
    assert texts(Pages(2000).update(board, 0)) == [
        "Ann: Good morning. Shall we begin? Yes.\nBen: Please.\n[3 s of Ben could not be heard]\nBen: So."
    ]


def test_who_is_called_otherwise_than_before_is_named_anew() -> None:
    known = Speaker(BEN.id, "Ben Lee")
    board = board_of(said("Good morning.", BEN), said("I am here.", known), said("At last.", known))
    board.show(said("And so", BEN, final=False))
    assert texts(Pages(200).update(board, 0.0)) == [
        "Ben: Good morning.\nBen Lee: I am here. At last.\nBen: (And so)"
    ]


def test_what_is_being_said_is_lighter_and_comes_last() -> None:
    board = board_of(said("Good morning."))
    board.show(said("I was", final=False, start=2))
    board.show(said("me too", BEN, final=False, start=1))
    pages = Pages(2000, MARKDOWN)
    assert texts(pages.update(board, 0)) == ["**Ann:** Good morning.\n**Ben:** *me too*\n**Ann:** *I was*"]
    board.show(said("", BEN))
    assert texts(pages.update(board, 0)) == ["**Ann:** Good morning. *I was*"]


def test_nothing_said_is_no_page() -> None:
    assert Pages(2000).update(Board(), 0) == []
    assert Pages(2000).update(board_of(said(" \n ")), 0) == []


def test_a_page_turns_when_the_next_words_do_not_fit() -> None:
    board = board_of(said("a" * 90))
    pages = Pages(100)
    assert pages.update(board, 0) == [Page(0, "Ann: " + "a" * 90, turned=False)]
    board.show(said("bbb"))
    assert pages.update(board, 1) == [Page(0, "Ann: " + "a" * 90 + " bbb", turned=False)]
    board.show(said("c"))
    shown = pages.update(board, 2)
    assert shown == [Page(0, "Ann: " + "a" * 90 + " bbb", turned=True), Page(1, "Ann: c", turned=False)]


def test_a_page_turns_before_it_is_too_old_and_the_next_one_is_young() -> None:
    board = board_of(said("one"))
    pages = Pages(2000, max_age=60)
    pages.update(board, 100.0)
    board.show(said("two"))
    assert pages.update(board, 159.9) == [Page(0, "Ann: one two", turned=False)]
    board.show(said("three"))
    assert pages.update(board, 160.0) == [
        Page(0, "Ann: one two", turned=True),
        Page(1, "Ann: three", turned=False),
    ]
    board.show(said("four"))
    assert pages.update(board, 219.9)[-1] == Page(1, "Ann: three four", turned=False)


def test_an_old_page_that_showed_only_interim_words_turns_empty() -> None:
    board = Board()
    board.show(said("hm", final=False))
    pages = Pages(2000, max_age=60)
    assert pages.update(board, 0) == [Page(0, "Ann: (hm)", turned=False)]
    board.show(said("Hmm."))
    assert pages.update(board, 60) == [Page(0, "", turned=True), Page(1, "Ann: Hmm.", turned=False)]


def test_interim_words_that_become_final_stay_on_their_page() -> None:
    board = Board()
    board.show(said("good mor", final=False))
    pages = Pages(100)
    pages.update(board, 0)
    board.show(said("g" * 90))
    assert pages.update(board, 1) == [Page(0, "Ann: " + "g" * 90, turned=False)]


def test_a_turned_page_comes_back_until_it_is_written() -> None:
    board = board_of(said("a" * 90), said("b" * 90))
    pages = Pages(100)
    first, second = pages.update(board, 0)
    assert pages.update(board, 0) == [first, second]
    pages.written(second)
    assert pages.update(board, 0) == [first, second]
    pages.written(first)
    assert pages.update(board, 0) == [second]


def test_a_caption_longer_than_a_page_is_split_between_words() -> None:
    words = [f"word{number}" for number in range(100)]
    shown = texts(Pages(100).update(board_of(said("Hello."), said(" ".join(words))), 0))
    assert shown[0] == "Ann: Hello."
    assert all(text.startswith("Ann: ") and len(text) <= 100 for text in shown)
    assert " ".join(text.removeprefix("Ann: ") for text in shown[1:]).split() == words
    assert all(len(text) > 85 for text in shown[1:-1])


def test_a_word_longer_than_a_page_is_split_but_not_inside_a_sign() -> None:
    family = "👩\u200d👩\u200d👧" * 40
    shown = texts(Pages(100, MARKDOWN).update(board_of(said(family)), 0))
    assert all(utf16(text) <= 100 for text in shown)
    pieces = [piece for text in shown for piece in text.removeprefix("**Ann:** ").split()]
    assert "".join(pieces) == family
    assert all(not piece.startswith("\u200d") and not piece.endswith("\u200d") for piece in pieces)


def test_the_tail_turns_a_page_that_is_half_full_rather_than_being_cut() -> None:
    board = board_of(said("a" * 60))
    board.show(said("b" * 60, final=False))
    assert texts(Pages(100).update(board, 0)) == ["Ann: " + "a" * 60, f"Ann: ({'b' * 60})"]


def test_a_tail_longer_than_the_room_shows_its_newest_words() -> None:
    board = board_of(said("a" * 30))
    board.show(said(" ".join(f"w{number}" for number in range(100)), final=False))
    (text,) = texts(Pages(100).update(board, 0))
    assert len(text) <= 100
    assert text.startswith("Ann: " + "a" * 30 + " (… w")
    assert text.endswith("w98 w99)")


def test_a_long_name_leaves_room_for_words() -> None:
    long = Speaker("p9", "<@everyone>" * 50)
    for text in texts(Pages(100, MARKDOWN).update(board_of(said("word " * 30, long), Gap(long, 0, 1)), 0)):
        assert utf16(text) <= 100


def test_a_page_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="room"):
        Pages(99)


def test_the_limit_is_counted_as_the_platform_counts() -> None:
    board = board_of(said("😀" * 40), said("😀" * 40))
    assert len(Pages(100, PLAIN).update(board, 0)) == 1
    assert [utf16(text) <= 100 for text in texts(Pages(100, MARKDOWN).update(board, 0))] == [True, True]


def test_control_characters_and_turns_of_direction_do_not_pass() -> None:
    (text,) = texts(
        Pages(200).update(board_of(said("a\x1b[31m\u202eb\x00c", Speaker("x", "\u202eEve\x07"))), 0)
    )
    assert text == "Eve: a[31mbc"


def unescaped(text: str) -> str:
    """What a reader sees of Markdown."""
    return re.sub(r"\\([^\w\s]|_)", r"\1", text).replace("\u200b", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_speech_is_read_as_it_was_said(text: str) -> None:
    assert unescaped(MARKDOWN.escape(text)) == text


@patient
@given(
    st.lists(st.one_of(st.sampled_from(HOSTILE), st.text("@<>#!&*_~`|[]()\\:/.-+ ahe1", max_size=20))).map(
        "".join
    )
)
def test_speech_never_pings_links_or_formats(text: str) -> None:
    written = MARKDOWN.escape(text)
    assert unescaped(written) == text
    assert not re.search(r"@(?!\u200b)", written), "a ping"
    assert not re.search(r"<(?!\u200b)", written), "a tag"
    assert not re.search(r"://", written), "an address"
    assert not re.search(r"\w\.[a-z]{2}", written), "a domain"
    assert not re.search(r":[\w+'-]+:", written), "an emoji"
    # Every character that formats has an odd number of backslashes before it.
    for mark in re.finditer(r"(\\*)([`*_~|\[\]<>])", written):
        assert len(mark[1]) % 2 == 1


@patient
@given(st.lists(st.sampled_from([*HOSTILE, "word", "😀", "日本", "عرب"]), min_size=1))
def test_escaping_looks_at_each_word_alone(words: list[str]) -> None:
    assert MARKDOWN.escape(" ".join(words)) == " ".join(map(MARKDOWN.escape, words))


words = st.one_of(
    st.sampled_from(["a", "yes,", "x" * 99, "y" * 300, "😀" * 60, "日本語" * 50, "e\u0301" * 90]),
    st.sampled_from(HOSTILE),
)
speakers = st.sampled_from([ANN, BEN, Speaker("p3", "**@here** " * 9)])
bare = Markup(
    escape=str, name=lambda _: "§", interim=lambda text: f"({text})", gap=lambda _: "§", length=utf16
)


class Reading(RuleBasedStateMachine):
    """People speak, are unsure, are lost; time passes; a platform takes pages, or doesn't."""

    def __init__(self) -> None:
        super().__init__()
        self.board = Board()
        self.now = 0.0
        self.spoken = ""
        self.pages = [Pages(100, bare, 60), Pages(120, MARKDOWN, 60)]
        self.read: list[dict[int, Page]] = [{}, {}]

    @rule(text=st.lists(words, max_size=12).map(" ".join), speaker=speakers)
    def speak(self, text: str, speaker: Speaker) -> None:
        self.board.show(said(text, speaker))
        self.spoken += "".join(text.split())

    @rule(text=st.lists(words, max_size=12).map(" ".join), speaker=speakers)
    def mumble(self, text: str, speaker: Speaker) -> None:
        self.board.show(said(text, speaker, final=False, start=self.now))

    @rule(speaker=speakers)
    def lose(self, speaker: Speaker) -> None:
        self.board.mark(Gap(speaker, 1, 2))

    @rule(seconds=st.sampled_from([1.0, 30.0, 60.0, 600.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(take=st.integers(0, 5))
    def update(self, take: int) -> None:
        for pages, read in zip(self.pages, self.read, strict=True):
            shown = pages.update(self.board, self.now)
            assert all(earlier.number + 1 == later.number for earlier, later in pairwise(shown))
            assert all(page.turned for page in shown[:-1])
            for page in shown:
                known = read.get(page.number)
                assert known is None or not known.turned or known == page, "a turned page changed"
                read[page.number] = page
            for page in shown[:take]:  # the platform may fail at any of them
                pages.written(page)

    @invariant()
    def every_page_is_within_its_limit(self) -> None:
        for read, limit in zip(self.read, (100, 120), strict=True):
            assert all(utf16(page.text) <= limit for page in read.values())

    def teardown(self) -> None:
        for speaker in (ANN, BEN, Speaker("p3", "")):
            self.board.show(said("", speaker, start=self.now))
        self.update(0)
        plain = self.read[0]
        assert list(plain) == sorted(plain)
        assert re.sub(r"[§\s]", "", "".join(page.text for page in plain.values())) == self.spoken


TestReading = Reading.TestCase
TestReading.settings = settings(patient, max_examples=60, stateful_step_count=25)


def test_words_that_came_to_nothing_leave_the_page() -> None:
    board = Board()
    pages = Pages(100)
    board.show(said("cough", final=False))
    assert texts(pages.update(board, 0)) == ["Ann: (cough)"]
    board.show(said(""))
    assert pages.update(board, 1) == [Page(0, "", turned=False)]
    board.show(said("Hello."))
    assert pages.update(board, 2) == [Page(0, "Ann: Hello.", turned=False)]


def test_a_first_caption_longer_than_a_page_leaves_no_empty_page() -> None:
    shown = Pages(100).update(board_of(said("word " * 60)), 0)
    assert shown[0].number == 0
    assert all(page.text for page in shown)


def test_pages_stay_within_the_limit_when_every_character_must_be_escaped() -> None:
    shown = texts(Pages(100, MARKDOWN).update(board_of(said("<" * 300)), 0))
    assert all(utf16(text) <= 100 for text in shown)
    assert sum(text.count("<") for text in shown) == 300


def test_pages_may_begin_in_the_middle_of_a_call() -> None:
    board = Board()
    for number in range(3):
        board.show(Caption(Speaker("p1", "Ann"), number, number + 1, f"w{number}", final=True))
    pages = Pages(200, first=2)
    (page,) = pages.update(board, 0.0)
    assert "w2" in page.text
    assert "w1" not in page.text
