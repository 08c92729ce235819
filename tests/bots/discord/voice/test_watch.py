"""Who speaks and is not heard is noticed, something is tried, and in the end it is said."""

from bots.discord.voice.watch import REJOINS, SETTLE, Findings, Remedy, Tally, Watch

ANN, BEN = 1, 2


class Call:
    """A call by numbers: 50 packets a second of everybody who speaks."""

    def __init__(self, *, encrypted: bool = True) -> None:
        self.watch = Watch()
        self.now = 1000.0
        self.counts: dict[int | None, Tally] = {}
        self.encrypted = encrypted
        self.remedies: list[tuple[float, Remedy]] = []
        self.deaf: list[tuple[float, int | None]] = []
        self.deaf_to: set[int | None] = set()
        self.heard: list[int | None] = []

    def speak(self, seconds: float, *, heard: tuple[int, ...] = (), unheard: tuple[int, ...] = ()) -> None:
        for _ in range(round(seconds * 2)):
            self.now += 0.5
            for user in (*heard, *unheard):
                came = self.counts.get(user, Tally(0, 0, 0))
                could = came.heard + (25 if user in heard else 0)
                self.counts[user] = Tally(came.packets + 25, came.sounds + 25, could)
            self.look()

    def look(self) -> Findings:
        found = self.watch.look(self.now, self.counts, encrypted=self.encrypted)
        if found.remedy:
            self.remedies.append((self.now - 1000, found.remedy))
        self.deaf += [(self.now - 1000, user) for user in found.deaf if user not in self.deaf_to]
        self.deaf_to = set(found.deaf)
        self.heard += found.heard
        return found


def test_whoever_is_heard_or_quiet_needs_nothing() -> None:
    call = Call()
    call.speak(60, heard=(ANN, BEN))
    call.speak(60)
    assert (call.remedies, call.deaf) == ([], [])


def test_a_moment_without_keys_is_not_deafness() -> None:
    call = Call()
    call.speak(1.5, unheard=(ANN,))
    call.speak(5, heard=(ANN,))
    call.speak(1.5, unheard=(ANN,))
    call.speak(5, heard=(ANN,))
    assert call.remedies == []


def test_remedies_go_from_the_gentlest_to_the_hardest_and_then_it_is_said() -> None:
    call = Call()
    call.speak(60, unheard=(ANN,))
    assert [remedy for _, remedy in call.remedies] == [Remedy.KEYS, Remedy.SESSION, Remedy.REJOIN]
    assert call.remedies[0][0] <= 4
    # It is said as soon as two remedies have failed, and said once.
    assert [user for _, user in call.deaf] == [ANN]
    assert call.deaf[0][0] <= 15


def test_keys_are_no_remedy_where_nothing_is_encrypted() -> None:
    call = Call(encrypted=False)
    call.speak(60, unheard=(ANN,))
    assert [remedy for _, remedy in call.remedies] == [Remedy.SESSION, Remedy.REJOIN]


def test_the_channel_is_not_left_while_somebody_is_heard() -> None:
    call = Call()
    call.speak(120, heard=(BEN,), unheard=(ANN,))
    assert Remedy.REJOIN not in [remedy for _, remedy in call.remedies]
    assert [user for _, user in call.deaf] == [ANN]


def test_a_remedy_that_helps_is_the_last() -> None:
    call = Call()
    call.speak(4, unheard=(ANN,))
    assert [remedy for _, remedy in call.remedies] == [Remedy.KEYS]
    call.speak(120, heard=(ANN,))
    assert len(call.remedies) == 1
    assert call.deaf == []


def test_somebody_heard_again_is_told_of_once() -> None:
    call = Call()
    call.speak(60, unheard=(ANN,))
    call.speak(10, heard=(ANN,))
    assert call.heard == [ANN]
    call.speak(60, unheard=(ANN,))
    assert [user for _, user in call.deaf] == [ANN, ANN]


def test_after_so_many_recoveries_it_is_only_said() -> None:
    call = Call()
    for _ in range(6):
        call.speak(60, unheard=(ANN,))
        call.speak(62, heard=(ANN,))
    hard = [at for at, remedy in call.remedies if remedy is not Remedy.KEYS]
    assert len([at for at in hard if at < 590]) <= REJOINS
    assert len(call.deaf) == 6


def test_somebody_shown_as_speaking_of_whom_nothing_comes_is_noticed() -> None:
    call = Call()
    call.watch.shown(ANN, call.now)
    call.speak(6)
    assert [remedy for _, remedy in call.remedies] == [Remedy.KEYS]
    call.speak(600)
    # Shown once is no proof for ever.
    assert len(call.remedies) == 1


def test_somebody_shown_as_speaking_who_is_heard_is_fine() -> None:
    call = Call()
    call.watch.shown(ANN, call.now)
    call.speak(10, heard=(ANN,))
    assert call.remedies == []


def test_what_a_remedy_needs_to_work_is_not_counted_against_it() -> None:
    call = Call()
    call.speak(3, unheard=(ANN,))
    began = call.now
    call.watch.began(call.now)
    call.speak(SETTLE - 0.5, unheard=(ANN,))
    assert [at for at, _ in call.remedies if at > began - 1000] == []


def test_people_who_left_are_forgotten() -> None:
    call = Call()
    call.speak(1.5, unheard=(ANN,))
    call.counts.clear()
    call.watch.forget(ANN)
    call.speak(60)
    assert call.remedies == []


def test_pieces_made_up_for_lost_ones_do_not_count_as_hearing() -> None:
    call = Call()
    for _ in range(60):
        call.now += 0.5
        came = call.counts.get(ANN, Tally(0, 0, 0))
        call.counts[ANN] = Tally(came.packets + 25, came.sounds + 25, came.heard + 1)
        call.look()
    assert call.remedies
