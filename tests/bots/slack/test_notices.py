"""Notices in a place that only grows."""

from bots.slack.notices import KEPT, NOWHERE, PASSED, SETTLE, Notices


def test_what_begins_and_ends_is_told_once_each() -> None:
    notices = Notices()
    deaf = {"ann": "I can't hear Ann."}
    assert notices.update(deaf, 0) == []
    assert notices.update(deaf, 2) == ["I can't hear Ann."]
    assert notices.update(deaf, 30) == []
    assert notices.update({}, 40) == []
    assert notices.update({}, 42) == ["No longer: I can't hear Ann."]
    assert notices.update({}, 90) == []


def test_what_flickers_is_not_told() -> None:
    notices = Notices()
    for at in range(50):
        assert notices.update({"ann": "I can't hear Ann."} if at % 2 else {}, at) == []


def test_one_thing_is_not_told_of_all_the_time_but_its_end_is_in_the_end() -> None:
    notices, lines = Notices(), list[str]()
    for at in range(60):
        lines += notices.update({"queue": f"{at // 4} wait."}, at)
    assert len(lines) == 3
    assert notices.update({}, 60) == []
    assert [*notices.update({}, 63), *notices.update({}, 90)] == [f"No longer: {lines[-1]}"]


def test_it_is_known_when_there_will_be_something_to_tell() -> None:
    notices = Notices()
    assert notices.due(0) is None
    notices.update({"a": "It is so."}, 0)
    assert notices.due(0.5) == 1.5
    notices.update({"a": "It is so."}, 2)
    assert notices.due(3) is None


def test_nothing_grows_without_end() -> None:
    notices = Notices()
    for at in range(1000):
        notices.update({f"{at}-{number}": "It is so." for number in range(150)}, at)
        assert len(notices._matters) <= KEPT


def test_who_could_read_along_for_a_while_is_told_in_any_case() -> None:
    notices, lines = Notices(), list[str]()
    for at in range(60):
        places = "#a" if not 3 <= at < 19 else "#a, #spies"
        lines += notices.update({"shown": f"Also shown at {places}."}, at)
    assert lines == ["Also shown at #a.", "Until just now: Also shown at #a, #spies."]


def test_that_nobody_reads_along_any_more_is_told_plainly() -> None:
    notices = Notices()
    lines = [line for at in range(30) for line in notices.update({"shown": "Also shown at #a."}, at)]
    assert lines == ["Also shown at #a."]
    assert [line for at in range(30, 60) for line in notices.update({}, at)] == [NOWHERE]


def test_who_could_read_along_before_anybody_looked_is_told_too() -> None:
    notices = Notices()
    assert notices.update({"shown": "Also shown at #a."}, 0) == []
    assert notices.update({}, 3) == ["Until just now: Also shown at #a."]
    assert notices.due(6) is None


def test_of_many_who_could_read_along_the_last_are_told() -> None:
    notices, lines = Notices(), list[str]()
    for at in range(PASSED * 3):
        lines += notices.update({"shown": str(at)}, at * SETTLE)
    assert len(lines) > 2 * PASSED
    assert {f"Until just now: {at}" for at in range(PASSED)} <= {*lines}
    assert len(lines) <= 3 * (PASSED + 1)
    assert len(notices._matters["shown"].passed) <= PASSED
