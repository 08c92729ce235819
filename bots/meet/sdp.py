"""What WHIP needs of SDP (RFC 8866), as text and nothing else.

An offer from outside is read for the few facts that matter, and the WebRTC library is given a new one
made of these facts alone, so no line that a stranger wrote reaches its parser. That also leaves out what
is known to hurt: `.local` candidates, for which the library waits a second each, and end-of-candidates,
which stops it from discovering the addresses that the client did not tell.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from core.errors import UserError

_CANDIDATES = 64
"""So many are taken from one client. Each one is an address that this machine will send a check to."""

_OPUS = re.compile(r"(\d{1,3}) opus/48000(?:/2)?", re.IGNORECASE)
_MEDIA = re.compile(r"([a-z]{1,16}) (\d{1,5})(?:/\d+)? ([A-Za-z/]{1,32})((?: [^ ]{1,32}){1,64})")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`{|}~A-Za-z0-9]{1,64}")
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_FINGERPRINT = re.compile(r"(sha-(?:256|384|512)) ((?:[0-9A-F]{2}:){31,63}[0-9A-F]{2})", re.IGNORECASE)
_DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")

_SHARED = ("a=ice-", "a=fingerprint:", "a=setup:", "a=rtcp-mux", "a=candidate:", "a=end-of-candidates")
"""What describes the connection, which all sections of a bundle share."""

_WISHES = "minptime=10;useinbandfec=1;maxaveragebitrate=32000;stereo=0"
"""What is asked of the sender (RFC 7587, section 6.1): a copy of each packet in the next one, and no more
bits than recognition has a use for. Not usedtx: it holds back the end of what was said for 400 ms."""


class Malformed(UserError):
    """This is no session description."""


class Unsupported(UserError):
    """A session description that asks for what can't be."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address where the client may be reached: UDP, by number (RFC 8839, section 5.1)."""

    foundation: str
    priority: int
    host: str
    port: int
    type: str

    def __str__(self) -> str:
        return f"{self.foundation} 1 udp {self.priority} {self.host} {self.port} typ {self.type}"


@dataclass(frozen=True, slots=True)
class Section:
    """One `m=` section as it stands in the text."""

    kind: str
    protocol: str
    formats: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...]

    def first(self, name: str) -> str | None:
        """The value of the first attribute of that name."""
        return next((value for key, value in self.attributes if key == name), None)

    def all(self, name: str) -> Iterator[str]:
        return (value for key, value in self.attributes if key == name)


@dataclass(frozen=True, slots=True)
class Offer:
    """A client's offer of sound. `text`: the offer to give to the WebRTC library."""

    text: str
    mid: str
    payload_type: int
    ufrag: str
    sections: tuple[Section, ...]
    bundle: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fragment:
    """Addresses that a client learned later (RFC 8840)."""

    ufrag: str
    candidates: tuple[Candidate, ...]


def read_offer(text: str) -> Offer:
    """The offer of a WHIP client (RFC 9725, section 4.4). Raises `Malformed` or `Unsupported`."""
    session, sections = _split(text)
    if not text.startswith("v=0") or not sections:
        raise Malformed("This is not a session description (SDP).")
    audio = _audio(sections)
    payload_type = _opus(audio)
    bundle = _bundle(session, sections, audio)
    sources = _transport(session, sections, audio, bundle)
    ufrag = _need(sources, "ice-ufrag", _UFRAG)
    password = _need(sources, "ice-pwd", _PASSWORD)
    setup = _need(sources, "setup", re.compile("actpass|active|passive"))
    prints = [f"{m[1].lower()} {m[2].upper()}" for m in _matches(sources, "fingerprint", _FINGERPRINT)]
    if not prints:
        raise Malformed("The offer has no fingerprint of a certificate that can be checked (SHA-256).")
    mid = audio.first("mid") or "0"
    lines = [
        "v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0",
        *(["a=ice-lite"] if session.first("ice-lite") is not None else []),
        f"a=group:BUNDLE {mid}",
        f"m=audio 9 UDP/TLS/RTP/SAVPF {payload_type}", "c=IN IP4 0.0.0.0",
        f"a=mid:{mid}", "a=sendonly", "a=rtcp-mux", f"a=rtpmap:{payload_type} opus/48000/2",
        f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{password}",
        *(f"a=fingerprint:{each}" for each in prints[:4]), f"a=setup:{setup}",
        *(f"a=candidate:{each}" for each in _candidates(sources)),
    ]  # fmt: skip
    return Offer("\r\n".join([*lines, ""]), mid, payload_type, ufrag, tuple(sections), bundle)


def write_answer(offer: Offer, answer: str) -> str:
    """The answer for the client, from the library's `answer` to `offer.text`.

    It asks for what helps recognition, and answers every section in its place: pictures are accepted as
    `inactive`, because a WHIP client may offer them and a part of an offer is not refused (RFC 9725,
    section 4.4.3).
    """
    head, _, audio = answer.partition("m=audio ")
    opus = f"a=rtpmap:{offer.payload_type} opus/48000/2"
    audio = audio.replace(opus, f"{opus}\r\na=fmtp:{offer.payload_type} {_WISHES}")
    audio = audio.replace("a=rtcp-mux\r\n", "a=rtcp-mux\r\na=rtcp-mux-only\r\n")
    shared = [line for line in audio.split("\r\n") if line.startswith(_SHARED)]
    group = f"a=group:BUNDLE {' '.join(offer.bundle)}\r\n" if offer.bundle else ""
    head = re.sub(r"a=group:BUNDLE[^\r]*\r\n", group, head)
    parts = [
        "m=audio " + audio if section.kind == "audio" else _inactive(section, offer.bundle, shared)
        for section in offer.sections
    ]
    return head + "".join(parts)


def read_fragment(text: str) -> Fragment:
    """The body of a PATCH (RFC 8840, section 9). Raises `Malformed`.

    Candidates of no use here are left out silently, as RFC 9725, section 4.3.2 asks.
    """
    session, sections = _split(text)
    sources = [session, *sections]
    ufrag = _need(sources, "ice-ufrag", _UFRAG)
    return Fragment(ufrag, tuple(_candidates(sources)))


def read_candidate(value: str) -> Candidate | None:
    """A candidate attribute's value; None when nothing can be sent there."""
    words = value.split()
    if len(words) < 8 or words[6] != "typ" or words[1] != "1" or words[2].lower() != "udp":
        return None
    foundation, priority, host, port, kind = words[0], words[3], words[4], words[5], words[7]
    if not _TOKEN.fullmatch(foundation[:64]) or kind not in ("host", "srflx", "relay"):
        return None
    if not re.fullmatch(r"[0-9]{1,10}", priority) or not re.fullmatch(r"[0-9]{1,5}", port):
        return None
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if "%" in host or address.is_multicast or address.is_unspecified or not 0 < int(port) < 65536:
        return None
    return Candidate(foundation[:64], int(priority) & 0xFFFF_FFFF, str(address), int(port), kind)


def _split(text: str) -> tuple[Section, list[Section]]:
    """The session's own attributes, and the sections. Raises `Malformed`."""
    lines = re.split(r"\r\n|\r|\n", text)
    starts = [n for n, line in enumerate(lines) if line.startswith("m=")]
    session = Section("session", "", (), _attributes(lines[: starts[0] if starts else len(lines)]))
    sections: list[Section] = []
    for start, end in pairwise([*starts, len(lines)]):
        media = _MEDIA.fullmatch(lines[start][2:].rstrip())
        if media is None or len(sections) == 16:
            raise Malformed("The session description has a media line that can't be read.")
        formats = tuple(media[4].split())
        sections.append(Section(media[1], media[3], formats, _attributes(lines[start + 1 : end])))
    for section in sections:
        mid = section.first("mid")
        if mid is not None and not _TOKEN.fullmatch(mid):
            raise Malformed("The session description has an identification (a=mid) that can't be read.")
    return session, sections


def _attributes(lines: Iterable[str]) -> tuple[tuple[str, str], ...]:
    pairs = (line[2:].rstrip().partition(":") for line in lines if line.startswith("a="))
    return tuple((name, value) for name, _, value in pairs)


def _audio(sections: list[Section]) -> Section:
    """The one section with sound that the client sends. Raises `Unsupported`."""
    kinds = [section.kind for section in sections]
    if "audio" not in kinds:
        raise Unsupported("The offer has no sound in it, and captions need sound.")
    if kinds.count("audio") > 1 or kinds.count("video") > 1:
        raise Unsupported("One sound track and at most one picture can be sent in a session.")
    if set(kinds) - {"audio", "video"}:
        raise Unsupported("Only sound can be sent here, no data channel.")
    audio = sections[kinds.index("audio")]
    direction = next((name for name, _ in audio.attributes if name in _DIRECTIONS), "sendrecv")
    if direction not in ("sendonly", "sendrecv"):
        raise Unsupported("The offer only wants to receive sound (a=" + direction + "); it must send it.")
    return audio


def _opus(audio: Section) -> int:
    """The payload type of Opus. Raises `Unsupported`."""
    for value in audio.all("rtpmap"):
        opus = _OPUS.fullmatch(value)
        if opus and opus[1] in audio.formats:
            number = int(opus[1])
            if number < 128 and not 64 <= number <= 95:  # those can't be told from RTCP (RFC 5761)
                return number
    raise Unsupported("The offer's sound is not Opus, which is the only codec that is heard here.")


def _bundle(session: Section, sections: list[Section], audio: Section) -> tuple[str, ...]:
    """The sections that share one connection with the sound, by their mids; the first one describes it."""
    mids = {section.first("mid") for section in sections}
    for value in session.all("group"):
        words = value.split()
        if words[:1] == ["BUNDLE"] and audio.first("mid") in words[1:]:
            return tuple(dict.fromkeys(mid for mid in words[1:] if mid in mids))
    return ()


def _transport(
    session: Section, sections: list[Section], audio: Section, bundle: tuple[str, ...]
) -> list[Section]:
    """Where the connection may be described: the sound itself, the bundle's first section, the session."""
    tagged = [section for section in sections if bundle and section.first("mid") == bundle[0]]
    return list({id(each): each for each in [audio, *tagged, session]}.values())


def _matches(sources: list[Section], name: str, pattern: re.Pattern[str]) -> list[re.Match[str]]:
    """All values of an attribute in the first of the places that has any."""
    for source in sources:
        found = [match for value in source.all(name) if (match := pattern.fullmatch(value.strip()))]
        if found:
            return found
    return []


def _need(sources: list[Section], name: str, pattern: re.Pattern[str]) -> str:
    found = _matches(sources, name, pattern)
    if not found:
        raise Malformed(f"The session description has no readable a={name}.")
    return found[0][0]


def _candidates(sources: list[Section]) -> list[Candidate]:
    values = [value for source in sources for value in source.all("candidate")]
    found = (read_candidate(value) for value in values[: 4 * _CANDIDATES])
    return list(dict.fromkeys(each for each in found if each is not None))[:_CANDIDATES]


def _inactive(section: Section, bundle: tuple[str, ...], shared: list[str]) -> str:
    """The answer to a section that nothing will be sent in."""
    mid = section.first("mid")
    bundled = mid is not None and mid in bundle
    codec = section.formats[0] if _TOKEN.fullmatch(section.formats[0]) else "0"
    lines = [
        # Outside the bundle it would need a connection of its own: there only port 0 says no.
        f"m={section.kind} {9 if bundled else 0} UDP/TLS/RTP/SAVPF {codec}",
        "c=IN IP4 0.0.0.0",
        "a=inactive",
        *([f"a=mid:{mid}"] if mid else []),
        *(f"a=rtpmap:{value}" for value in section.all("rtpmap") if value.startswith(codec + " ")),
        *(shared if bundled else []),
    ]
    return "\r\n".join([*lines, ""])
