"""discord-ext-voice-recv's receive path in the packet benchmark, in an environment of its own.

    python voice_recv_packets.py PLAN.json

Its own reader, decryption, jitter buffer, router and decoder; what it gives its sink is brought to 16 kHz
mono by `audioop`, as its own speech-recognition sink does. End-to-end encryption it does not know.
"""

import audioop
import sys
import time
from types import SimpleNamespace
from typing import Any

import packets_plan  # type: ignore[import-not-found]  # beside this file, in an environment of its own
from discord.ext.voice_recv import AudioSink  # type: ignore[import-not-found]  # only in that environment
from discord.ext.voice_recv.reader import AudioReader  # type: ignore[import-not-found]  # the same
from discord.voice_state import SocketReader

MODE = "aead_xchacha20_poly1305_rtpsize"


class Ears(AudioSink):  # type: ignore[misc]  # what it inherits is only there in that environment
    """Brings everybody's sound to 16 kHz mono."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = 0
        self._states: dict[Any, Any] = {}

    def wants_opus(self) -> bool:
        return False

    def write(self, user: Any, data: Any) -> None:
        mono = audioop.tomono(data.pcm, 2, 0.5, 0.5)
        name = getattr(user, "id", None)
        _, self._states[name] = audioop.ratecv(mono, 2, 1, 48_000, 16_000, self._states.get(name))
        self.heard += 1

    def cleanup(self) -> None:
        """Nothing to give back."""


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
        _get_id_from_ssrc=streams.get,
        dispatch=lambda *_: None,
        dispatch_sink=lambda *_: None,
        wait_until_connected=lambda *_: True,
        stop_listening=lambda: None,
        _connection=SimpleNamespace(),
    )


def main() -> None:
    plan, ears = packets_plan.plan(), Ears()
    voice = client(plan)
    reader = AudioReader(ears, voice)
    if plan["port"]:
        line = voice._connection.socket = packets_plan.dial(plan["port"])
        sockets = SocketReader(voice._connection, start_paused=False)
        meter = packets_plan.Meter(plan["count"], lambda: ears.heard)

        def take(data: bytes) -> None:
            meter.tick()
            reader.callback(data)

        voice._connection.add_socket_listener = lambda _callback: sockets.register(take)
        voice._connection.endpoint_ip, voice._connection.voice_port = "127.0.0.1", plan["port"]
        sockets.start()
        reader.start()
        line.send(b"begin")
        while not meter.done:
            time.sleep(0.1)
        meter.report()
        return

    def play(data: bytes) -> None:
        reader.callback(data)
        # What its router's thread does.
        for decoder in reader.packet_router.waiter.items:
            found = decoder.pop_data()
            if found is not None:
                ears.write(found.source, found)

    packets_plan.straight(packets_plan.datagrams(plan["packets"]), play, lambda: ears.heard)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
