"""Which way captions take."""

from bots.slack.ladder import CROWD, EDITORS, SPARSE, Ladder, Rung


def test_captions_stream_where_they_can() -> None:
    assert Ladder().rung(1, 0) is Rung.STREAM


def test_with_many_calls_in_the_workspace_utterances_are_posted_until_there_are_clearly_fewer() -> None:
    ladder = Ladder()
    assert ladder.rung(CROWD - 1, 0) is Rung.STREAM
    assert ladder.rung(CROWD, 0) is Rung.POST
    assert ladder.rung(CROWD - 1, 0) is Rung.POST
    assert ladder.rung(SPARSE, 0) is Rung.STREAM


def test_where_there_is_nobody_to_stream_to_a_message_is_rewritten_while_calls_are_few() -> None:
    ladder = Ladder(streams=False)
    assert ladder.rung(EDITORS, 0) is Rung.UPDATE
    assert ladder.rung(EDITORS + 1, 0) is Rung.POST


def test_what_was_refused_is_not_tried_before_its_time() -> None:
    ladder = Ladder()
    ladder.refuse(Rung.STREAM, 60)
    assert ladder.rung(1, 59) is Rung.UPDATE
    ladder.refuse(Rung.UPDATE)
    assert ladder.rung(1, 59) is Rung.POST
    assert ladder.rung(1, 60) is Rung.STREAM
    ladder.refuse(Rung.POST)
    assert ladder.rung(CROWD, 60) is Rung.POST


def test_where_answers_may_be_lost_a_message_is_rewritten_while_calls_are_few() -> None:
    ladder = Ladder()
    assert ladder.rung(EDITORS, 0, safely=True) is Rung.UPDATE
    assert ladder.rung(EDITORS + 1, 0, safely=True) is Rung.STREAM
    ladder.refuse(Rung.UPDATE)
    assert ladder.rung(1, 0, safely=True) is Rung.STREAM
