"""Discord's voice servers on loopback, and the people who speak there.

    async with voice() as server:
        token, endpoint = server.expect(guild, channel, user, session)   # for VOICE_SERVER_UPDATE
        ann = server.person("Ann")
        await ann.join(channel)
        await ann.say(pcm)            # real Opus, end-to-end encrypted, at the loop's pace
        server.line(user).drop()      # 1006; drop(4015), close(4014), udp_dead = True, frame("…"), …
        server.room(channel).encryption.restart()

The rest of the fake Discord opens them by itself (`FakeDiscord.voice`). Bad days are switches in
`server.faults`, and may be changed at any time; `live()` is an ordinary day. How the other end behaves is in
the counters of `server`, of each `Line`, of each person and of each call's encryption.
"""

from tests.fakes.discord.voice.crypt import Davey, LibDave
from tests.fakes.discord.voice.faults import Faults, Media, Weather, live
from tests.fakes.discord.voice.person import Person
from tests.fakes.discord.voice.server import FakeVoice, voice

__all__ = ["Davey", "FakeVoice", "Faults", "LibDave", "Media", "Person", "Weather", "live", "voice"]
