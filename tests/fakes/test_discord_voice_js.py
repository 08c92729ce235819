"""A second opinion: @discordjs/voice joins the same encrypted call, hears and is heard."""

import asyncio
import base64
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.bots.discord.voice.scene import scene
from tests.fakes.discord.tls import authority
from tests.fakes.discord.voice import FakeVoice, LibDave, voice
from tests.fakes.discord.voice.encoder import frames
from tests.fakes.discord.voice.rtp import SILENCE
from tests.recordings import tone

JS = Path(__file__).parent / "discord" / "js"
HALF = tone(0.5, 48_000).tobytes()
GUILD, LOUNGE, VISITOR = 10, 20, 30
NODE = shutil.which("node") or ""

pytestmark = [
    pytest.mark.real_time,
    pytest.mark.skipif(
        not NODE or not (JS / "node_modules").is_dir(),
        reason="NO NODE CLIENT: `make test` installs it when node and npm are there",
    ),
]


class Visitor:
    """The client's process, as far as it tells what it does."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.status = ""
        self.heard: dict[int, list[bytes]] = {}
        self.facts: list[dict[str, Any]] = []

    async def listen(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            fact = json.loads(line)
            self.facts.append(fact)
            self.status = fact.get("status", self.status)
            if "from" in fact:
                self.heard.setdefault(int(fact["from"]), []).append(base64.b64decode(fact["packet"]))

    def say(self, packets: tuple[bytes, ...]) -> None:
        assert self._process.stdin
        line = json.dumps([base64.b64encode(packet).decode() for packet in packets])
        self._process.stdin.write(line.encode() + b"\n")

    def leave(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()


@asynccontextmanager
async def visiting(
    server: FakeVoice, others: list[int], folder: Path, *, guild: int = GUILD, channel: int = LOUNGE
) -> AsyncIterator[Visitor]:
    """The client, from its start to its end; it joins the lounge."""
    ca = folder / "ca.pem"
    ca.write_text(authority().pem)
    token, endpoint = server.expect(guild, channel, VISITOR, "session")
    where = {
        "endpoint": endpoint, "token": token, "guild": str(guild), "channel": str(channel),
        "user": str(VISITOR), "session": "session", "others": [str(user) for user in others],
    }  # fmt: skip
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        NODE, "--no-warnings", str(JS / "client.mjs"), json.dumps(where),
        stdin=pipe, stdout=pipe, env={"NODE_EXTRA_CA_CERTS": str(ca)}, limit=1 << 20,
    )  # fmt: skip
    visitor = Visitor(process)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(visitor.listen())
            yield visitor
            visitor.leave()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until(true: Callable[[], bool], what: str) -> None:
    """Waits for another process; long enough for the slowest machine."""
    try:
        async with asyncio.timeout(30):
            while not true():  # noqa: ASYNC110 - nothing of the other process can be waited for
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise AssertionError(f"it never happened: {what}") from error


async def test_a_client_of_another_language_hears_and_is_heard_and_resumes(tmp_path: Path) -> None:
    async with voice(host="localhost") as server:
        ann, ben = server.person("Ann"), server.person("Ben")
        ben.library = LibDave
        await ann.join(LOUNGE)
        await ben.join(LOUNGE)
        encryption = server.room(LOUNGE).encryption
        async with visiting(server, [ann.user, ben.user], tmp_path) as visitor:
            await until(lambda: encryption.epoch == 2 and encryption.settled, "it joins the group")
            visitor.say(frames(HALF))
            await until(lambda: len(ann.heard[VISITOR]) >= 25, "it speaks")
            assert list(ann.heard[VISITOR])[:25] == list(frames(HALF))
            assert ann.heard[VISITOR] == ben.heard[VISITOR]
            await ann.say(HALF)
            line = server.line(VISITOR)
            line.drop()
            await until(lambda: line.counters["resumed"] == 1, "it resumes after 1006")
            line.drop(4015)
            await until(lambda: line.counters["resumed"] == 2, "it resumes after 4015")
            await ben.say(HALF)
            said = [*frames(HALF), *[SILENCE] * 5]
            await until(lambda: len(visitor.heard.get(ben.user, [])) == 30, "it hears libdave")
            assert visitor.heard == {ann.user: said, ben.user: said}
            assert server.counters["identify"] == 1
            assert encryption.epoch == 2


async def test_our_bot_hears_all_three_implementations_in_one_call(tmp_path: Path) -> None:
    async with scene() as s:
        s.voice.host = "localhost"
        guild, lounge = s.guild.id, s.lounge.id
        ann, ben = s.guild.member("Ann"), s.guild.member("Ben")
        ben.person.library = LibDave
        await ann.join(s.lounge)
        await ben.join(s.lounge)
        line = await s.join()
        encryption = s.voice.room(lounge).encryption
        async with visiting(s.voice, [ann.id], tmp_path, guild=guild, channel=lounge) as visitor:
            await until(lambda: encryption.epoch == 3 and encryption.settled, "all four are in one group")
            visitor.say(frames(HALF))
            # It sends op 5 with its first word, and is sent nothing before.
            await until(lambda: s.voice.line(VISITOR).spoken, "it begins to speak")
            await ann.say(HALF)
            await ben.say(HALF)
            for user in (ann.id, ben.id, VISITOR):
                await until(lambda user=user: s.ears.seconds(user) >= 0.5, "the bot hears them")  # type: ignore[misc]  # bound at once
            await until(lambda: len(visitor.heard.get(ann.id, [])) == 30, "the visitor hears Ann")
        await line.disconnect(force=False)
