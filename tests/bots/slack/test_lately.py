"""Who is heard, as far as captions tell."""

from bots.slack.lately import LATELY, Lately
from core.audio.frame import Speaker
from core.captions.board import Board
from core.captions.caption import Caption

ANN, BEN = Speaker("a", "Ann", "ann"), Speaker("b", "Ben", "ben")


def say(board: Board, speaker: Speaker, *, final: bool = True, at: float = 0.0) -> None:
    board.show(Caption(speaker, at, at + 1.0, f"words at {at}", final=final))


def test_who_speaks_is_named_in_the_order_in_which_they_began_and_for_a_while_after() -> None:
    board = Board()
    say(board, Speaker("c", "Cleo"))
    lately = Lately(board.count)
    assert lately.names(board, 0.0) == ()
    say(board, BEN, final=False)
    assert lately.names(board, 1.0) == ("Ben",)
    say(board, ANN)
    say(board, BEN, at=2.0)
    assert lately.names(board, 10.0) == ("Ben", "Ann")
    say(board, ANN, at=4.0)
    assert lately.names(board, 9.0 + LATELY) == ("Ben", "Ann")
    assert lately.names(board, 11.0 + LATELY) == ("Ann",)


def test_words_that_only_stand_there_are_heard_no_more() -> None:
    board = Board()
    lately = Lately(0)
    say(board, ANN, final=False)
    assert lately.names(board, 0.0) == ("Ann",)
    assert lately.names(board, LATELY) == ()


def test_who_takes_back_what_they_said_is_not_named_until_they_speak_again() -> None:
    board = Board()
    lately = Lately(0)
    say(board, ANN)
    say(board, BEN)
    assert lately.names(board, 0.0) == ("Ann", "Ben")
    board.erase("ann")
    assert lately.names(board, 1.0) == ("Ben",)
    say(board, ANN, at=2.0)
    assert lately.names(board, 2.0) == ("Ben", "Ann")
