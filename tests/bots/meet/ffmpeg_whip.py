"""FFmpeg's WHIP client as a command: ADDRESS SOUND FOLDER TOKEN active|passive."""

import datetime
import sys
import time
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate and key on P-256: the one that FFmpeg makes for itself is refused."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "whip")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    return cert_file, key_file


def encode_and_send(
    addresses: list[str], pcm: bytes, files: tuple[Path, Path], *, token: str = "token", active: bool = False
) -> None:
    """Send mono s16le of 48 kHz to every address, in real time."""
    options = {"authorization": token, "cert_file": str(files[0]), "key_file": str(files[1])}
    if active:
        options["whip_flags"] = "dtls_active"
    with ExitStack() as stack:
        outs = [stack.enter_context(av.open(each, "w", format="whip", options=options)) for each in addresses]
        streams = [out.add_stream("libopus", rate=48_000) for out in outs]
        for stream in streams:
            stream.codec_context.layout = "stereo"
            stream.codec_context.bit_rate = 64_000
        for out in outs:
            out.start_encoding()  # connects
        resampler = av.AudioResampler("s16", "stereo", 48_000)
        began, encoder = time.monotonic(), streams[0]  # noqa: TID251 - FFmpeg sends as fast as it is given
        for start in range(0, len(pcm) // 2 - 959, 960):
            frame = av.AudioFrame(format="s16", layout="mono", samples=960)
            frame.planes[0].update(pcm[2 * start : 2 * start + 1920])
            frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
            for each in resampler.resample(frame):
                for packet in encoder.encode(each):
                    send(packet, outs, streams)
            time.sleep(max(0.0, began + start / 48_000 - time.monotonic()))  # noqa: TID251 - as above
        for packet in encoder.encode(None):
            send(packet, outs, streams)


def send(
    packet: "av.Packet[av.AudioStream]", outs: list[OutputContainer], streams: list[av.AudioStream]
) -> None:
    """The same packet to all."""
    for out, stream in zip(outs, streams, strict=True):
        copy = av.Packet(bytes(packet))
        copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
        copy.duration, copy.stream = packet.duration, stream
        out.mux(copy)


def samples(sound: Path) -> bytes:
    """Any recording as mono s16le of 48 kHz."""
    resampler = av.AudioResampler("s16", "mono", 48_000)
    with av.open(str(sound)) as recording:
        pieces = [piece for frame in recording.decode(audio=0) for piece in resampler.resample(frame)]
        pieces += resampler.resample(None)
    return b"".join(bytes(piece.planes[0])[: 2 * piece.samples] for piece in pieces)


def main(address: str, sound: str, folder: str, token: str, role: str) -> None:
    files = certificate(Path(folder))
    encode_and_send([address], samples(Path(sound)), files, token=token, active=role == "active")


if __name__ == "__main__":
    main(*sys.argv[1:])
