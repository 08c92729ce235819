"""The doctor tells what is there, what is missing, and what to do about it."""

import datetime
import json
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner

from bots.cli import app
from bots.doctor import checks as doctor
from bots.doctor.finding import Finding
from bots.doctor.report import look
from core.audio import opus
from core.engines import models
from core.errors import EngineMissing
from core.settings import Settings

run = CliRunner(env={"COLUMNS": "160", "NO_COLOR": "1", "TERM": "dumb"}).invoke


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPOKENLY_PORT", "0")


def found(what: str, **settings: object) -> Finding:
    (finding,) = look(Settings(**settings), what)  # type: ignore[arg-type]  # as given by each test
    return finding


def certificate(folder: Path, days: float) -> tuple[Path, Path]:
    """A certificate that ends in so many days, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "captions.example")])
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(ends - datetime.timedelta(days=90))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return paths


def test_everything_is_here() -> None:
    result = run(app, ["doctor"])
    assert result.exit_code == 0
    assert "✗" not in result.stdout
    for what in (
        "Settings",
        "Python",
        "encoder_model.ort",
        "Engine",
        "Language",
        "Whisper",
        "HTTPS",
        "Recordings",
    ):
        assert what in result.stdout
    assert "Everything that is needed is here." in result.stdout


def test_json_holds_the_same_findings() -> None:
    result = run(app, ["doctor", "--json"])
    findings = json.loads(result.stdout)
    assert result.exit_code == 0
    assert {finding["state"] for finding in findings} <= {"good", "unneeded"}
    assert all(finding["what"] and finding["sentence"].endswith(".") for finding in findings)


def test_bad_settings_are_a_line_each_and_the_rest_is_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOKENLY_PORT", "eighty")
    monkeypatch.setenv("SPOKENLY_LANGUAGE", "x")
    result = run(app, ["doctor", "--json"])
    findings = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [f["sentence"].split()[0] for f in findings if f["what"] == "Settings"] == [
        "SPOKENLY_PORT",
        "SPOKENLY_LANGUAGE",
    ]
    assert "Engine" in [finding["what"] for finding in findings]


def test_a_damaged_model_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(file: models.File) -> Path:
        raise EngineMissing(f"The speech model's {file.path} is damaged: install it again.")

    monkeypatch.setattr(models, "verify", damaged)
    findings = list(look(Settings(), "Model files", "Engine"))
    missing = [finding.what for finding in findings if finding.state == "missing"]
    assert missing == [
        "silero_vad.onnx",
        "encoder_model.ort",
        "decoder_model_merged.ort",
        "tokenizer.bin",
        "Engine",
    ]
    assert all("install" in finding.sentence for finding in findings if finding.state == "missing")


def test_a_package_that_cannot_be_loaded_is_a_finding_and_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("av", "core.audio.opus"):
        monkeypatch.setitem(sys.modules, module, None)
    assert found("Recordings") == Finding(
        "Recordings", "missing", "av can't be loaded: run make setup again."
    )
    assert found("WebRTC sound").state == "missing"


def test_no_libopus_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise EngineMissing("libopus is missing.")

    monkeypatch.setattr(opus, "load", missing)
    assert found("WebRTC sound") == Finding("WebRTC sound", "missing", "libopus is missing.")


def test_a_language_that_is_not_heard_needs_another_model(tmp_path: Path) -> None:
    finding = found("Language", language="de")
    assert finding.state == "missing"
    assert "SPOKENLY_MODEL_DIR" in finding.sentence
    assert found("Language", language="en-GB").state == "good"
    other = {finding.what: finding for finding in look(Settings(language="de", model_dir=tmp_path))}
    assert other["Language"].state == "good"
    assert other["Engine"].state == "missing"
    assert "model.bin" in other["Engine"].sentence
    assert "encoder_model.ort" not in other


def test_whisper_is_needed_only_for_a_model_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for installed, directory, state in [
        (False, None, "unneeded"),
        (True, None, "unneeded"),
        (False, tmp_path, "missing"),
        (True, tmp_path, "good"),
    ]:
        monkeypatch.setattr(doctor, "find_spec", lambda _, installed=installed: installed or None)
        monkeypatch.setattr(doctor, "version", lambda _: "1.2")
        assert found("Whisper", model_dir=directory).state == state


def test_a_port_in_use_is_told() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        finding = found("Address", port=port)
    assert (finding.state, f"127.0.0.1 port {port} is in use" in finding.sentence) == ("missing", True)
    assert found("Address", port=0, host="::1").what == "Address"
    assert found("Address", host="192.0.2.1").state == "missing"


@pytest.mark.parametrize(
    ("settings", "state", "word"),
    [
        ({}, "unneeded", "Only this machine"),
        ({"host": "0.0.0.0"}, "missing", "SPOKENLY_TLS_CERT"),
        ({"host": "0.0.0.0", "public_url": "https://captions.example"}, "good", "proxy"),
        ({"public_url": "http://captions.example"}, "missing", "not https"),
        ({"tls_key": "key.pem"}, "missing", "SPOKENLY_TLS_CERT"),
        ({"tls_cert": "none.pem"}, "missing", "no file none.pem"),
    ],
)
def test_browsers_need_https_as_soon_as_others_take_part(
    settings: dict[str, object], state: str, word: str
) -> None:
    finding = found("HTTPS", **settings)
    assert finding.state == state
    assert word in finding.sentence


def test_a_certificate_is_tried_with_its_key(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, 60)
    assert found("HTTPS", tls_cert=cert, tls_key=key).state == "good"
    cert, key = certificate(tmp_path, 5)
    soon = found("HTTPS", tls_cert=cert, tls_key=key)
    assert (soon.state, "ends soon" in soon.sentence) == ("good", True)
    cert, key = certificate(tmp_path, -5)
    over = found("HTTPS", tls_cert=cert, tls_key=key)
    assert (over.state, "ended on" in over.sentence) == ("missing", True)
    other = tmp_path / "other"
    other.mkdir()
    _, stranger = certificate(other, 60)
    assert found("HTTPS", tls_cert=cert, tls_key=stranger).state == "missing"
    assert found("HTTPS", tls_cert=cert).state == "missing"
    assert (
        found("HTTPS", tls_cert=cert, tls_key=tmp_path / "none.pem").sentence
        == f"There is no file {tmp_path / 'none.pem'}."
    )
    cert.write_text("hello")
    assert found("HTTPS", tls_cert=cert, tls_key=key).state == "missing"


def test_a_folder_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def refused(**_: object) -> Iterator[None]:
        raise PermissionError(13, "Permission denied")
        yield

    monkeypatch.setattr(tempfile, "TemporaryFile", refused)
    finding = found("Folder")
    assert (finding.state, "--output" in finding.sentence) == ("unneeded", True)
