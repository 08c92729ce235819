"""The recap without a language model: quotes that stand in the transcript, chosen alike every time."""

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audio.frame import Speaker
from core.record.files.heading import Heading
from core.record.kept import Line
from core.record.recaps.minutes import markdown
from core.record.recaps.quotes import NAME, Quotes, quote
from core.record.recaps.recap import Conversation, Recap, Summariser, Talk
from tests.core.record.recaps.meeting import ANN, BEN, CHLOE, TALK, lines
from tests.properties import patient

GOLDEN = Path(__file__).parent / "golden" / "recap.md"
MEETING = Conversation("Tickets", "en", lines(TALK))
HEADING = Heading(
    "Tickets & seats", began=datetime(2026, 11, 22, 10, tzinfo=UTC), language="en", engine="Moonshine tiny"
)


def talk(*texts: str, language: str = "en") -> Conversation:
    return Conversation("Call", language, lines([(ANN, text) for text in texts]))


def texts(recap: Recap) -> list[str]:
    return [claim.text for claim in recap.claims]


def test_a_meeting_reads_as_the_golden_file_has_it() -> None:
    page = "".join(markdown(HEADING, quote(MEETING), MEETING.lines))
    assert page == GOLDEN.read_text(encoding="utf-8")


def test_a_meeting_comes_to_its_decisions_and_tasks() -> None:
    recap = quote(MEETING)
    assert (recap.by, recap.name, recap.quoted) == ("quotes", NAME, True)
    assert [claim.text.split()[1] for claim in recap.decisions] == ["go", "agreed"]
    assert [(claim.who, claim.when) for claim in recap.actions] == [
        ("Ben", "by Thursday"),
        ("Ben", "tomorrow morning"),
        ("Chloé", "on Monday"),
        ("Chloé", "by Wednesday"),
    ]
    assert "Can you hear me?" not in texts(recap)
    assert not [text for text in texts(recap) if "didn't decide" in text or text.startswith("If we decided")]


def test_who_spoke_longest_comes_first() -> None:
    said = [
        Line(1, BEN, 0.0, 1.0, "Yes."),
        Line(2, ANN, 1.0, 3.5, "One two three."),
        Line(3, BEN, 4.0, 4.5, "No."),
    ]
    assert quote(Conversation("", "en", said)).talk == (Talk("Ann Keller", 2.5, 3), Talk("Ben", 1.5, 2))


def test_two_people_of_one_name_stay_two() -> None:
    other = Speaker("p9", BEN.name)
    recap = quote(Conversation("", "en", lines([(BEN, "One two."), (other, "Three.")])))
    assert [(one.name, one.words) for one in recap.talk] == [("Ben", 2), ("Ben", 1)]


def test_a_short_call_is_quoted_whole() -> None:
    recap = quote(talk("Um, the bridge is closed today.", "Okay.", "The ferry runs every hour."))
    assert [claim.text for claim in recap.summary] == [
        "the bridge is closed today.",
        "The ferry runs every hour.",
    ]


@pytest.mark.parametrize("said", [(), ("   ",), ("Um, okay.", "Mm-hmm.")])
def test_a_call_without_content_has_no_claims(said: tuple[str, ...]) -> None:
    recap = quote(talk(*said))
    assert recap.claims == ()
    assert recap.phrases == ()


def test_an_empty_call_has_an_empty_recap() -> None:
    assert quote(talk()) == Recap("quotes", NAME, quoted=True)


def test_a_long_call_has_twelve_quotes_at_most() -> None:
    some = [f"The {a} committee discussed the {b} budget of the {c} theatre." for a, b, c in _words(400)]
    recap = quote(talk(*some))
    assert 10 <= len(recap.summary) <= 12


def _words(count: int) -> list[tuple[str, str, str]]:
    names = [f"{a}{b}ation" for a in "bdfgklm" for b in "aeiou"]
    size = len(names)
    return [(names[n % size], names[n * 7 % size], names[n * 11 % size]) for n in range(count)]


def test_what_somebody_asks_and_answers_at_once_is_no_question() -> None:
    recap = quote(
        Conversation(
            "",
            "en",
            lines(
                [
                    (ANN, "Why did the audience leave the theatre early?"),
                    (ANN, "The heating of the hall was broken."),
                    (ANN, "The repair of the heating takes two weeks."),
                    (BEN, "Who pays for the repair of the heating?"),
                    (CHLOE, "The city pays, they own the building."),
                ]
            ),
        )
    )
    assert [claim.text for claim in recap.questions] == ["Who pays for the repair of the heating?"]


def test_a_promise_made_twice_is_one_task() -> None:
    recap = quote(talk("I'll send the contract to the lawyer.", "Okay.", "I'll send the contract then."))
    assert [claim.text for claim in recap.actions] == ["I'll send the contract to the lawyer."]


def test_a_question_without_its_mark_is_no_summary() -> None:
    asked = "Is it possible to open the new ticket shop before the season begins."
    rest = [f"The {a} committee discussed the {b} budget of the {c} theatre." for a, b, c in _words(6)]
    assert asked not in [claim.text for claim in quote(talk(asked, *rest)).summary]


def test_other_languages_are_quoted_and_the_note_says_what_is_missing() -> None:
    recap = quote(
        talk(
            "Der neue Fahrplan gilt ab Montag für alle Linien.",
            "Wir haben beschlossen, den Fahrplan zu drucken.",
            "Wann kommt der neue Fahrplan?",
            language="de",
        )
    )
    assert [claim.text for claim in recap.questions] == ["Wann kommt der neue Fahrplan?"]
    assert recap.summary
    assert recap.decisions == recap.actions == ()
    assert recap.note
    assert recap.note.endswith("only looked for in English.")


def test_chinese_is_ranked_by_its_characters() -> None:
    recap = quote(
        talk(
            "今天我们讨论新的预算。", "预算比去年少了很多。", "天气很好。", "谁来写预算报告？", language="zh"
        )
    )
    assert "预算" in recap.phrases
    assert [claim.text for claim in recap.questions] == ["谁来写预算报告？"]


def test_the_language_of_a_line_is_that_of_its_rules() -> None:
    mixed = [replace(line, language="en") for line in lines([(ANN, "I'll send the contract by Friday.")])]
    assert quote(Conversation("", "de", mixed)).actions[0].when == "by Friday"


def test_of_several_languages_english_is_known() -> None:
    assert quote(replace(MEETING, language="multi")) == quote(MEETING)


def test_corrections_are_quoted() -> None:
    fixed = [
        replace(line, corrected="I'll send the contract by Friday.") for line in lines([(ANN, "Eye sand.")])
    ]
    assert set(texts(quote(Conversation("", "en", fixed)))) == {"I'll send the contract by Friday."}


def held(conversation: Conversation) -> None:
    """Every promise of a recap that quotes."""
    recap = quote(conversation)
    by_number = {line.number: line for line in conversation.lines}
    for claim in recap.claims:
        cited = [by_number[number] for number in claim.lines]
        assert cited
        assert claim.text
        assert claim.text in " ".join(" ".join(line.text.split()) for line in cited)
        assert len({line.speaker.id for line in cited}) == 1
    for part in (recap.summary, recap.decisions, recap.actions, recap.questions):
        starts = [by_number[claim.lines[0]].start for claim in part]
        assert starts == sorted(starts)
        assert len(set(part)) == len(part)
    assert recap == quote(conversation)


def test_a_meeting_is_quoted_word_for_word() -> None:
    held(MEETING)


PIECES = """
I'll send the budget. We decided on tickets, who can book a room? by Friday Ben um don't if 预算 … I I
"""
SPOKEN = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES.split()), max_size=15).map(" ".join))


@st.composite
def calls(draw: st.DrawFn) -> Conversation:
    said = draw(st.lists(st.tuples(st.sampled_from([ANN, BEN, CHLOE]), SPOKEN), max_size=15))
    return Conversation(
        draw(st.text(max_size=5)), draw(st.sampled_from(["en", "de", "zh", "multi"])), lines(said)
    )


@patient
@given(calls())
def test_any_talk_keeps_every_promise(conversation: Conversation) -> None:
    held(conversation)


def test_overlapping_lines_keep_the_order_of_the_call() -> None:
    both = [
        Line(1, ANN, 0.0, 9.0, "The first half of the budget goes to the theatre."),
        Line(2, BEN, 1.0, 3.0, "The second half of the budget goes to the museum."),
        Line(3, ANN, 1.5, 8.0, "The museum has a leaking roof above the paintings."),
    ]
    held(Conversation("", "en", both))


def test_a_recap_does_not_depend_on_the_process() -> None:
    program = "from tests.core.record.recaps.test_quotes import MEETING, quote; print(ascii(quote(MEETING)))"
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[4],
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert told == {(ascii(quote(MEETING)) + "\n").encode()}


@pytest.mark.real_time
async def test_the_loop_goes_on_while_a_recap_is_made() -> None:
    summariser: Summariser = Quotes()
    some = [f"The {a} committee discussed the {b} budget of the {c} theatre." for a, b, c in _words(3000)]
    turns = 0
    async with asyncio.TaskGroup() as tasks:
        making = tasks.create_task(summariser.summarise(talk(*some)))
        while not making.done():
            turns += 1
            await asyncio.sleep(0)
    assert making.result().by == "quotes"
    assert turns > 10
