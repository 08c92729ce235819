"""The model itself, on a recording that its package carries."""

import numpy as np
import pytest

from core.audio.frame import RATE
from core.engines.moonshine import Moonshine, Tokens, accepted, certainty, looping, token_limit
from core.errors import EngineMissing
from tests.core.engines.voices import beckett, floats


@pytest.fixture(scope="module")
def model() -> Moonshine:
    return Moonshine()


def test_it_writes_down_what_is_said(model: Moonshine) -> None:
    text = model.decode(floats(beckett())).text.lower()
    for word in ("ever", "tried", "failed", "matter", "again", "better"):
        assert word in text


def test_pieces_tokens_and_certainty_belong_together(model: Moonshine) -> None:
    found = model.decode(floats(beckett()))
    assert len(found.tokens) == len(found.pieces) == len(found.sure)
    assert "".join(found.pieces).strip() == found.text
    assert all(0 < p <= 1.0001 for p in found.sure)
    assert found.confidence == pytest.approx(np.mean(found.sure))


@pytest.mark.parametrize("end", [2.0, 4.5, 7.0])
def test_a_draft_changes_nothing(model: Moonshine, end: float) -> None:
    audio = floats(beckett())
    early = model.decode(audio[: int(end * RATE)])
    plain = model.decode(audio)
    assert model.decode(audio, early.tokens).tokens == plain.tokens
    assert model.decode(audio, plain.tokens).tokens == plain.tokens
    assert model.decode(audio, plain.tokens[::-1]).tokens == plain.tokens


def test_what_was_shown_begins_the_text(model: Moonshine) -> None:
    audio = floats(beckett())
    shown = model.decode(audio[: 2 * RATE]).tokens[:3]
    assert model.decode(audio, shown, fixed=3).tokens[:3] == shown


def test_a_fresh_look_may_turn_over_what_was_shown(model: Moonshine) -> None:
    audio = floats(beckett())
    plain = model.decode(audio)
    wrong = [9999, *plain.tokens[1:]]
    assert model.decode(audio, wrong, fixed=2).tokens[:2] == tuple(wrong[:2])
    assert model.decode(audio, wrong, fixed=2, fresh=True).tokens == plain.tokens


def test_what_was_shown_stays_where_the_model_is_hardly_surer(model: Moonshine) -> None:
    audio = floats(beckett())
    plain = model.decode(audio)
    comma = plain.pieces.index(",")
    (stop,) = {token for token, piece in zip(plain.tokens, plain.pieces, strict=True) if piece == "."}
    shown = (*plain.tokens[:comma], stop)
    assert model.decode(audio, shown, fixed=len(shown), fresh=True).tokens[: len(shown)] == shown


@pytest.mark.parametrize("fresh", [False, True])
def test_settled_words_at_the_beginning_do_not_come_back(model: Moonshine, fresh: bool) -> None:
    audio = floats(beckett())
    plain = model.decode(audio)
    stop = plain.pieces.index(".") + 1 if "." in plain.pieces else 4
    settled, rest = plain.tokens[:stop], plain.tokens[stop:]
    found = model.decode(audio, rest, fixed=2, fresh=fresh, before=settled)
    assert found.tokens == rest
    assert found.text == "".join(plain.pieces[stop:]).strip()
    assert len(found.sure) == len(rest)


@pytest.mark.parametrize("samples", [0, 1, 800, 1600, 3000])
def test_the_shortest_audio_is_no_error(model: Moonshine, samples: int) -> None:
    assert len(model.decode(np.zeros(samples, np.float32)).tokens) <= token_limit(samples / RATE)


def test_noise_does_not_go_on_for_ever(model: Moonshine) -> None:
    noise = np.random.default_rng(3).standard_normal(8 * RATE).astype(np.float32) * 0.1
    assert len(model.decode(noise).tokens) <= token_limit(8)


def test_a_circle_is_noticed() -> None:
    assert looping([7, 1, 2, 1, 2, 1, 2, 1, 2]) == 6
    assert looping([5] * 8) == 7
    assert looping([5] * 7) == 0
    assert looping([1, 2, 3, 4, 5, 6, 7, 8]) == 0
    assert looping([]) == 0


def test_a_damaged_vocabulary_is_one_sentence() -> None:
    with pytest.raises(EngineMissing, match="damaged"):
        Tokens(b"\x05ab")


def test_a_character_of_several_bytes_is_spelled_by_its_last() -> None:
    vocabulary = Tokens(b"\x00\x00\x00" + b"\x04\xe2\x96\x81a" + b"\x01\xc3" + b"\x01\xa4" + b"\x06<<ST>>")
    assert vocabulary.pieces([3, 4, 5, 6, 3]) == [" a", "", "ä", "", " a"]


def test_long_entries_have_two_bytes_of_length() -> None:
    vocabulary = Tokens(b"\x00\x00\x00" + bytes([128 + 2, 2]) + b"x" * 258)
    assert vocabulary.pieces([3]) == ["x" * 258]


def logits(*best: int, lead: float = 5.0) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    table = np.zeros((len(best), 8), np.float32)
    table[np.arange(len(best)), best] = lead
    return table


def test_all_right_guesses_count_and_one_more() -> None:
    table = logits(3, 4, 5)
    assert accepted(table, table.argmax(1), [3, 4]) == 3


def test_after_a_wrong_guess_only_its_correction_counts() -> None:
    table = logits(3, 4, 5)
    assert accepted(table, table.argmax(1), [3, 6]) == 2


def test_a_close_call_does_not_count() -> None:
    table = logits(3, 4, 5)
    table[1, 0] = 4.9
    assert accepted(table, table.argmax(1), [3, 4]) == 1


def test_a_close_call_without_a_guess_counts() -> None:
    assert accepted(logits(3, lead=0.1), np.array([3]), []) == 1


def test_certainty_is_a_probability() -> None:
    (sure,) = certainty(logits(3, lead=2.0), np.array([3]))
    assert sure == pytest.approx(np.exp(2) / (np.exp(2) + 7))
