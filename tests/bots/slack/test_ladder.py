"""Which way captions take, and what is done next about words that wait."""

from dataclasses import replace
from math import inf

from hypothesis import given
from hypothesis import strategies as st

from bots.slack.ladder import (
    BREATH,
    CROWD,
    EDITORS,
    FEW,
    LATE,
    SPARSE,
    Ladder,
    Rung,
    Step,
    Waiting,
    late,
    step,
)

WORDS = Waiting(words=10, age=1.0, ended=False, edit=5.0)


def test_captions_are_for_everybody_unless_streams_are_asked_for() -> None:
    assert Ladder().rung(1, 0) is Rung.UPDATE
    assert Ladder().rung(CROWD, 0) is Rung.UPDATE
    assert Ladder(streams=True).rung(1, 0) is Rung.STREAM


def test_with_many_calls_in_the_workspace_nothing_streams_until_there_are_clearly_fewer() -> None:
    ladder = Ladder(streams=True)
    assert ladder.rung(CROWD - 1, 0) is Rung.STREAM
    assert ladder.rung(CROWD, 0) is Rung.UPDATE
    assert ladder.rung(CROWD - 1, 0) is Rung.UPDATE
    assert ladder.rung(SPARSE, 0) is Rung.STREAM


def test_what_was_refused_is_not_tried_before_its_time() -> None:
    ladder = Ladder(streams=True)
    ladder.refuse(Rung.STREAM, 60)
    assert ladder.rung(1, 59) is Rung.UPDATE
    ladder.refuse(Rung.UPDATE)
    assert ladder.rung(1, 59) is Rung.POST
    assert ladder.rung(1, 60) is Rung.STREAM
    ladder.refuse(Rung.POST)
    assert ladder.rung(CROWD, 60) is Rung.POST


def test_where_answers_may_be_lost_nothing_streams_while_calls_are_few() -> None:
    ladder = Ladder(streams=True)
    assert ladder.rung(EDITORS, 0, safely=True) is Rung.UPDATE
    assert ladder.rung(EDITORS + 1, 0, safely=True) is Rung.STREAM
    ladder.refuse(Rung.UPDATE)
    assert ladder.rung(1, 0, safely=True) is Rung.STREAM


def test_words_go_into_the_newest_message_whenever_it_can_be_rewritten() -> None:
    assert step(replace(WORDS, edit=0.0), 2.0) is Step.EDIT
    assert step(Waiting(words=1, age=0.0, ended=False, edit=0.0), 2.0) is Step.EDIT


def test_an_edit_that_comes_in_time_is_waited_for() -> None:
    assert step(replace(WORDS, edit=1.0, ended=True), 2.0) is Step.WAIT
    assert step(replace(WORDS, edit=1.1, ended=True), 2.0) is Step.POST
    assert step(replace(WORDS, edit=BREATH, age=9.0), 2.0) is Step.WAIT


def test_the_next_message_begins_after_a_sentence_rather_than_within_it() -> None:
    assert step(WORDS, 2.0) is Step.WAIT
    assert step(replace(WORDS, ended=True), 2.0) is Step.POST
    assert step(replace(WORDS, age=2.0), 2.0) is Step.POST


def test_few_words_are_no_message_of_their_own_until_they_are_old() -> None:
    few = replace(WORDS, words=FEW - 1)
    assert step(replace(few, ended=True), 2.0) is Step.WAIT
    assert step(replace(few, ended=True, age=2.0), 2.0) is Step.POST
    assert step(replace(few, age=3.9), 2.0) is Step.WAIT
    assert step(replace(few, age=4.0), 2.0) is Step.POST


def test_with_more_calls_words_wait_longer_but_never_for_long() -> None:
    waits = [late(calls) for calls in range(1, 100)]
    assert waits == sorted(waits)
    assert waits[-1] == LATE


@given(
    st.builds(
        Waiting,
        words=st.integers(1, 50),
        age=st.floats(0, 60),
        ended=st.booleans(),
        edit=st.floats(0, 60) | st.just(inf),
    ),
    st.floats(0, 10),
)
def test_no_word_waits_for_ever(waiting: Waiting, longest: float) -> None:
    if step(waiting, longest) is Step.WAIT:
        in_time = waiting.edit <= BREATH or waiting.edit + waiting.age <= longest
        assert in_time or waiting.age < 2 * longest
