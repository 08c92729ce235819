from core.engines.poison import LONG_OUTAGE, OUTAGE, STREAMS, Poison


def test_streams_that_break_quickly_are_an_engine_that_is_away() -> None:
    poison = Poison()
    for n in range(STREAMS * 2):
        poison.broke(n * 0.5, "Far")
        assert not poison.found()
    poison.broke(OUTAGE, "Far")
    assert poison.found()
    poison.clear()
    poison.broke(OUTAGE * 2, "Far")
    assert not poison.found()


def test_what_breaks_several_engines_is_the_sound() -> None:
    poison = Poison()
    for n in range(STREAMS):
        assert not poison.found()
        poison.broke(n * 0.1, "Far" if n % 2 else "Near")
    assert poison.found()


def test_an_engine_that_is_the_only_one_and_elsewhere_may_be_away_for_as_long_as_a_tape_keeps() -> None:
    poison = Poison()
    for n in range(STREAMS):
        poison.broke(n * OUTAGE / 2, "Far")
    assert poison.found()
    assert not poison.found(LONG_OUTAGE)
    poison.broke(LONG_OUTAGE, "Far")
    assert poison.found(LONG_OUTAGE)
