"""Whose packet it is and whether it may be opened, told the time instead of waiting for it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bots.discord.voice.dave import Dave
from bots.discord.voice.hearing import Hearing
from bots.discord.voice.packets import SILENCE
from bots.discord.voice.sealed import AesGcm
from bots.discord.voice.strangers import HELD, HELD_PACKETS, STRANGERS
from bots.discord.voice.watch import Tally
from tests.bots.discord.voice.scene import SPEECH, Ears
from tests.fakes.discord.voice.encoder import frames
from tests.fakes.discord.voice.rtp import GCM, Rtp, Seal

KEY = bytes(range(32))
BOT, ANN, BEN = 1, 2, 3


class Room:
    """A hearing without end-to-end encryption, and a voice server that seals for it."""

    def __init__(self) -> None:
        self.ears = Ears()
        self.hearing = Hearing(self.ears, Dave(BOT, 10))
        self.hearing.seal = AesGcm(KEY)
        self.server = Seal(GCM, KEY)
        self.now = 1000.0
        self.sent: dict[int, int] = {}

    def packet(self, ssrc: int, sound: bytes, *, skip: int = 0) -> bytes:
        number = self.sent[ssrc] = self.sent.get(ssrc, 0) + 1 + skip
        packet = Rtp(ssrc, number, number * 960, sound)
        return self.server.close(packet.head(), packet.body())

    def meets(self, user: int, ssrc: int) -> None:
        self.hearing.met(user, ssrc, self.now)

    def speak(self, ssrc: int, count: int = 50) -> None:
        for sound in frames(SPEECH)[:count]:
            self.now += 0.02
            self.hearing.receive(self.packet(ssrc, sound), self.now)


def test_a_known_stream_is_heard() -> None:
    room = Room()
    room.meets(ANN, 7)
    room.speak(7)
    assert room.ears.seconds(ANN) == 1.0
    assert room.hearing.counters.heard == 50


def test_what_an_unknown_stream_said_is_held_and_heard_once_it_is_known() -> None:
    room = Room()
    room.speak(7, 30)
    assert room.ears.pcm == {}
    assert room.hearing.counters.held == 30
    room.meets(ANN, 7)
    assert round(room.ears.seconds(ANN), 2) == 0.6


def test_no_more_than_two_seconds_are_held() -> None:
    room = Room()
    for _ in range(4):
        room.speak(7)
    room.meets(ANN, 7)
    assert room.ears.seconds(ANN) <= HELD
    counters = room.hearing.counters
    assert counters.held == 200
    assert counters.unknown == 200 - HELD_PACKETS
    assert counters.unknown + counters.heard == 200


def test_what_was_said_long_ago_is_not_held() -> None:
    room = Room()
    room.speak(7, 10)
    room.now += 10
    room.speak(7, 10)
    room.meets(ANN, 7)
    assert round(room.ears.seconds(ANN), 2) == 0.2


def test_many_unknown_streams_take_no_more_room_than_a_few() -> None:
    room = Room()
    for ssrc in range(1000):
        room.speak(ssrc, 1)
    assert room.hearing.counters.unknown == 1000 - STRANGERS


def test_nothing_unknown_is_opened_for_somebody_who_is_not_welcome() -> None:
    room = Room()
    room.ears.unwelcome.add(ANN)
    room.speak(7, 20)
    room.meets(ANN, 7)
    assert room.ears.pcm == {}
    assert room.hearing.counters.dropped == {ANN: 20}
    assert room.hearing.counters.heard == 0


def test_every_packet_asks_anew_whether_somebody_is_welcome() -> None:
    room = Room()
    room.meets(ANN, 7)
    asked = room.ears.asked
    room.speak(7, 20)
    assert room.ears.asked - asked >= 20


def test_what_waits_for_an_earlier_packet_is_not_heard_after_opting_out() -> None:
    room = Room()
    room.meets(ANN, 7)
    room.speak(7, 10)
    sound = frames(SPEECH)[10]
    room.hearing.receive(room.packet(7, sound, skip=1), room.now)
    assert room.hearing.deadline is not None
    before = room.ears.seconds(ANN)
    room.ears.unwelcome.add(ANN)
    room.hearing.tick(room.now + 1)
    assert room.ears.seconds(ANN) == before
    assert room.ears.gone == [ANN]
    assert room.hearing.deadline is None


def test_hushing_somebody_forgets_what_waits_at_once() -> None:
    room = Room()
    room.meets(ANN, 7)
    room.speak(7, 10)
    room.hearing.receive(room.packet(7, frames(SPEECH)[10], skip=1), room.now)
    room.hearing.hush(ANN)
    assert room.hearing.deadline is None
    assert room.ears.gone == [ANN]


def test_a_hole_is_concealed_when_its_time_has_come() -> None:
    room = Room()
    room.meets(ANN, 7)
    room.speak(7, 10)
    room.hearing.receive(room.packet(7, frames(SPEECH)[11], skip=1), room.now)
    deadline = room.hearing.deadline
    assert deadline is not None
    room.hearing.tick(deadline)
    assert round(room.ears.seconds(ANN), 2) == 0.24
    assert room.hearing.deadline is None


def test_silence_is_heard_as_silence_and_needs_no_encryption() -> None:
    room = Room()
    room.hearing.dave.version = 1
    room.meets(ANN, 7)
    for _ in range(5):
        room.hearing.receive(room.packet(7, SILENCE), room.now)
    assert round(room.ears.seconds(ANN), 2) == 0.1
    assert room.hearing.arrivals() == {ANN: Tally(5, 0, 0)}


def test_sound_without_encryption_in_a_call_that_has_it_is_not_believed() -> None:
    room = Room()
    room.hearing.dave.version = 1
    room.meets(ANN, 7)
    room.speak(7, 10)
    assert room.ears.pcm == {}
    assert room.hearing.counters.plain == 10


def test_sound_that_looks_encrypted_and_cannot_be_opened_is_never_decoded() -> None:
    room = Room()
    room.hearing.dave.version = 1
    room.meets(ANN, 7)
    for _ in range(10):
        room.hearing.receive(room.packet(7, b"\x78" + bytes(range(100)) + b"\xfa\xfa"), room.now)
    assert room.ears.pcm == {}
    assert room.hearing.counters.undecryptable == 10


def test_opus_that_happens_to_end_like_the_marker_is_heard_on_a_stage() -> None:
    room = Room()
    room.meets(ANN, 7)
    sound = frames(SPEECH)[0][:-2] + b"\xfa\xfa"
    room.hearing.receive(room.packet(7, sound), room.now)
    assert room.hearing.counters.heard == 1


def test_sound_that_is_no_opus_is_survived() -> None:
    room = Room()
    room.meets(ANN, 7)
    for noise in (b"\xff" * 80, b"\x03", b"\x0b\x00", b"\x7b\xff\x01"):
        room.hearing.receive(room.packet(7, noise), room.now)
    room.speak(7, 10)
    assert room.ears.seconds(ANN) >= 0.2


def test_sound_that_opens_to_no_opus_is_not_hearing() -> None:
    room = Room()
    room.meets(ANN, 7)
    for _ in range(20):
        # A code 3 packet with more frames than it has bytes.
        room.hearing.receive(room.packet(7, b"\x7b\x02\xff"), room.now)
    assert room.hearing.arrivals() == {ANN: Tally(20, 20, 0)}


def test_packets_of_another_key_are_counted() -> None:
    room = Room()
    room.meets(ANN, 7)
    room.server = Seal(GCM, bytes(32))
    room.speak(7, 5)
    assert room.hearing.counters.forged == 5
    assert room.hearing.arrivals() == {ANN: Tally(5, 5, 0)}


def test_packets_before_the_key_are_counted() -> None:
    room = Room()
    room.hearing.seal = None
    room.meets(ANN, 7)
    room.speak(7, 5)
    assert room.hearing.counters.forged == 5


def test_a_changed_key_is_used_from_the_next_packet_on() -> None:
    room = Room()
    room.meets(ANN, 7)
    room.speak(7, 5)
    room.server, room.hearing.seal = Seal(GCM, bytes(32)), AesGcm(bytes(32))
    room.speak(7, 5)
    assert room.hearing.counters.heard == 10


def test_a_new_stream_of_the_same_person_ends_the_old_one() -> None:
    room = Room()
    room.meets(ANN, 7)
    room.speak(7, 10)
    room.meets(ANN, 8)
    assert room.ears.gone == [ANN]
    room.speak(7, 5)
    assert room.hearing.counters.late == 5
    room.speak(8, 10)
    assert round(room.ears.seconds(ANN), 2) == 0.4


def test_a_stream_that_goes_over_to_somebody_else_is_theirs() -> None:
    room = Room()
    room.meets(ANN, 7)
    room.speak(7, 10)
    room.meets(BEN, 7)
    room.speak(7, 10)
    assert room.ears.gone == [ANN]
    assert round(room.ears.seconds(BEN), 2) == 0.2


def test_being_told_the_same_again_changes_nothing() -> None:
    room = Room()
    for _ in range(3):
        room.meets(ANN, 7)
        room.speak(7, 10)
    assert room.ears.gone == []
    assert round(room.ears.seconds(ANN), 2) == 0.6


def test_whoever_left_without_a_word_was_never_there() -> None:
    room = Room()
    room.meets(ANN, 7)
    room.hearing.went(ANN)
    room.hearing.went(BEN)
    assert room.ears.gone == []


def test_what_is_still_held_of_somebody_who_leaves_is_heard() -> None:
    room = Room()
    room.meets(ANN, 7)
    room.speak(7, 10)
    room.hearing.receive(room.packet(7, frames(SPEECH)[11], skip=1), room.now)
    room.hearing.went(ANN)
    assert round(room.ears.seconds(ANN), 2) == 0.24
    assert room.ears.gone == [ANN]


def test_an_unknown_stream_counts_for_the_one_person_whose_it_can_be() -> None:
    room = Room()
    room.hearing.members = {ANN, BEN}
    room.meets(BEN, 8)
    room.speak(7, 40)
    assert room.hearing.arrivals()[ANN] == Tally(40, 40, 0)
    room.ears.unwelcome.add(ANN)
    assert ANN not in room.hearing.arrivals()


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 5), st.binary(max_size=80), st.integers(1, 3)), max_size=60))
def test_any_datagrams_and_messages_in_any_order_are_survived(steps: list[tuple[int, bytes, int]]) -> None:
    room = Room()
    for kind, noise, user in steps:
        room.now += 0.01
        match kind:
            case 0:
                room.hearing.receive(noise, room.now)
            case 1:
                room.hearing.receive(room.packet(user, noise), room.now)
            case 2:
                room.meets(user, len(noise) % 4)
            case 3:
                room.hearing.went(user)
            case 4:
                room.hearing.tick(room.now)
            case _:
                room.hearing.forget()
    room.hearing.forget()
    counters = room.hearing.counters
    assert counters.heard + counters.forged + counters.empty + counters.foreign <= len(steps) * 2
    assert room.hearing.deadline is None
    assert room.hearing.arrivals() == {}
