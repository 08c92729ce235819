"""FFmpeg's WHIP client as a command: ADDRESS SOUND FOLDER TOKEN active|passive."""

import datetime
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
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


def send(address: str, sound: Path, folder: Path, token: str, role: str) -> None:
    """Send a recording in real time."""
    cert_file, key_file = certificate(folder)
    options = {"authorization": token, "cert_file": str(cert_file), "key_file": str(key_file)}
    if role == "active":
        options["whip_flags"] = "dtls_active"
    with av.open(address, "w", format="whip", options=options) as out, av.open(str(sound)) as recording:
        stream = out.add_stream("libopus", rate=48_000)
        assert isinstance(stream, av.AudioStream)
        stream.codec_context.layout = "stereo"
        stream.codec_context.bit_rate = 64_000
        resampler = av.AudioResampler("s16", "stereo", 48_000, frame_size=960)
        began, sent = time.monotonic(), 0  # noqa: TID251 - FFmpeg sends as fast as it is given
        for decoded in recording.decode(audio=0):
            for frame in resampler.resample(decoded):
                frame.pts, frame.time_base = sent, Fraction(1, 48_000)
                for packet in stream.encode(frame):
                    out.mux(packet)
                sent += frame.samples
                time.sleep(max(0.0, began + sent / 48_000 - time.monotonic()))  # noqa: TID251 - as above
        for packet in stream.encode(None):
            out.mux(packet)


if __name__ == "__main__":
    send(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], sys.argv[5])
