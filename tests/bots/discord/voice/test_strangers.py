"""Streams that nobody knows the people of: what is held, what is never opened, and what is said of them."""

from dataclasses import dataclass, field
from typing import cast

from bots.discord.ears import Ears
from bots.discord.voice import reading
from bots.discord.voice.dave import Dave
from bots.discord.voice.hearing import RETIRED, Hearing
from bots.discord.voice.listener import Listener
from bots.discord.voice.packets import SILENCE
from bots.discord.voice.sealed import AesGcm
from bots.discord.voice.strangers import FORGOTTEN, HELD
from bots.discord.voice.watch import Findings, Remedy, Watch
from core.audio.frame import Frame, Heard, Speaker, seconds
from core.session import Session
from tests.bots.discord.voice.test_hearing import ANN, BEN, BOT, KEY, Room

CLEO = 4


@dataclass
class Sealed:
    """The voice server's encryption; it counts what is opened."""

    cipher: AesGcm = field(default_factory=lambda: AesGcm(KEY))
    opened: int = 0

    def open(self, datagram: bytes, clear: int) -> bytes | None:
        self.opened += 1
        return self.cipher.open(datagram, clear)

    def close(self, header: bytes, payload: bytes) -> bytes:
        return self.cipher.close(header, payload)


class Call(Room):
    """A room with the ears of a call, and the watch over it."""

    def __init__(self, *left_out: int) -> None:
        super().__init__()
        self.heard: list[Heard] = []
        self.left_out = set(left_out)
        self.told: list[tuple[str, bool]] = []
        self.call = Ears(
            lambda: cast(Session, self),
            lambda user: Speaker(f"u{user}", f"Person {user}"),
            lambda speaker, deaf: self.told.append((speaker.id, deaf)),
            left_out=self.left_out,
            bot=lambda _user: False,
        )
        self.seal = Sealed()
        self.hearing = Hearing(cast(Listener, self.call), Dave(BOT, 10))
        self.hearing.seal = self.seal
        self.watch = Watch()
        self.remedies: list[Remedy] = []

    def hear(self, heard: Heard) -> None:
        """As its session."""
        self.heard.append(heard)

    @property
    def sound(self) -> float:
        """Seconds of sound that the call heard."""
        return sum(seconds(one.pcm) for one in self.heard if isinstance(one, Frame))

    def talk(self, ssrc: int, span: float, *, encrypted: bool = False, sound: bytes | None = None) -> None:
        """A stream goes on for so long, with a look twice a second."""
        for _ in range(round(span * 2)):
            if sound is None:
                self.speak(ssrc, 25)
            else:
                for _ in range(25):
                    self.now += 0.02
                    self.hearing.receive(self.packet(ssrc, sound), self.now)
            self.look(encrypted=encrypted)

    def look(self, *, encrypted: bool = False) -> Findings:
        self.hearing.expire(self.now)
        found = self.watch.look(self.now, self.hearing.arrivals(), encrypted=encrypted)
        self.watch.tell(found, cast(Listener, self.call))
        if found.remedy is not None:
            self.remedies.append(found.remedy)
        return found


def test_words_said_while_opted_out_are_not_heard_after_opting_in() -> None:
    call = Call(ANN)
    call.hearing.members |= {ANN, BEN}
    call.speak(7, 20)
    call.left_out.clear()
    call.meets(ANN, 7)
    assert call.sound == 0
    assert call.seal.opened == 0


def test_words_of_somebody_who_was_not_known_to_be_there_are_not_heard_long_after() -> None:
    call = Call(ANN)
    call.speak(7, 50)
    call.now += HELD + 0.1
    call.left_out.clear()
    call.meets(ANN, 7)
    assert call.sound == 0


def test_words_said_in_a_pause_are_not_heard_after_it() -> None:
    call = Call()
    call.speak(7, 10)
    call.call.shut = True
    call.speak(7, 10)
    call.call.shut = False
    call.meets(ANN, 7)
    assert call.sound == 0
    assert call.seal.opened == 0
    assert call.hearing.counters.shut_out == 10


def test_opting_out_forgets_what_is_held_of_anybody_unknown() -> None:
    call = Call()
    call.speak(7, 10)
    call.hearing.hush(ANN)
    call.meets(ANN, 7)
    assert call.sound == 0


def test_nothing_is_held_for_long_though_nobody_speaks_any_more() -> None:
    call = Call()
    call.speak(7, 10)
    call.hearing.expire(call.now + HELD + 0.01)
    assert call.hearing.counters.unknown == 10
    call.hearing.expire(call.now + FORGOTTEN + 1)
    assert not call.hearing._strangers._streams


def test_held_words_are_placed_when_they_were_said() -> None:
    call = Call()
    began = call.now
    call.speak(7, 50)
    call.meets(ANN, 7)
    call.speak(7, 10)
    ats = [round(one.at - began, 2) for one in call.heard if isinstance(one, Frame)]
    assert ats == [round(0.02 * step, 2) for step in range(60)]


def test_a_stranger_among_two_silent_listeners_is_noticed_and_spoken_of() -> None:
    call = Call()
    call.hearing.members |= {ANN, BEN, CLEO}
    call.talk(7, 30)
    assert call.remedies == [Remedy.SESSION]
    assert call.told == [("somebody", True)]
    assert call.call.deaf_to == ("somebody",)
    call.meets(ANN, 7)
    call.talk(7, 15)
    assert call.told == [("somebody", True), ("somebody", False)]


def test_a_stranger_is_no_reason_to_leave_the_channel() -> None:
    call = Call()
    call.hearing.members |= {ANN, BEN, CLEO}
    call.talk(7, 60, encrypted=True)
    assert call.remedies == [Remedy.KEYS, Remedy.SESSION]


def test_strangers_who_are_known_a_moment_later_are_none() -> None:
    call = Call()
    call.hearing.members |= {ANN, BEN, CLEO}
    for user, ssrc in ((ANN, 7), (BEN, 8), (CLEO, 9)):
        call.talk(ssrc, 1)
        call.meets(user, ssrc)
        call.talk(ssrc, 3)
    assert call.remedies == []
    assert call.told == []


def test_somebody_who_opted_out_is_not_taken_for_a_silent_listener() -> None:
    call = Call(BEN)
    call.hearing.members |= {ANN, BEN}
    call.talk(7, 60, encrypted=True)
    assert (call.remedies, call.told) == ([], [])


def test_more_strangers_than_people_who_opted_out_are_spoken_of_without_a_name() -> None:
    call = Call(BEN)
    call.hearing.members |= {ANN, BEN}
    for _ in range(80):
        call.speak(7, 12)
        call.speak(8, 12)
        call.look()
    assert call.told == [("somebody", True)]


def test_nothing_of_a_stranger_is_held_or_opened_when_none_can_be_welcome() -> None:
    call = Call(BEN)
    call.hearing.members |= {ANN, BEN}
    call.meets(ANN, 1)
    call.talk(7, 30, encrypted=True)
    counters = call.hearing.counters
    assert (call.seal.opened, counters.held, counters.unknown) == (0, 0, 0)
    assert counters.dropped == {BEN: 1500}
    assert (call.remedies, call.told) == ([], [])


def test_looking_and_asking_counts_no_packets_of_who_opted_out() -> None:
    call = Call(BEN)
    call.hearing.members |= {ANN, BEN}
    for _ in range(100):
        call.look()
        call.hearing.tick(call.now)
    call.talk(7, 2)
    assert call.call.dropped == {}
    call.meets(ANN, 7)
    call.meets(BEN, 8)
    call.speak(8, 20)
    call.hearing.went(BEN)
    assert call.call.dropped == {BEN: 20}


def test_packets_that_can_only_be_of_who_opted_out_are_counted_as_theirs() -> None:
    call = Call(BEN)
    call.hearing.members |= {BEN}
    call.talk(7, 2)
    assert call.call.dropped == {BEN: 100}


def test_silence_of_a_stranger_is_no_deafness() -> None:
    call = Call()
    call.hearing.members.add(ANN)
    call.talk(7, 30, sound=SILENCE)
    assert (call.remedies, call.told) == ([], [])


def test_somebody_shown_as_speaking_who_sends_silence_is_no_deafness() -> None:
    call = Call()
    call.meets(ANN, 7)
    call.watch.shown(ANN, call.now)
    call.talk(7, 10, sound=SILENCE)
    assert (call.remedies, call.told) == ([], [])


def test_deafness_is_said_again_after_a_pause() -> None:
    call = Call()
    call.meets(ANN, 7)
    call.hearing.seal = AesGcm(bytes(32))
    call.talk(7, 30)
    assert call.told == [("u2", True)]
    call.call.shut = True
    call.call.hush()
    call.call.shut = False
    call.talk(7, 1)
    assert call.told == [("u2", True), ("u2", False), ("u2", True)]


def test_a_number_that_is_somebody_elses_now_is_heard_once_that_is_told() -> None:
    call = Call()
    call.meets(ANN, 7)
    call.speak(7, 10)
    call.hearing.went(ANN)
    call.speak(7, 40)
    before = call.sound
    call.meets(BEN, 7)
    assert call.sound - before > 0.5


def test_a_number_that_comes_back_without_a_word_is_a_stranger_again() -> None:
    call = Call()
    call.meets(ANN, 7)
    call.speak(7, 10)
    call.hearing.went(ANN)
    call.hearing.members.add(ANN)
    call.talk(7, RETIRED + 10)
    assert call.remedies
    assert call.hearing.arrivals()[ANN].sounds > 0


def test_somebody_who_goes_on_in_their_old_stream_is_missed() -> None:
    call = Call()
    call.meets(ANN, 7)
    call.speak(7, 10)
    call.meets(ANN, 8)
    call.talk(7, 30)
    assert call.remedies
    assert call.told


def test_a_late_packet_makes_no_stranger_of_somebody_and_little_of_a_suspicion() -> None:
    call = Call()
    call.meets(ANN, 7)
    call.speak(7, 10)
    call.meets(ANN, 8)
    call.speak(7, 5)
    assert call.hearing.counters.late == 5
    assert call.hearing.arrivals()[ANN].sounds == 5


def test_a_speaking_message_without_a_stream_is_none() -> None:
    envelope = reading.read('{"op":5,"d":{"user_id":"2","ssrc":0,"speaking":0}}')
    assert envelope is not None
    assert envelope.message is None


def test_strangers_on_a_stage_with_a_large_audience_cost_little() -> None:
    room = Room()
    room.hearing.members |= set(range(100, 2100))
    room.speak(7, 50)
    assert room.ears.asked < 2 * 2000
