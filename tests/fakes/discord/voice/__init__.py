"""Discord's voice servers on loopback, and the people who speak there. `voice()` opens them."""

from tests.fakes.discord.voice.crypt import Davey, LibDave
from tests.fakes.discord.voice.faults import Faults, Media, Weather, live
from tests.fakes.discord.voice.person import Person
from tests.fakes.discord.voice.server import FakeVoice, voice

__all__ = ["Davey", "FakeVoice", "Faults", "LibDave", "Media", "Person", "Weather", "live", "voice"]
