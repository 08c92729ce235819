"""Both encryptions of the transport open what they closed, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.discord.voice import packets
from bots.discord.voice.sealed import MODES, choose
from tests.fakes.discord.voice.rtp import GCM, XCHACHA, Rtp, Seal

KEY = bytes(range(32))


@pytest.mark.parametrize("mode", [GCM, XCHACHA])
def test_what_a_voice_server_closes_is_opened(mode: str) -> None:
    packet = Rtp(1, 2, 3, b"sound", extension=b"elements", padding=4, csrcs=(7, 8))
    theirs, ours = Seal(mode, KEY), MODES[mode](KEY)
    for _ in range(3):
        sealed = theirs.close(packet.head(), packet.body())
        read = packets.read(sealed)
        assert read is not None
        opened = ours.open(sealed, read.clear)
        assert opened == packet.body()
        assert packets.payload(read, opened) == b"sound"


@pytest.mark.parametrize("mode", [GCM, XCHACHA])
def test_a_voice_server_opens_what_we_close_each_with_another_nonce(mode: str) -> None:
    theirs, ours = Seal(mode, KEY), MODES[mode](KEY)
    head = packets.header(1, 2, 3)
    closed = [ours.close(head, b"sound") for _ in range(5)]
    assert len({one[-4:] for one in closed}) == 5
    assert [theirs.open(one, 12) for one in closed] == [b"sound"] * 5


@pytest.mark.parametrize("mode", [GCM, XCHACHA])
@given(noise=st.binary(min_size=32, max_size=120), clear=st.integers(12, 28))
def test_noise_is_not_opened_and_nothing_raises(mode: str, noise: bytes, clear: int) -> None:
    if len(noise) >= clear + 20:
        assert MODES[mode](KEY).open(noise, clear) is None


@pytest.mark.parametrize("mode", [GCM, XCHACHA])
def test_a_header_that_was_changed_is_not_believed(mode: str) -> None:
    packet = Rtp(1, 2, 3, b"sound")
    sealed = Seal(mode, KEY).close(packet.head(), packet.body())
    forged = sealed[:3] + b"\x09" + sealed[4:]
    assert MODES[mode](KEY).open(forged, 12) is None


def test_gcm_is_preferred_and_unknown_modes_are_not_chosen() -> None:
    assert choose([XCHACHA, GCM, "xsalsa20_poly1305"]) == GCM
    assert choose([XCHACHA]) == XCHACHA
    assert choose(["xsalsa20_poly1305", "aead_tomorrow"]) is None
