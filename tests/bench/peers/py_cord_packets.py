"""py-cord's receive path in the packet benchmark, in an environment of its own.

    python py_cord_packets.py PLAN.json

Version 2.8.1 can hear nothing as it is: its sinks lack what its router asks them for, it cuts eight bytes off
every packet whatever its extension is, and reads an extension a second time after end-to-end decryption. So
it is given a sink that has what is missing, packets without an extension and with eight bytes to cut off, and
an end-to-end decryption that costs nothing. What it gives its sink is brought to 16 kHz mono by `audioop`.
"""

import asyncio
import audioop
import sys
from types import SimpleNamespace
from typing import Any

import packets_plan  # type: ignore[import-not-found]  # beside this file, in an environment of its own
from discord.voice.receive.reader import AudioReader  # type: ignore[import-not-found]  # only in that environment
from discord.voice.state import SocketEventReader  # type: ignore[import-not-found]  # the same

MODE = "aead_xchacha20_poly1305_rtpsize"


class Ears:
    """A sink that brings everybody's sound to 16 kHz mono."""

    __sink_listeners__ = ()

    def __init__(self, client: Any) -> None:
        self.client = client
        self.heard = 0
        self._states: dict[Any, Any] = {}

    def is_opus(self) -> bool:
        return False

    def walk_children(self, *_: Any, **__: Any) -> tuple[()]:
        return ()

    def write(self, data: Any, user: Any) -> None:
        mono = audioop.tomono(data.pcm, 2, 0.5, 0.5)
        name = getattr(user, "id", user)
        _, self._states[name] = audioop.ratecv(mono, 2, 1, 48_000, 16_000, self._states.get(name))
        self.heard += 1


class Open:
    """End-to-end encryption that is none."""

    ready = True

    def decrypt(self, _user: int, _kind: Any, data: bytes) -> bytes:
        return data

    def can_passthrough(self, _user: int) -> bool:
        return False


def client(plan: dict[str, Any]) -> Any:
    """As much of a voice client as the reader looks at."""
    names = {user: SimpleNamespace(id=user) for user, _ in plan["speakers"]}
    streams = {ssrc: user for user, ssrc in plan["speakers"]}
    return SimpleNamespace(
        mode=MODE,
        secret_key=list(bytes.fromhex(plan["key"])),
        guild=SimpleNamespace(get_member=names.get),
        client=SimpleNamespace(get_user=names.get),
        _ssrc_to_id=streams,
        _dispatch_sink=lambda *_: None,
        wait_until_connected=lambda *_: True,
        stop_recording=lambda: None,
        _connection=SimpleNamespace(dave_session=Open(), ssrc_user_map=streams),
    )


async def by_socket(plan: dict[str, Any], voice: Any, reader: Any, ears: Ears) -> None:
    state = voice._connection
    line = state.socket = packets_plan.dial(plan["port"])
    state.loop, state._dispatch_task_set = asyncio.get_running_loop(), set()
    state.endpoint_ip, state.voice_port = "127.0.0.1", plan["port"]
    sockets = SocketEventReader(state, start_paused=False)
    meter = packets_plan.Meter(plan["count"], lambda: ears.heard)

    def take(data: bytes) -> None:
        meter.tick()
        reader.callback(data)

    state.add_socket_listener = lambda _callback: sockets.register(take)
    sockets.start()
    reader.start()
    line.send(b"begin")
    while not meter.done:  # noqa: ASYNC110 - it looks at the machine's clock
        # Its thread gives the loop a task for each packet without waking it up.
        await asyncio.sleep(0.02)
    meter.report()


def main() -> None:
    plan = packets_plan.plan()
    voice = client(plan)
    ears = Ears(voice)
    reader = AudioReader(ears, voice)
    if plan["port"]:
        asyncio.run(by_socket(plan, voice, reader, ears))
        return

    def play(data: bytes) -> None:
        reader.callback(data)
        # What its router's thread does.
        for decoder in reader.packet_router.waiter.items:
            found = decoder.pop_data()
            if found is not None:
                ears.write(found, found.source)

    packets_plan.straight(packets_plan.datagrams(plan["packets"]), play, lambda: ears.heard)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
