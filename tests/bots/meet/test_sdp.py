"""Offers and answers as text: what is kept, what is refused, and what nonsense does (nothing)."""

import re

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from bots.meet.sdp import (
    Malformed,
    Unsupported,
    read_candidate,
    read_fragment,
    read_offer,
    write_answer,
)
from tests.bots.meet.offers import ALL, BROWSER, FFMPEG, PICTURE_FIRST

ANSWER = (
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {mid}\r\n"
    "m=audio 50000 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 127.0.0.1\r\na=recvonly\r\na=mid:{mid}\r\n"
    "a=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=candidate:1 1 udp 1 127.0.0.1 50000 typ host\r\n"
    "a=ice-ufrag:ours\r\na=ice-pwd:ourourourourourourourour\r\na=fingerprint:sha-256 CD\r\na=setup:active\r\n"
)


@pytest.mark.parametrize("offer", ALL)
def test_every_client_s_offer_becomes_one_of_sound_alone(offer: str) -> None:
    [media] = SessionDescription.parse(read_offer(offer).text).media
    assert media.kind == "audio"
    assert media.direction == "sendonly"
    assert [str(codec) for codec in media.rtp.codecs] == ["opus/48000/2"]
    assert media.ice is not None
    assert media.ice.usernameFragment in ("abcd1234", "EsAw")
    assert media.dtls is not None
    assert len(media.dtls.fingerprints) == 1


def test_only_addresses_that_can_be_reached_are_kept() -> None:
    text = read_offer(BROWSER).text
    assert re.findall(r"candidate:\S+ 1 udp \d+ (\S+)", text) == ["192.168.1.7", "2001:db8::7"]
    assert ".local" not in text
    assert "end-of-candidates" not in text


def test_sound_bundled_behind_a_picture_uses_the_picture_s_connection() -> None:
    offer = read_offer(PICTURE_FIRST)
    assert "a=ice-ufrag:EsAw" in offer.text
    assert "192.168.1.7 50001" in offer.text
    assert "a=fingerprint:sha-256 AB" in offer.text
    assert offer.mid == "audio1"


def test_the_sender_is_asked_for_copies_against_loss() -> None:
    answer = write_answer(read_offer(FFMPEG), ANSWER.format(mid="0"))
    assert "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1;" in answer
    assert "usedtx" not in answer
    assert "a=rtcp-mux\r\na=rtcp-mux-only\r\n" in answer
    assert "a=group:BUNDLE 0\r\n" in answer


def test_a_picture_is_answered_in_its_place_and_stays_unused() -> None:
    answer = write_answer(read_offer(PICTURE_FIRST), ANSWER.format(mid="audio1"))
    assert re.findall(r"^m=(\w+) (\d+)", answer, re.MULTILINE) == [("video", "9"), ("audio", "50000")]
    # Whoever answers must not choose another section to describe the connection (RFC 9143, 7.3.1).
    assert "a=group:BUNDLE video0 audio1\r\n" in answer
    picture, sound = (
        answer[answer.index("m=video") : answer.index("m=audio")],
        answer[answer.index("m=audio") :],
    )
    assert "a=inactive\r\na=mid:video0\r\na=rtpmap:96 AV1/90000\r\n" in picture
    assert "a=ice-ufrag:ours" in picture
    assert "a=candidate:1 1 udp 1 127.0.0.1 50000 typ host" in picture
    assert "a=recvonly" in sound


def test_a_picture_outside_the_bundle_is_told_no() -> None:
    alone = PICTURE_FIRST.replace("BUNDLE video0 audio1", "BUNDLE audio1").replace(
        "a=bundle-only", "a=ice-ufrag:Mine\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\na=setup:actpass"
    )
    offer = read_offer(alone)
    assert offer.ufrag == "Mine"
    assert "50001" not in offer.text
    assert "m=video 0 " in write_answer(offer, ANSWER.format(mid="audio1"))


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("v=0", "hello", Malformed),
        ("a=ice-ufrag:abcd1234", "", Malformed),
        ("a=ice-ufrag:abcd1234", "a=ice-ufrag:a b", Malformed),
        ("a=ice-pwd:0123456789abcdef0123456789abcdef", "a=ice-pwd:short", Malformed),
        ("a=setup:passive", "a=setup:holdconn", Malformed),
        ("a=fingerprint:sha-256", "a=fingerprint:md5", Malformed),
        ("a=mid:0", "a=mid:0 0", Malformed),
        ("m=audio 9", "m=audio nine", Malformed),
        ("m=audio 9", "m=text 9", Unsupported),
        ("a=sendonly", "a=recvonly", Unsupported),
        ("a=sendonly", "a=inactive", Unsupported),
        ("opus/48000/2", "PCMU/8000", Unsupported),
        ("a=rtpmap:111", "a=rtpmap:112", Unsupported),
        ("m=audio 9 UDP/TLS/RTP/SAVPF 111", "m=audio 9 UDP/TLS/RTP/SAVPF 72", Unsupported),
        ("m=audio", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nm=audio", Unsupported),
        ("m=audio", "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nm=audio", Unsupported),
    ],
)
def test_an_offer_that_can_t_be_is_refused_in_one_sentence(
    old: str, new: str, error: type[Exception]
) -> None:
    assert old in FFMPEG
    with pytest.raises(error) as refusal:
        read_offer(FFMPEG.replace(old, new))
    assert str(refusal.value).endswith(".")
    assert "\n" not in str(refusal.value)


def test_no_direction_means_both() -> None:
    assert read_offer(FFMPEG.replace("a=sendonly\r\n", "")).mid == "0"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1 1 udp 1 192.0.2.1 5000",
        "1 1 udp 1 192.0.2.1 5000 typ prflx",
        "1 1 udp 1 192.0.2.1 70000 typ host",
        "1 1 udp 1 192.0.2.1 0 typ host",
        "1 1 udp 1 224.0.0.1 5000 typ host",
        "1 1 udp 1 0.0.0.0 5000 typ host",
        "1 1 udp 1 fe80::1%eth0 5000 typ host",
        "1 1 udp x 192.0.2.1 5000 typ host",
        "1 1 udp 1 host.example 5000 typ host",
        "1 1 tcp 1 192.0.2.1 9 typ host tcptype active",
        "1 1 udp 1 192.0.2.1 ٣ typ host",
    ],
)
def test_an_address_of_no_use_is_left_out(value: str) -> None:
    assert read_candidate(value) is None


def test_an_address_is_written_as_it_was_read() -> None:
    text = "842163049 1 udp 1677729535 198.51.100.2 61765 typ srflx"
    assert str(read_candidate(text + " raddr 192.0.2.1 rport 9 generation 0")) == text


def test_a_client_s_addresses_are_counted() -> None:
    many = "".join(f"a=candidate:{n} 1 udp 1 192.0.2.{n % 250 + 1} {n + 1} typ host\r\n" for n in range(1000))
    assert read_offer(FFMPEG + many).text.count("a=candidate") == 64


def test_a_fragment_tells_whose_it_is() -> None:
    text = (
        "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
        "a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\na=candidate:2 1 tcp 1 192.0.2.1 9 typ host\r\n"
        "a=end-of-candidates\r\n"
    )
    fragment = read_fragment(text)
    assert fragment.ufrag == "EsAw"
    assert [each.port for each in fragment.candidates] == [5000]
    with pytest.raises(Malformed):
        read_fragment("a=candidate:1 1 udp 1 192.0.2.1 5000 typ host")


_lines = st.lists(
    st.sampled_from([line for text in ALL for line in text.split("\r\n")])
    | st.text(max_size=30)
    | st.sampled_from(["m=audio 9 UDP/TLS/RTP/SAVPF 111", "m=video 0 X 1", "a=group:BUNDLE", "a=mid:", "a="]),
    max_size=60,
)


@given(_lines | st.just(FFMPEG.split("\r\n")), st.sampled_from(["\r\n", "\n", "\r"]), st.booleans())
def test_nonsense_is_refused_by_name_or_becomes_an_offer_that_can_be_read(
    lines: list[str], end: str, begun: bool
) -> None:
    text = end.join(["v=0", *lines] if begun else lines)
    try:
        offer = read_offer(text)
    except (Malformed, Unsupported):
        return
    [media] = SessionDescription.parse(offer.text).media
    assert media.rtp.muxId == offer.mid
    answer = write_answer(offer, ANSWER.format(mid=offer.mid))
    assert answer.count("m=") >= len(offer.sections)


@given(st.sampled_from(ALL), st.data())
def test_an_offer_with_a_hole_in_it_breaks_nothing(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 60)))
    broken = text[:start] + data.draw(st.text(max_size=5)) + text[end:]
    for read in (read_offer, read_fragment):
        try:
            result = read(broken)
        except (Malformed, Unsupported):
            continue
        if read is read_offer:
            SessionDescription.parse(result.text)  # type: ignore[union-attr]  # an offer, then
