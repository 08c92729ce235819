import random

from core.audio.senderclock import SenderClock

PIECE = 0.04


def test_audio_is_placed_where_it_was_spoken_however_late_it_comes() -> None:
    clock = SenderClock()
    dice = random.Random(7)
    clock.place(500.0, PIECE, 10.0 + PIECE)
    for n in range(1, 2000):
        spoken = 10.0 + n * PIECE
        placed = clock.place(500.0 + n * PIECE, PIECE, spoken + PIECE + dice.choice([0.0, 0.01, 0.2, 3.0]))
        assert abs(placed - spoken) < 0.02


def test_a_replay_after_an_outage_keeps_its_times() -> None:
    clock = SenderClock()
    for n in range(100):
        clock.place(n * PIECE, PIECE, (n + 1) * PIECE)
    for n in range(100, 1100):  # forty seconds that all arrive at once
        assert abs(clock.place(n * PIECE, PIECE, 1100 * PIECE) - n * PIECE) < 0.02


def test_a_sound_card_that_runs_slow_is_followed() -> None:
    clock = SenderClock()
    slow = 1 - 200e-6
    worst = 0.0
    for n in range(90_000):  # an hour
        now = (n + 1) * PIECE
        worst = max(worst, abs(clock.place(n * PIECE * slow, PIECE, now) - n * PIECE))
    assert worst < 0.05


def test_a_laptop_that_slept_is_found_again() -> None:
    clock = SenderClock()
    for n in range(100):
        clock.place(n * PIECE, PIECE, (n + 1) * PIECE)
    asleep = 600.0
    for n in range(100, 1100):
        placed = clock.place(n * PIECE, PIECE, asleep + (n + 1) * PIECE)
    assert abs(placed - (asleep + 1099 * PIECE)) < 0.1


def test_audio_from_before_the_first_word_with_the_server_stands_at_its_time() -> None:
    clock = SenderClock()
    clock.anchor(60.0, now=100.0)
    placed = [clock.place(n * PIECE, PIECE, 100.0 + n * 0.001) for n in range(1500)]
    assert all(abs(at - (40.0 + n * PIECE)) < 0.05 for n, at in enumerate(placed))


def test_before_the_first_frame_nothing_is_known() -> None:
    assert SenderClock().seconds(3.0) is None
