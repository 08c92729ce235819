"""What one call hears of each person, whoever is not to be heard, and when nobody listens."""

from dataclasses import dataclass, field
from typing import cast

from bots.discord.ears import Ears
from core.audio.frame import RATE, WIDTH, Frame, Heard, Left, Lost, Speaker
from core.session import Session

STEP = b"\1\0" * (RATE // 50)
"""20 ms."""


@dataclass
class Scene:
    """A session that keeps what it hears, or (None) none."""

    now: float = 0.0
    there: bool = True
    heard: list[Heard] = field(default_factory=list)
    left_out: set[int] = field(default_factory=set)
    bots: set[int] = field(default_factory=set)
    deafness: list[tuple[str, bool]] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    ears: Ears = field(init=False)

    def __post_init__(self) -> None:
        self.ears = Ears(
            lambda: cast(Session, self) if self.there else None,
            lambda user: Speaker(f"u{user}", self.names.get(user, f"Person {user}")),
            lambda speaker, deaf: self.deafness.append((speaker.id, deaf)),
            left_out=self.left_out,
            bot=self.bots.__contains__,
        )

    def hear(self, heard: Heard) -> None:
        self.heard.append(heard)

    def say(self, user: int, at: float, seconds: float = 0.02) -> None:
        """So much is heard of somebody, from second `at` of their own clock on, just now."""
        for step in range(round(seconds * 50)):
            self.now += 0.02
            self.ears.hear(user, STEP, at + step * 0.02)


def test_sound_is_placed_by_the_senders_own_clock() -> None:
    scene = Scene(now=100.0)
    scene.say(1, 7000.0, 0.1)
    scene.now += 3.3  # it comes a little late
    scene.say(1, 7003.1, 0.02)
    frames = [heard for heard in scene.heard if isinstance(heard, Frame)]
    assert [round(frame.at - frames[0].at, 2) for frame in frames] == [0, 0.02, 0.04, 0.06, 0.08, 3.1]
    assert frames[0].speaker == Speaker("u1", "Person 1")
    assert len(frames[0].pcm) == RATE // 50 * WIDTH


def test_who_is_left_out_is_refused_and_counted_before_anything_is_opened() -> None:
    scene = Scene()
    assert scene.ears.welcome(1)
    scene.left_out.add(1)
    assert [scene.ears.welcome(1, 1) for _ in range(3)] == [False] * 3
    assert not scene.ears.welcome(1), "no packet came: it was asked only"
    assert scene.ears.welcome(2)
    assert scene.ears.dropped == {1: 3}
    scene.left_out.clear()
    assert scene.ears.welcome(1)


def test_what_was_opened_already_when_somebody_opted_out_is_not_heard() -> None:
    scene = Scene()
    scene.say(1, 0.0)
    scene.left_out.add(1)
    scene.say(1, 0.02)
    scene.ears.lost(1, 0.0, 1.0)
    scene.ears.deaf(1, True)
    assert len(scene.heard) == 1
    assert scene.deafness == []


def test_bots_are_never_heard() -> None:
    scene = Scene(bots={9})
    assert not scene.ears.welcome(9)
    scene.say(9, 0.0)
    assert scene.heard == []
    assert scene.ears.dropped == {}


def test_nobody_is_heard_while_it_is_shut_and_what_was_said_before_is_settled() -> None:
    scene = Scene()
    scene.say(1, 0.0)
    scene.ears.shut = True
    scene.ears.hush()
    assert not scene.ears.welcome(1)
    scene.say(1, 5.0)
    assert [type(heard) for heard in scene.heard] == [Frame, Left]
    scene.ears.shut = False
    scene.say(1, 9.0)
    assert isinstance(scene.heard[-1], Frame)
    assert not any(isinstance(heard, Lost) for heard in scene.heard)


def test_what_nobody_listened_to_is_told_as_lost() -> None:
    scene = Scene()
    scene.say(1, 0.0)
    scene.there = False
    scene.say(1, 0.02, 3.0)
    scene.there = True
    scene.say(1, 3.02)
    _, lost, frame = scene.heard
    assert isinstance(lost, Lost)
    assert isinstance(frame, Frame)
    assert (round(lost.start, 2), round(lost.end, 2)) == (0.02, 3.02)
    assert round(frame.at, 2) == 3.02


def test_losses_lie_where_the_sender_says() -> None:
    scene = Scene(now=50.0)
    scene.ears.lost(1, 0.0, 1.0)
    assert scene.heard == [], "nothing was heard of them: nobody knows when that was"
    scene.say(1, 10.0)
    scene.ears.lost(1, 10.02, 11.02)
    lost = scene.heard[-1]
    assert isinstance(lost, Lost)
    assert round(lost.start - 50.02, 2) == 0
    assert round(lost.end - lost.start, 2) == 1


def test_whoever_comes_again_has_another_clock_and_the_same_name() -> None:
    scene = Scene()
    scene.say(1, 1000.0)
    scene.ears.left(1)
    scene.now = 60.0
    scene.say(1, 5.0)
    first, left, second = scene.heard
    assert isinstance(first, Frame)
    assert isinstance(left, Left)
    assert isinstance(second, Frame)
    assert second.at == 60.0
    assert first.speaker == second.speaker
    assert [*scene.ears.heard] == [1]
    scene.ears.left(7)
    assert len(scene.heard) == 3


def test_whose_name_is_told_late_is_called_so_from_then_on() -> None:
    scene = Scene(names={1: "Somebody"})
    scene.say(1, 0.0)
    scene.names[1] = "Ann"
    scene.say(1, 0.02)
    assert [heard.speaker.name for heard in scene.heard] == ["Somebody", "Ann"]
    assert scene.ears.heard[1].name == "Ann"


def test_deafness_outlasts_a_line_and_is_over_when_that_is_said_or_the_call_pauses() -> None:
    scene = Scene()
    for user in (1, 2):
        scene.ears.deaf(user, True)
    scene.ears.left(1)
    assert scene.ears.deaf_to == ("Person 1", "Person 2")
    scene.ears.deaf(1, False)
    scene.ears.hush()
    assert not scene.ears.deaf_to
    assert scene.deafness == [("u1", True), ("u2", True), ("u1", False), ("u2", False)]


def test_deafness_that_is_said_again_and_again_is_told_once() -> None:
    scene = Scene()
    for _ in range(3):
        scene.ears.deaf(1, True)
    assert scene.deafness == [("u1", True)]
    scene.ears.hush()
    scene.ears.deaf(1, True)
    assert scene.deafness == [("u1", True), ("u1", False), ("u1", True)]


def test_somebody_unknown_who_is_unheard_is_somebody() -> None:
    scene = Scene()
    scene.ears.deaf(None, True)
    assert scene.ears.deaf_to == ("somebody",)
    assert scene.ears.welcome(None)
    scene.ears.shut = True
    assert not scene.ears.welcome(None)
    scene.ears.deaf(None, False)
    assert scene.deafness == [("somebody", True), ("somebody", False)]


def test_what_waited_is_placed_when_it_came() -> None:
    scene = Scene(now=100.0)
    for step in range(50):
        scene.ears.hear(1, STEP, 7000 + step * 0.02, 0.98 - step * 0.02)
    scene.now = 100.02
    scene.say(1, 7001.0)
    ats = [round(heard.at, 2) for heard in scene.heard if isinstance(heard, Frame)]
    assert (ats[0], ats[49], ats[50]) == (99.0, 99.98, 100.0)


LOUD = b"\0\x20" * (RATE // 50)


def test_what_is_missing_between_two_lines_in_the_middle_of_a_word_is_told_as_lost() -> None:
    scene = Scene()
    scene.say(1, 0.0, 0.1)
    scene.ears.hear(1, LOUD, 0.1)
    scene.ears.left(1)
    scene.now += 5.0
    scene.say(1, 900.0, 0.1)
    (lost,) = (heard for heard in scene.heard if isinstance(heard, Lost))
    assert 4.9 < lost.end - lost.start < 5.1


def test_who_was_silent_when_their_line_ended_has_lost_nothing() -> None:
    scene = Scene()
    scene.say(1, 0.0, 0.1)
    scene.ears.left(1)
    scene.now += 5.0
    scene.say(1, 900.0, 0.1)
    assert not [heard for heard in scene.heard if isinstance(heard, Lost)]


def test_who_was_left_out_meanwhile_has_lost_nothing() -> None:
    scene = Scene()
    scene.ears.hear(1, LOUD, 0.1)
    scene.left_out.add(1)
    scene.ears.left(1)
    scene.left_out.clear()
    scene.now += 5.0
    scene.say(1, 900.0, 0.1)
    assert not [heard for heard in scene.heard if isinstance(heard, Lost)]
