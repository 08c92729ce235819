"""A day's allowance: used up once, there again the next day."""

from datetime import date

from core.engines.daily import LOOK, Daily


class Meter:
    def __init__(self) -> None:
        self.used = 0.0
        self.day = date(2026, 1, 1)
        self.now = 0.0

    def daily(self, minutes: float | None) -> Daily:
        return Daily(minutes, used=lambda: self.used, today=lambda: self.day, now=lambda: self.now)


def test_a_day_has_so_many_minutes_and_the_next_day_has_them_again() -> None:
    meter = Meter()
    spent = meter.daily(2)
    for used, expected in ((0.0, False), (119.0, False), (120.0, True), (500.0, True)):
        meter.used, meter.now = used, meter.now + LOOK
        assert spent() is expected
    meter.day, meter.now = date(2026, 1, 2), meter.now + LOOK
    assert not spent()
    meter.used, meter.now = 619.0, meter.now + LOOK
    assert not spent()
    meter.used, meter.now = 620.0, meter.now + LOOK
    assert spent()


def test_without_a_number_there_is_no_limit() -> None:
    meter = Meter()
    meter.used = 1e9
    assert not meter.daily(None)()


def test_no_minutes_are_no_minutes() -> None:
    assert Meter().daily(0)()


def test_it_looks_no_more_often_than_it_must() -> None:
    meter = Meter()
    spent = meter.daily(1)
    assert not spent()
    meter.used = 100.0
    assert not spent()
    meter.now += LOOK
    assert spent()
