"""Discord over real sockets on loopback: REST, gateway and files, with the real limits, and faults as data.

async with FakeDiscord() as discord:
    guild = discord.guild("Home")
    ann, chat = guild.member("Ann", locale="de"), guild.text("general")
    ...  # an unmodified discord.Client(connector=discord.connector()) with discord.token
    answer = await ann.command("captions start", {"language": "en"}, channel=chat)
    assert answer.ephemeral
    assert chat.posted[0].edits
"""

from tests.fakes.discord.answers import Answer
from tests.fakes.discord.backend import Version
from tests.fakes.discord.faults import Fault, Hang, Http, Late, Reset, Slow
from tests.fakes.discord.limits import Limits, Window
from tests.fakes.discord.messages import Message
from tests.fakes.discord.people import Member
from tests.fakes.discord.places import Channel, Guild, Role
from tests.fakes.discord.server import FakeDiscord

__all__ = [
    "Answer",
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
