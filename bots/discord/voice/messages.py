"""Messages of the voice gateway, version 8: those that come, as values, and those that we send, as frames.

Sources: docs.discord.com, "Voice Connections"; daveprotocol.com, "Voice Gateway Opcodes".
"""

import json
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message. `interval`: seconds between heartbeats."""

    interval: float


@dataclass(frozen=True, slots=True)
class Ready:
    """We are identified: where to send datagrams, and which modes of encryption there are."""

    ssrc: int
    address: str
    port: int
    modes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Described:
    """The session is complete. `dave`: the version of end-to-end encryption, 0 for none."""

    mode: str
    key: bytes = field(repr=False)
    dave: int


@dataclass(frozen=True, slots=True)
class Source:
    """The stream `ssrc` is `user`'s. `speaking`: whether they are shown as speaking with this message."""

    user: int
    ssrc: int
    speaking: bool


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A heartbeat arrived."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The session goes on; everything missed was sent again."""


@dataclass(frozen=True, slots=True)
class Came:
    """These people are in the channel."""

    users: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Went:
    """This person left the channel."""

    user: int


@dataclass(frozen=True, slots=True)
class PrepareTransition:
    """End-to-end encryption will change to `version` (0: none) by `transition`."""

    transition: int
    version: int


@dataclass(frozen=True, slots=True)
class ExecuteTransition:
    """Senders use what `transition` prepared."""

    transition: int


@dataclass(frozen=True, slots=True)
class PrepareEpoch:
    """A new group is founded when `epoch` is 1."""

    epoch: int
    version: int


@dataclass(frozen=True, slots=True)
class ExternalSender:
    """The voice server's own key, with which it signs proposals."""

    package: bytes


@dataclass(frozen=True, slots=True)
class Proposals:
    """Who is to be added to the group or removed; or, with `revoke`, what is taken back."""

    revoke: bool
    proposals: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit that won: members go over to the next epoch."""

    transition: int
    commit: bytes


@dataclass(frozen=True, slots=True)
class Welcome:
    """We were added to the group."""

    transition: int
    welcome: bytes


DaveMessage = (
    PrepareTransition | ExecuteTransition | PrepareEpoch | ExternalSender | Proposals | Commit | Welcome
)
Message = Hello | Ready | Described | Source | Acknowledged | Resumed | Came | Went | DaveMessage


def write(code: int, body: object) -> str:
    """A text frame: a message of ours."""
    return json.dumps({"op": code, "d": body}, separators=(",", ":"))


def identify(*, guild: int, user: int, session: str, token: str, dave: int) -> str:
    """Who we are. `dave`: the newest version of end-to-end encryption that we can do."""
    return write(
        0,
        {
            "server_id": str(guild),
            "user_id": str(user),
            "session_id": session,
            "token": token,
            "max_dave_protocol_version": dave,
        },
    )


def select(address: str, port: int, mode: str) -> str:
    """Where to send sound, and how encrypted."""
    return write(1, {"protocol": "udp", "data": {"address": address, "port": port, "mode": mode}})


def heartbeat(nonce: int, sequence: int) -> str:
    """We are alive, and have got everything up to `sequence` (-1: nothing)."""
    return write(3, {"t": nonce, "seq_ack": sequence})


def not_speaking(ssrc: int) -> str:
    """Nothing will be sent; without this message a voice server may send nothing either."""
    return write(5, {"speaking": 0, "delay": 0, "ssrc": ssrc})


def resume(*, guild: int, session: str, token: str, sequence: int) -> str:
    """Go on after what came up to `sequence`."""
    return write(7, {"server_id": str(guild), "session_id": session, "token": token, "seq_ack": sequence})


def transition_ready(transition: int) -> str:
    """We can open what is sent after `transition`."""
    return write(23, {"transition_id": transition})


def key_package(package: bytes) -> bytes:
    """Our key, with which others add us to the group."""
    return b"\x1a" + package


def commit_welcome(commit: bytes, welcome: bytes | None) -> bytes:
    """A commit to the proposals, and the welcome for those that it adds."""
    return b"\x1c" + commit + (welcome or b"")


def invalid_commit(transition: int) -> str:
    """The commit or welcome of `transition` can't be used: we are to be removed and added again."""
    return write(31, {"transition_id": transition})
