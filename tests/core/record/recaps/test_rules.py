"""Tasks, decisions and questions are found where words make them plain, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.record.recaps.questions import question
from core.record.recaps.rules import Task, addressed, decision, due_by, task

OTHERS = ("Ben Okafor", "Chloé", "Eve")


@pytest.mark.parametrize(
    ("text", "who", "when"),
    [
        ("I'll send the budget to everyone by Friday.", "Ann", "by Friday"),
        ("I’ll send you the minutes.", "Ann", None),
        ("I will check the prices for the next meeting.", "Ann", "for the next meeting"),
        ("I'm gonna do that tomorrow morning.", "Ann", "tomorrow morning"),
        ("Let me check the drawings by tomorrow.", "Ann", "by tomorrow"),
        ("I'll write it up after the meeting.", "Ann", None),
        ("Ben, can you book the room for Thursday afternoon?", "Ben Okafor", "for Thursday afternoon"),
        ("Can you send me the link, Chloé?", "Chloé", None),
        ("Could you review my draft by the end of the week?", None, "by the end of the week"),
        ("Chloé will draft the announcement before the launch.", "Chloé", "before the launch"),
        ("Action item for Ben: update the press kit.", "Ben Okafor", None),
        ("We need to finish the tests by end of day.", None, "by end of day"),
        ("We have to talk to the lawyer about the contract.", None, None),
        ("Please send me your slides by 5 pm.", None, "by 5 pm"),
    ],
)
def test_a_commitment_is_a_task(text: str, who: str | None, when: str | None) -> None:
    found = task(text, "Ann", OTHERS)
    assert found is not None
    assert (found.who, found.when) == (who, when)


@pytest.mark.parametrize(
    "text",
    [
        "I'll just share my screen.",
        "I'll check the next slide now.",
        "Let me check.",
        "I won't send it.",
        "I don't think I'll send it.",
        "If you like it, I'll order the printer.",
        "Maybe I'll send it.",
        "She said I'll write the report.",
        "I sent it on Friday.",
        "We will move on to the next item.",
        "Can you hear me, Ben?",
        "Can you go back one page, Ben?",
        "Should I send it by Friday?",
        "We need to be careful.",
        "We should talk to them about the weather.",
        "Eve will be happy.",
        "I can see it now.",
        "That would be good by Friday.",
        "",
    ],
)
def test_what_is_no_commitment_is_no_task(text: str) -> None:
    assert task(text, "Ann", OTHERS) is None


def test_of_two_the_other_is_asked() -> None:
    assert task("Can you send me the link by noon?", "Ann", ["Ben"]) == Task("Ben", "by noon", 1.5)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("Send it by the 3rd of March, please.", "by the 3rd of March"),
        ("It is due on Monday morning.", "on Monday morning"),
        ("Ready within two weeks.", "within two weeks"),
        ("See you next week.", "next week"),
        ("We met in the morning room.", None),
        ("The Fridayish one.", None),
    ],
)
def test_when_is_quoted_as_it_was_said(text: str, when: str | None) -> None:
    assert due_by(text) == when


def test_only_who_is_spoken_to_is_addressed() -> None:
    assert addressed("Chloé, look.", OTHERS) == "Chloé"
    assert addressed("Look, Chloé.", OTHERS) == "Chloé"
    assert addressed("I think that what Chloé said is true.", OTHERS) is None
    assert addressed("Ben, Chloé, look.", OTHERS) is None
    assert addressed("Benjamin, look.", OTHERS) is None


@pytest.mark.parametrize(
    "text",
    [
        "So we agreed to move the launch to the 3rd of March.",
        "We've decided to drop the old printer.",
        "Let's go with the blue design.",
        "We're going with the Dutch provider for cards.",
        "The decision is to keep the paper tickets.",
        "The motion on paper tickets is carried.",
    ],
)
def test_a_decision_is_found(text: str) -> None:
    assert decision(text)


@pytest.mark.parametrize(
    "text",
    [
        "We didn't decide on the colour of the tickets.",
        "If we decided to ship it, marketing would need a week.",
        "We haven't agreed on the price of the tickets.",
        "Have we decided on the colour of the tickets?",
        "That is what we agreed with the theatre.",
        "Yesterday we decided to move the launch.",
        "Let's not go with the blue design.",
        "Let's go for a coffee break downstairs.",
        "Let's go with that.",
        "Once we've decided on the printer, the lawyer can start.",
        "I decided to wear the blue coat.",
    ],
)
def test_what_is_not_decided_is_no_decision(text: str) -> None:
    assert not decision(text)


@pytest.mark.parametrize(
    ("text", "whole", "asks"),
    [
        ("What's the deadline for the sale?", True, True),
        ("Who is going to correct the plan?", True, True),
        ("But how many seats do we need?", True, True),
        ("what is the deadline for the sale", False, True),
        ("do we need a new printer", False, True),
        ("What we did is fine.", True, False),
        ("The launch is on Friday, right?", True, False),
        ("So it's ready, you know?", True, False),
        ("Is the launch on Friday, right?", True, True),
        ("The blue one?", True, False),
        ("Can you hear me?", True, False),
        ("Any questions?", True, False),
    ],
)
def test_only_real_questions_count(text: str, whole: bool, asks: bool) -> None:
    assert question(text, whole=whole) is asks


@given(st.text(), st.lists(st.text(), max_size=4))
def test_any_text_and_any_name_can_be_judged(text: str, names: list[str]) -> None:
    task(text, "Ann", names)
    decision(text)
    question(text, whole=True)


@given(st.text(), st.text(alphabet="()[]{}.*+?\\^$| ab", min_size=1))
def test_a_name_is_never_a_pattern(text: str, name: str) -> None:
    found = task(f"{name}, can you send {text} by noon?", "Ann", [name, "Zoe"])
    assert found is None or found.who in (name, None)
