"""Discord over real sockets on loopback: REST, gateway, files and voice, with the real limits.

    async with FakeDiscord() as discord:
        guild = discord.guild("Home")
        ann, chat, lounge = guild.member("Ann", locale="de"), guild.text("general"), guild.voice("Lounge")
        ...  # an unmodified discord.Client(connector=discord.connector()) with discord.token
        answer = await ann.command("captions start", {"language": "en"}, channel=chat)
        assert answer.ephemeral
        await ann.press(chat.posted[0], "Stop")
        assert [version.content for version in chat.posted[0].versions]

People: `Member` (command, complete, menu, press, submit, post, sees, join, say, mute, camera, leave, …).
Places: `Guild`, `Channel`, `Role`, and what an administrator does to them.
Numbers: `discord.limits`, to be changed at any time. `discord.rest.latency`, `discord.gateway.heartbeat`.
Bad days: `discord.rest.faults.add(Http(503), "PATCH /channels/**", times=3)`; `discord.gateway.drop()`,
`.reconnect()`, `.invalidate()`, `.forget`, `.refuse`; `discord.rooms.silent`, `.away`, `.server_first`;
`discord.voice.faults`; `discord.revoke()`; `guild.remove_bot()`, `.disconnect_bot()`, `.move_bot()`,
`.delete(channel)`, `.outage()`; `channel.deny(None, "send_messages")`, `guild.bot(…, allow=False)`.
What happened: `discord.rest.asked`, `.invalid`, `.buckets.refused`; `channel.posted`, `.history`, `.threads`;
`message.versions`, `.files`, `.pinged`; `discord.commands()`; `discord.gateway.identified`, `.resumed`.
It follows the loop's clock, virtual or not. `tests.fakes.discord.client.running` runs a client.
"""

from tests.fakes.discord.answers import Answer
from tests.fakes.discord.backend import Version
from tests.fakes.discord.faults import Banned, Fault, Hang, Http, Late, Reset, Slow
from tests.fakes.discord.limits import Limits, Window
from tests.fakes.discord.messages import Message
from tests.fakes.discord.people import Member
from tests.fakes.discord.places import Channel, Guild, Role
from tests.fakes.discord.server import FakeDiscord

__all__ = [
    "Answer",
    "Banned",
    "Channel",
    "FakeDiscord",
    "Fault",
    "Guild",
    "Hang",
    "Http",
    "Late",
    "Limits",
    "Member",
    "Message",
    "Reset",
    "Role",
    "Slow",
    "Version",
    "Window",
]
