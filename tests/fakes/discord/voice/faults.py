"""Discord's bad days in a voice call, as data. Every switch may be changed while a call runs."""

import random
from dataclasses import dataclass, field
from typing import Literal

from tests.fakes.discord.voice.rtp import GCM, XCHACHA


@dataclass(slots=True)
class Weather:
    """What befalls packets on one way. Shares of 1; the same seed brings the same weather."""

    loss: float = 0.0
    duplicated: float = 0.0
    reordered: float = 0.0
    """Held back by `late` seconds, so that others overtake."""
    late: float = 0.05
    seed: int = 5
    _dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)

    def arrivals(self) -> tuple[float, ...]:
        """When a packet sent now arrives, in seconds from now: never, once or twice."""
        if not (self.loss or self.duplicated or self.reordered):
            return (0.0,)
        lost, twice, held = (self._dice.random() for _ in range(3))
        if lost < self.loss:
            return ()
        first = self.late if held < self.reordered else 0.0
        return (first, first + 0.01) if twice < self.duplicated else (first,)


@dataclass(slots=True)
class Media:
    """How the server dresses what it relays. Shares are of relayed packets."""

    padding: float = 0.0
    """RTP padding behind the payload; live it is 3 to 15 %."""
    padding_only: float = 0.0
    """A packet of nothing but padding goes before."""
    zeros: float = 0.0
    """A packet of mostly zeros goes before, as servers named `c-…` send."""
    extension: tuple[int, ...] = (2,)
    """Words of extension elements, one of these for each packet; 0: no extension."""
    injected_silence: int = 0
    """Silent frames that the server adds by itself whenever somebody stops speaking."""
    rtcp: tuple[int, ...] = (200, 201)
    """Types of RTCP that come on the same socket, one of each with every `rtcp_every`th packet."""
    rtcp_every: int = 50


@dataclass(slots=True)
class Faults:
    """The server's manner. As it stands, all is well."""

    media: Media = field(default_factory=Media)
    downlink: Weather = field(default_factory=Weather)
    """Between the server and everybody who is connected by a socket."""

    # The gateway
    modes: tuple[str, ...] = (GCM, XCHACHA)
    silent_at: Literal["", "connect", "identify", "select", "discovery"] = ""
    """From this step on nothing is answered any more."""
    refuse_upgrade: int | None = None
    """Instead of a WebSocket there is this HTTP status (503, 429, …)."""
    refuse_identify: int | None = None
    """Every identify is closed with this code (4004, 4006, 4009, 4014, 4017, 4021, …)."""
    tokens_once: bool = False
    """A token that has identified once is closed with 4006 when it identifies again."""
    refuse_resume: int | None = None
    """Every resume is closed with this code: 4006 when the session has been forgotten."""
    deaf_to_heartbeats: bool = False
    replay_after_resumed: bool = False
    """Op 9 comes before the messages that were missed, instead of after them."""
    resume_window: float = 60.0
    """Seconds for which a dropped session is kept."""
    heartbeat: float = 13.75
    """Seconds between a client's heartbeats."""

    # Who speaks
    hide_speaking: Literal["", "present", "all"] = ""
    """Whose op 5 is not told, so that their SSRC is unknown: of whoever speaks already when a client comes,
    or of everybody."""
    never_quiet: bool = False
    """Op 5 comes with the first word of a stay only, and never to say that somebody stopped."""
    speaking_lead: float = 0.02
    """Seconds from somebody's op 5 to their first packet. At 0 the packet is mostly here first."""
    needs_speaking: bool = True
    """Nothing is relayed to a client that has not sent op 5."""
    needs_packets: int = 0
    """Nothing is relayed to a client before it has sent so many packets of audio itself."""
    udp_patience: float | None = None
    """Seconds without a datagram after which a client is silently sent nothing more."""

    # End-to-end encryption
    external_sender: Literal["before", "after"] = "after"
    """Op 25 comes before or after op 4."""
    proposals_to_pending: bool = False
    """Whoever is not let in yet gets op 27 as well."""
    alone: Literal["reset", "version 0", "nothing"] = "reset"
    """What the last member is told: a new group (op 24 and 21); no encryption (op 21) until somebody comes
    (op 24); or to go on."""
    first_transition_zero: bool = False
    """A group's first epoch is transition 0, which nobody confirms."""
    transition_timeout: float = 2.0
    """Seconds after which a transition is executed although somebody has not confirmed it."""


def live() -> Faults:
    """An ordinary day at Discord, as others have measured it."""
    return Faults(
        media=Media(
            padding=0.08, padding_only=0.02, zeros=0.01, extension=(1, 2, 3, 5), injected_silence=3,
            rtcp=(200, 201, 202, 203, 204, 205, 206),
        ),
        downlink=Weather(loss=0.01, duplicated=0.005, reordered=0.01),
    )  # fmt: skip
