"""Subtitles: no word is lost, lines are short, and everything can be read."""

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.audio.frame import Speaker
from core.captions.caption import Caption
from core.captions.cues import LINE, LONGEST, SHORTEST, Cue, cues
from tests.properties import patient

ANN = Speaker("p1", "Ann")
BEN = Speaker("p2", "Ben")


def said(
    text: str, start: float = 0.0, end: float = 5.0, speaker: Speaker = ANN, language: str = "en"
) -> Caption:
    return Caption(speaker, start, end, text, final=True, language=language)


def lines_of(text: str, start: float = 0.0, end: float = 5.0, language: str = "en") -> list[tuple[str, ...]]:
    return [cue.lines for cue in cues([said(text, start, end, language=language)])]


words = st.one_of(
    st.sampled_from(
        [
            "a",
            "of",
            "the",
            "and",
            "yes,",
            "No.",
            "really?",
            "committee",
            "—",
            "…",
            "(so",
            'it)"',
            "x" * 42,
            "y" * 43,
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Z", "Cc"]), min_size=1, max_size=60).filter(
        lambda w: w.split() == [w]
    ),
    st.text("今日はとてもー、。「」ッ会議ABC", min_size=1, max_size=60),
    st.sampled_from(["مرحبا", "الاجتماع،", "שלום", "สวัสดีครับ", "안녕하세요", "👩‍👩‍👧", "が"]),
)
texts = st.lists(words, max_size=40).map(" ".join)


@st.composite
def calls(draw: st.DrawFn) -> list[Caption]:
    """Captions of two speakers, sorted by start; one speaker's never overlap, and often touch."""
    captions = []
    for speaker in (ANN, BEN):
        at = draw(st.sampled_from([0.0, 0.5, 3.0]))
        for text in draw(st.lists(texts, max_size=6)):
            end = at + draw(st.sampled_from([0.0, 0.01, 0.4, 1.0, 3.0, 8.0, 30.0, 100.0]))
            captions.append(said(text, at, end, speaker))
            at = end + draw(st.sampled_from([0.0, 0.2, 5.0, 600.0]))
    return sorted(captions, key=lambda caption: caption.start)


@patient
@given(calls())
def test_no_word_is_lost_or_moved(call: list[Caption]) -> None:
    shown = list(cues(call))
    for speaker in (ANN, BEN):
        spoken = "".join(caption.text for caption in call if caption.speaker == speaker)
        read = "".join(line for cue in shown if cue.speaker == speaker for line in cue.lines)
        assert "".join(spoken.split()) == "".join(read.split())


@patient
@given(texts)
def test_words_stay_whole_and_apart(text: str) -> None:
    spaced = " ".join(word for word in text.split() if word.isascii())
    assert " ".join(line for lines in lines_of(spaced) for line in lines).split() == spaced.split()


@patient
@given(calls())
def test_lines_fit_unless_one_word_is_longer(call: list[Caption]) -> None:
    for cue in cues(call):
        assert 1 <= len(cue.lines) <= 2
        for line in cue.lines:
            assert line == line.strip() != ""
            assert len(line) <= LINE or " " not in line


@patient
@given(calls())
def test_cues_come_in_order_and_one_speakers_never_overlap(call: list[Caption]) -> None:
    shown = list(cues(call))
    assert [cue.start for cue in shown] == sorted(cue.start for cue in shown)
    for speaker in (ANN, BEN):
        own = [cue for cue in shown if cue.speaker == speaker]
        assert all(0 < cue.end - cue.start <= LONGEST + 1e-9 for cue in own)
        assert all(later.start >= earlier.end for earlier, later in pairwise(own))


@patient
@given(texts.filter(str.strip), st.floats(0, 60))
def test_with_time_enough_everything_can_be_read(text: str, seconds: float) -> None:
    shown = list(cues([said(text, 10, 10 + seconds)]))
    for cue in shown:
        assert cue.end - cue.start >= SHORTEST - 1e-9
    total = sum(len(line) for cue in shown for line in cue.lines)
    assert shown[-1].end - 10 >= min(total / 20, LONGEST) - 1e-9


@patient
@given(calls())
def test_what_was_said_is_shown_from_its_beginning(call: list[Caption]) -> None:
    """A cue never comes before its words."""
    for speaker in (ANN, BEN):
        own = [caption for caption in call if caption.speaker == speaker and caption.text.strip()]
        starts = [cue.start for cue in cues(own)]
        assert not own or starts[0] == own[0].start
        assert all(start >= own[0].start for start in starts)


def test_a_short_caption_is_one_line() -> None:
    assert lines_of("Good morning, everybody.") == [("Good morning, everybody.",)]
    assert lines_of("x" * 42) == [("x" * 42,)]


def test_lines_break_where_a_clause_ends() -> None:
    dickens = (
        "It was the best of times, it was the worst of times, it was the age of wisdom, "
        "it was the age of foolishness, it was the epoch of belief, it was the epoch of incredulity."
    )
    assert lines_of(dickens, end=12) == [
        ("It was the best of times,", "it was the worst of times,"),
        ("it was the age of wisdom,", "it was the age of foolishness,"),
        ("it was the epoch of belief,", "it was the epoch of incredulity."),
    ]


def test_small_words_lead_a_line_and_never_end_one() -> None:
    assert lines_of("She walked along the river and through the old town.") == [
        ("She walked along the river", "and through the old town.")
    ]
    assert lines_of("We have been waiting for an answer to the letter.") == [
        ("We have been waiting", "for an answer to the letter.")
    ]
    assert lines_of("Last night we all went home together with Peter Miller.") == [
        ("Last night we all went home together", "with Peter Miller.")
    ]
    assert lines_of("Wir haben sehr lange gewartet weil der Zug nicht kam.", language="de-AT") == [
        ("Wir haben sehr lange gewartet", "weil der Zug nicht kam.")
    ]


def test_a_cue_ends_with_a_sentence_where_it_can() -> None:
    text = "He said that he would come later today. I do not believe him at all, to be quite honest with you."
    assert lines_of(text)[0] == ("He said that he would come later today.",)


def test_time_is_split_by_the_share_of_characters() -> None:
    shown = [*cues([said("Nobody knows. " * 12, 0, 15)])]
    sizes = [sum(map(len, cue.lines)) for cue in shown]
    assert len(shown) > 1
    assert shown[-1].end == 15
    assert [round((cue.end - cue.start) / 15, 3) for cue in shown] == [
        round(size / sum(sizes), 3) for size in sizes
    ]


def test_a_word_stays_a_second_when_nobody_else_speaks() -> None:
    assert [*cues([said("Yes.", 3.0, 3.2)])] == [Cue(ANN, 3.0, 4.0, ("Yes.",))]


def test_a_word_makes_room_for_the_next_words_of_its_speaker() -> None:
    shown = [*cues([said("Yes.", 3.0, 3.2), said("No.", 3.5, 4.0, BEN), said("Well.", 3.6, 5.0)])]
    assert [(cue.speaker.name, cue.start, cue.end) for cue in shown] == [
        ("Ann", 3.0, 3.6),
        ("Ben", 3.5, 4.5),
        ("Ann", 3.6, 5.0),
    ]


def test_slow_speech_is_cut_finer_so_that_nothing_stays_too_long() -> None:
    shown = [*cues([said("one two three four five six", 0, 30)])]
    assert len(shown) >= 4
    assert all(cue.end - cue.start <= LONGEST for cue in shown)
    assert " ".join(line for cue in shown for line in cue.lines) == "one two three four five six"


def test_a_word_that_is_drawn_out_leaves_the_screen_after_seven_seconds() -> None:
    assert [*cues([said("Gooooal!", 0, 30)])] == [Cue(ANN, 0.0, 7.0, ("Gooooal!",))]


def test_speech_without_words_shows_nothing() -> None:
    assert [*cues([said(""), said("   \n", 1, 2)])] == []


def test_japanese_is_broken_between_characters_but_never_before_its_punctuation() -> None:
    text = (
        "今日はとても良い天気ですね。「それでは」みなさん、会議を始めましょう。よろしくお願いいたします。" * 2
    )
    shown = lines_of(text, end=20, language="ja")
    assert "".join(line for lines in shown for line in lines) == text
    for lines in shown:
        for line in lines:
            assert len(line) <= 21
            assert line[0] not in "。、」ー"
            assert line[-1] != "「"


def test_what_belongs_to_a_character_stays_with_it() -> None:
    text = "か\u3099" * 60
    for lines in lines_of(text):
        assert all(not line.startswith("\u3099") for line in lines)


def test_an_endless_call_streams_through() -> None:
    asked = 0

    def endless() -> Iterator[Caption]:
        nonlocal asked
        while True:
            asked += 1
            yield said("And so on and on.", asked * 3.0, asked * 3.0 + 2, ANN if asked % 2 else BEN)

    stream = cues(endless())
    for _ in range(1000):
        next(stream)
    assert asked < 1010


def test_a_speaker_who_left_long_ago_holds_nobody_up() -> None:
    asked = 0

    def call() -> Iterator[Caption]:
        nonlocal asked
        yield said("Bye.", 0.0, 1.0, BEN)
        while True:
            asked += 1
            yield said("Still here.", asked * 3.0, asked * 3.0 + 2)

    stream = cues(call())
    assert next(stream).speaker == BEN
    assert asked < 10


def test_a_long_vowel_mark_never_begins_a_line() -> None:
    shown = lines_of("ああー" * 40, language="ja")
    assert all(not line.startswith("ー") for lines in shown for line in lines)
