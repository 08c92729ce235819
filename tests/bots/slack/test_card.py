"""The card of a call, as Slack shows it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from bots.slack.card import DETACH, LINK, OPEN, RECAP, STOP, TRANSCRIPT, Look, bare, card, link


def test_a_card_shows_how_the_call_stands_and_what_can_be_done() -> None:
    text, blocks = card(
        Look("Weekly", "U1", "transcript", "Captions are live.", ("Ann", "Bob"), 10, ("I can't hear Cy.",))
    )
    shown = json.dumps(blocks, ensure_ascii=False)
    assert text == "Live captions: Weekly"
    for words in ("● Weekly", "Captions are live.", "Heard: Ann, Bob", "about 10 s late", "I can't hear Cy."):
        assert words in shown
    assert "Started by <@U1> · a transcript is kept · never the sound" in shown
    assert [element["action_id"] for element in blocks[-1]["elements"]] == [OPEN, RECAP, TRANSCRIPT, STOP]


def test_a_card_that_is_over_has_the_reason_and_no_buttons() -> None:
    text, blocks = card(Look("Weekly", "U1", heard=("Ann",), ended="Ann ended captions."))
    assert text == "Captions have ended: Weekly"
    assert "Ann ended captions." in json.dumps(blocks)
    assert "action_id" not in json.dumps(blocks)
    assert "Heard" not in json.dumps(blocks)


def test_a_call_of_elsewhere_can_only_be_caught_up_with_and_taken_away() -> None:
    _, blocks = card(Look("Lounge", "U1", guest=True))
    assert [element["action_id"] for element in blocks[-1]["elements"]] == [RECAP, DETACH]
    assert "the call takes place elsewhere" in json.dumps(blocks)


def test_a_private_call_says_so_while_it_runs_and_when_it_is_over() -> None:
    for look in (Look("Weekly", "U1", private=True), Look("Weekly", "U1", private=True, ended="Over.")):
        _, blocks = card(look)
        assert "Started by <@U1> · private: it can't be shown anywhere else · " in json.dumps(
            blocks, ensure_ascii=False
        )
    assert "private" not in json.dumps(card(Look("Weekly", "U1")))


def test_a_link_is_a_button_that_opens_it() -> None:
    text, blocks = link("https://captions.example/room/x?a=b&c=d#pass=y")
    (button,) = blocks[-1]["elements"]
    assert (button["action_id"], button["url"]) == (LINK, "https://captions.example/room/x?a=b&c=d#pass=y")
    assert "<https://captions.example/room/x?a=b&amp;c=d#pass=y|Go to the room>" in text


def test_a_card_without_blocks_says_the_same_and_names_commands_for_its_buttons() -> None:
    look = Look("*Weekly* <@U9>", "U1", heard=("Ann", "Bob"), notices=("Slack is slow.",), private=True)
    text = bare(look)
    assert "Weekly" in text
    assert "*Weekly*" not in text.replace("*∗Weekly∗", "")
    assert "<@U9>" not in text
    for shown in ("Heard: Ann, Bob", "Slack is slow.", "Started by <@U1>", "can't be shown anywhere else"):
        assert shown in text
    assert "`/captions open`" in text
    assert "`/captions stop`" in text
    assert "`/captions detach`" in bare(Look("Weekly", "U1", guest=True))
    assert len(bare(Look("&" * 500, "U1", state="&" * 900, notices=("<" * 900,) * 9))) < 4_000
    over = bare(Look("Weekly", "U1", ended="Ann ended captions."))
    assert "Ann ended captions." in over
    assert "/captions" not in over


def test_many_names_are_counted_rather_than_shown() -> None:
    _, blocks = card(Look("Weekly", "U1", heard=tuple(f"Speaker {n}" for n in range(25))))
    assert "Speaker 9 and 15 more" in json.dumps(blocks)


@given(
    st.text(max_size=400),
    st.lists(st.text(max_size=200), max_size=30),
    st.lists(st.text(max_size=500), max_size=9),
    st.booleans(),
)
def test_whatever_people_are_called_stays_text_and_within_slacks_limits(
    title: str, names: list[str], notices: list[str], guest: bool
) -> None:
    text, blocks = card(Look(title, "U1", heard=tuple(names), notices=tuple(notices), guest=guest))
    assert "<!" not in text
    assert "<@" not in text
    header, section, _context, actions = blocks
    assert 0 < len(header["text"]["text"]) <= 150
    assert 0 < len(section["text"]["text"]) <= 3000
    assert {header["text"]["type"], section["text"]["type"]} == {"plain_text"}
    assert len(actions["elements"]) <= 25
